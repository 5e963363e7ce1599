"""Harmonisation asked for in the study file: learned on the training side, applied to everybody it knows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cli.findings import findings
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.radiomics import HARMONISATION, HARMONISATION_EFFECT, HARMONISED_FEATURES, RADIOMIC_FEATURES
from tme_platform.tables.signature import COHORT_SPLIT, RAD_SCORES, SIGNATURE_PATIENTS
from tme_platform_tests.support.platform import Platform, open_platform
from tme_platform_tests.support.small_study import declare

FEATURES = [f"f{n}" for n in range(6)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The small study's MRI cohort, scanned on two machines of which one adds three standard deviations."""
    platform = open_platform(tmp_path_factory.mktemp("scanners"), patients=24, imaged=0)
    folder = platform.workspace.landing / "mri"
    declare(
        folder,
        roles=["signature_discovery", "signature_validation"],
        features={"file": "features.csv", "feature_set": "drawn"},
        clinical=[{"file": "clinical.csv", "patient_id": "id", "columns": {"scanner": "machine"}}],
        phenotypes={"by": "patient", "cohort": "reference"},
        split={"fraction": 0.25, "seed": 1},
    )
    table = pd.read_csv(folder / "features.csv")
    machine = np.where(np.arange(len(table)) % 2, "B", "A").astype(object)
    table.loc[machine == "B", FEATURES] += 3
    machine[0] = "only_one"
    table.to_csv(folder / "features.csv", index=False)
    pd.DataFrame({"id": table["patient_id"], "machine": machine}).to_csv(folder / "clinical.csv", index=False)
    study = Path(platform.workspace.study_name)
    study.write_text(study.read_text() + "cohorts: [reference, mri]\nharmonisation: {batch: scanner}\n")
    outcome, _ = platform.run(select="+key:rad_scores or +key:harmonisation_effect")
    assert outcome.success, outcome.failures
    return platform


def test_the_signature_reads_what_was_harmonised(platform: Platform) -> None:
    lake = platform.workspace.lake
    raw, made = (lake.read(t, "mri").set_index("patient_id") for t in (RADIOMIC_FEATURES, HARMONISED_FEATURES))
    trained = lake.read(SIGNATURE_PATIENTS).set_index("patient_id")
    pd.testing.assert_frame_equal(trained[FEATURES], made.loc[trained.index, FEATURES])
    assert not np.allclose(trained[FEATURES], raw.loc[trained.index, FEATURES])


def test_a_scanner_too_rare_to_learn_from_is_left_as_it_is(platform: Platform) -> None:
    lake = platform.workspace.lake
    raw, made = (lake.read(t, "mri").set_index("patient_id") for t in (RADIOMIC_FEATURES, HARMONISED_FEATURES))
    assert list(made.index[~made["harmonised"]]) == ["P000"]
    assert "only_one" in made.loc["P000", "note"]
    pd.testing.assert_series_equal(made.loc["P000", FEATURES], raw.loc["P000", FEATURES])
    assert lake.state(HARMONISED_FEATURES, "mri").details["unseen_batches"] == ["only_one"]


def test_scores_of_what_was_not_harmonised_are_marked(platform: Platform) -> None:
    lake = platform.workspace.lake
    scores = lake.read(RAD_SCORES, "mri").set_index("patient_id")
    assert list(scores.index[scores["caution"].notna()]) == ["P000"]
    assert "fewer than 8 training patients" in scores.loc["P000", "caution"]
    assert lake.state(RAD_SCORES, "mri").details["not_harmonised"] == 1
    assert any("1 of 24 scores are of features that were not harmonised" in line for line in findings(lake))


def test_the_scanners_lie_together_afterwards(platform: Platform) -> None:
    lake = platform.workspace.lake
    details = lake.state(HARMONISATION_EFFECT).details
    assert details["median_share_of_batch_before"] > 0.5
    assert details["median_share_of_batch_after"] < 0.1
    placed = lake.read(HARMONISATION_EFFECT)
    assert placed["stage"].value_counts().to_dict() == {"before": 23, "after": 23}
    assert set(placed["side"].dropna()) == {"discovery", "validation"}


def test_it_is_learned_on_the_training_side_alone(platform: Platform) -> None:
    lake, folder = platform.workspace.lake, platform.workspace.landing / "mri"
    learned = lake.read(HARMONISATION)
    assert set(learned["batch"]) == {"A", "B"}
    side = lake.read(COHORT_SPLIT, "mri").set_index("patient_id")["side"]
    table = pd.read_csv(folder / "features.csv")
    table.loc[table["patient_id"].map(side) == "validation", FEATURES] *= 9
    table.to_csv(folder / "features.csv", index=False)
    outcome, recorded = platform.run(select="+key:harmonised_features")
    assert outcome.success, outcome.failures
    assert ("harmonised_features", "mri") in recorded.made()
    pd.testing.assert_frame_equal(lake.read(HARMONISATION), learned)


def test_without_a_batch_nothing_is_harmonised(platform: Platform) -> None:
    assert platform.workspace.lake.read(PATIENTS, "mri")["scanner"].notna().all()
    study = Path(platform.workspace.study_name)
    study.write_text(study.read_text().replace("{batch: scanner}", "{batch: none}"))
    platform.run(select="+key:signature_patients")
    lake = platform.workspace.lake
    assert lake.read(HARMONISED_FEATURES, "mri").empty
    trained = lake.read(SIGNATURE_PATIENTS).set_index("patient_id")
    raw = lake.read(RADIOMIC_FEATURES, "mri").set_index("patient_id")
    pd.testing.assert_frame_equal(trained[FEATURES], raw.loc[trained.index, FEATURES])
