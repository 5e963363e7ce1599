"""The terminal prints the findings of the report, from the tables of a finished study."""

import pytest

from tme_platform.cli.findings import findings
from tme_platform.lake import Lake
from tme_platform.orchestration.run import Outcome
from tme_platform.report import FINDING_TABLES, StudyFacts
from tme_platform.report import findings as of_the_report
from tme_platform.tables import TABLES
from tme_platform.tables.response import PHENOTYPE_RESPONSE
from tme_platform.tables.signature import SIGNATURE
from tme_platform_tests.support.platform import Platform, Recorded

ANSWERS = ("YES  ", "NO  ", "CANNOT BE TOLD  ", "NOT ASKED  ")


@pytest.fixture(scope="module")
def lake(finished: tuple[Platform, Outcome, Recorded]) -> Lake:
    return finished[0].workspace.lake


@pytest.fixture(scope="module")
def lines(lake: Lake) -> list[str]:
    return findings(lake)


def test_findings_fit_on_a_screen_and_start_with_the_answers(lines: list[str]) -> None:
    assert len(lines) == 16
    assert all(line.startswith(ANSWERS) for line in lines[::2])
    assert all(line.endswith("?") for line in lines[::2])
    assert all(line.startswith(" " * 16) for line in lines[1::2])


def test_the_terminal_and_the_report_say_the_same(lines: list[str], lake: Lake) -> None:
    facts = StudyFacts("small", "Small", {}, {name: lake.read(TABLES[name]) for name in FINDING_TABLES})
    for finding, first, second in zip(of_the_report(facts), lines[::2], lines[1::2], strict=True):
        assert first.split("  ")[0] == finding.answer.upper()
        assert first.endswith(finding.question)
        assert finding.sentences[0] in second
        assert all(limit.text in second for limit in finding.limits)


def test_numbers_are_those_of_the_tables(lines: list[str], lake: Lake) -> None:
    row = lake.read(SIGNATURE).iloc[0]
    values = f"{row['oof_auc']:.2f} (95 % CI {row['oof_auc_low']:.2f} to {row['oof_auc_high']:.2f})"
    assert any(f"AUC out of fold {values} in {row['n_patients']} patients" in line for line in lines)
    response = lake.read(PHENOTYPE_RESPONSE).query("arm == 'all' and endpoint == 'objective_response'").iloc[0]
    assert any(f"{response['positive_hot']} of {response['n_hot']} hot" in line for line in lines)
    said = "simulated data, which say nothing about patients"
    assert all(said in second for first, second in zip(lines[::2], lines[1::2], strict=True) if "NOT" not in first[:3])
