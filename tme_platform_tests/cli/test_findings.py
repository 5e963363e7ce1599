import re

import pytest

from tme_platform.cli.findings import findings
from tme_platform.orchestration.run import Outcome
from tme_platform.tables.phenotypes import PHENOTYPE_CAUTIONS, TME_PHENOTYPES
from tme_platform.tables.response import PHENOTYPE_RESPONSE
from tme_platform.tables.signature import SIGNATURE
from tme_platform_tests.support.platform import Platform, Recorded


@pytest.fixture(scope="module")
def lines(finished: tuple[Platform, Outcome, Recorded]) -> list[str]:
    return findings(finished[0].workspace.lake)


def test_findings_fit_on_a_screen_and_name_every_fitted_cohort(
    lines: list[str], finished: tuple[Platform, Outcome, Recorded]
) -> None:
    labels = finished[0].workspace.lake.read(TME_PHENOTYPES)
    fitted = labels[labels["method"] == "fit"]
    assert len(lines) < 20
    for cohort, rows in fitted.groupby("cohort"):
        hot = int((rows["phenotype"] == "hot").sum())
        assert any(line.startswith(f"{cohort}: {hot} of {len(rows)} hot") for line in lines)


def test_findings_state_response_by_arm_with_intervals(
    lines: list[str], finished: tuple[Platform, Outcome, Recorded]
) -> None:
    rows = finished[0].workspace.lake.read(PHENOTYPE_RESPONSE)
    arms = set(rows["arm"]) - {"all"}
    (line,) = [line for line in lines if "odds ratio of objective_response" in line]
    assert all(arm in line for arm in arms)
    assert re.search(r"95 % CI [\d.]+ to [\d.]+", line)
    assert "interaction p = " in line


def test_findings_end_with_the_honest_auc_and_cautions(
    lines: list[str], finished: tuple[Platform, Outcome, Recorded]
) -> None:
    lake = finished[0].workspace.lake
    row = lake.read(SIGNATURE).iloc[0]
    assert any(f"out-of-fold AUC {row['oof_auc']:.2f} (95 % CI" in line for line in lines)
    assert any("definitions of hot and cold" in line for line in lines)
    cautioned = set(lake.read(PHENOTYPE_CAUTIONS).dropna(subset=["caution"])["cohort"])
    assert cautioned
    assert all(cohort in lines[-1] for cohort in cautioned)
