"""Response by phenotype, population and arm; a trial without images is a full member of a study."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import check_cohort
from tme_platform.orchestration.run import Outcome
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.built import build, read
from tme_platform_tests.support.platform import Platform, Recorded
from tme_platform_tests.support.small_study import declare, make_study

PATIENTS = 60


def make_trial(folder: Path, **fields: object) -> None:
    """A randomised trial with finished cell scores and no images; immune-rich tumours respond to anti-PD-1 only."""
    random = np.random.default_rng(3)
    reference = folder.parent / "reference"
    names = [f"T{number:03d}" for number in range(PATIENTS)]
    hot, treated = np.arange(PATIENTS) % 2 == 0, np.arange(PATIENTS) % 4 < 2
    populations = list(pd.read_csv(reference / "groups.tsv", sep="\t")["population"])
    scores = pd.DataFrame(random.normal(0, 0.5, (PATIENTS, len(populations))), columns=populations)
    scores.loc[hot, ["CD8 T cells", "B cells", "NK cells"]] += 2
    scores.loc[~hot, ["Fibroblasts", "Endothelium"]] += 2
    turn = np.arange(PATIENTS) // 4
    responds = np.where(hot & treated, turn % 5 != 0, turn % 3 == 0)  # 12 of 15, and 5 of 15
    clinical = pd.DataFrame(
        {
            "patient_id": names,
            "arm": np.where(treated, "anti-PD-1", "chemotherapy"),
            "recist": np.where(responds, "PR", np.where(np.arange(PATIENTS) % 3 == 0, "PD", "SD")),
            "os_days": random.integers(50, 900, PATIENTS) + 600 * responds,
            "os_event": random.integers(0, 2, PATIENTS),
            "cd8_percent": np.where(hot, 35, 5) + random.integers(-3, 4, PATIENTS),
        }
    )
    declare(
        folder,
        roles=["immunotherapy", "immune_phenotype"],
        clinical=[
            {
                "file": "clinical.csv",
                "patient_id": "patient_id",
                "columns": {name: name for name in clinical.columns if name != "patient_id"},
            }
        ],
        cell_scores={"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        phenotypes={"by": "model", "cohort": "reference"},
        **fields,
    )
    clinical.to_csv(folder / "clinical.csv", index=False)
    scores.assign(patient_id=names).to_csv(folder / "scores.tsv", sep="\t", index=False)
    shutil.copy(reference / "groups.tsv", folder / "groups.tsv")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A study of the reference cohort and a trial, in which nobody has images."""
    workspace = make_study(tmp_path_factory.mktemp("trial"), imaged=0)
    for name in ("mri", "rna"):
        shutil.rmtree(workspace.landing / name)
    make_trial(workspace.landing / "trial", control_arm="chemotherapy")
    build(workspace, tables=TABLES)
    return workspace


def rows(trial: Workspace, table: str, cohort: str | None = "trial") -> pd.DataFrame:
    return read(trial, table, cohort)


def test_a_trial_without_images_is_ready_and_every_table_is_built(trial: Workspace) -> None:
    report = check_cohort(trial.landing / "trial")
    assert report.ok, report.problems
    for schema in TABLES.values():
        assert set(trial.lake.states(schema)) == ({"reference", "trial"} if schema.per_cohort else {None}), schema.name
    assert rows(trial, "rejected_inputs").empty
    for name in ("survival_tests", "population_survival", "phenotype_characteristics", "phenotype_response"):
        assert len(rows(trial, name)), name


def test_response_by_phenotype_and_arm(trial: Workspace) -> None:
    found = rows(trial, "phenotype_response").set_index(["endpoint", "arm"])
    assert {"objective_response", "disease_control", "inflamed"} <= set(found.index.get_level_values(0))
    response = found.loc["objective_response"]
    assert list(response.index) == ["all", "anti-PD-1", "chemotherapy"]
    assert (response.loc["all", "n_hot"], response.loc["all", "n_cold"]) == (30, 30)
    for column in ("n", "n_hot", "positive_hot", "positive_cold"):
        assert response.loc["all", column] == response.loc[["anti-PD-1", "chemotherapy"], column].sum()
    assert tuple(response.loc["anti-PD-1", ["positive_hot", "positive_cold"]]) == (12, 5)
    assert response.loc["anti-PD-1", "odds_ratio"] > 3
    assert response.loc["anti-PD-1", "p"] < 0.05 < response.loc["chemotherapy", "p"]
    assert (response["share_hot_low"] < response["share_hot"]).all()
    # every hot tumour is inflamed and no cold one: the estimate is infinite, the lower limit is not
    inflamed = found.loc[("inflamed", "all")]
    assert pd.isna(inflamed["odds_ratio"])
    assert inflamed["ci_low"] > 10
    assert "one finite limit" in inflamed["reason"]


def test_response_by_population_and_arm(trial: Workspace) -> None:
    found = rows(trial, "population_response").set_index(["endpoint", "arm", "population"])
    cd8 = found.xs("CD8 T cells", level="population").loc["objective_response"]
    assert cd8.loc["anti-PD-1", "odds_ratio"] > 1.5
    assert cd8.loc["anti-PD-1", "p"] < 0.05 < cd8.loc["chemotherapy", "p"]
    assert cd8.loc["anti-PD-1", "auc_low"] < 0.7 < cd8.loc["anti-PD-1", "auc"]
    assert (found["fdr"].dropna() >= found["p"].dropna() - 1e-12).all()
    separated = found.loc[("inflamed", "all", "CD8 T cells")]
    assert pd.isna(separated["odds_ratio"]) == ("separated" in str(separated["reason"]))


def test_interaction_with_the_declared_control_arm(trial: Workspace) -> None:
    found = rows(trial, "treatment_interaction").set_index(["endpoint", "predictor"])
    assert (found["arm"] == "anti-PD-1").all()
    assert (found["reference_arm"] == "chemotherapy").all()
    hot = found.loc[("objective_response", "hot")]
    assert hot["measure"] == "ratio of odds ratios"
    assert hot["ratio"] > 2
    assert hot["n"] == PATIENTS
    survival = found.loc[("os", "CD8 T cells")]
    assert (survival["measure"], survival["df"]) == ("ratio of hazard ratios", 1)
    assert "rad_score" not in found.index.get_level_values("predictor")


def test_without_a_declared_control_arm_nothing_is_guessed(trial: Workspace) -> None:
    found = rows(trial, "treatment_interaction", "reference")
    assert set(found["arm"]) == {"all"}
    assert found["ratio"].isna().all()
    assert found["reason"].str.contains("no control arm is declared").any()
    assert found["p"].notna().any()


def test_the_rad_score_takes_arm_and_outcome_from_where_the_phenotypes_come_from(
    finished: tuple[Platform, Outcome, Recorded],
) -> None:
    found = finished[0].workspace.lake.read(TABLES["treatment_interaction"], "mri")
    assert set(found["predictor"]) == {"rad_score"}
    assert {"objective_response", "os"} <= set(found["endpoint"])
    assert (found["n"] > 30).all()


def test_table_one_across_cohorts(trial: Workspace) -> None:
    found = rows(trial, "cohort_table_one", None)
    age = found[found["variable"] == "age_years"].set_index("cohort")
    assert (age.loc["reference", "n"], age.loc["trial", "n"], age.loc["trial", "n_missing"]) == (40, 0, PATIENTS)
    assert age.loc["reference", "reason"] == "fewer than two groups have values"
    recist = found[found["variable"] == "recist"]
    assert recist["p"].notna().all()
    assert recist.groupby("cohort")["share"].sum().tolist() == pytest.approx([1, 1])
    assert not set(found["variable"]) & {"os_days", "os_event", "arm", "site"}


def test_the_report_has_the_section(trial: Workspace) -> None:
    numbers = rows(trial, "study_report", None)
    section = numbers[numbers["number"].str.startswith("response.trial")]
    assert {"odds_ratio_hot", "populations_with_response"} <= set(section["measure"])
