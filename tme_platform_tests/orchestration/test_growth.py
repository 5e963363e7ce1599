"""What a second run does: nothing where nothing changed, and only what hangs on what did."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.lake.tables import COHORT_SPLIT, RADIOMIC_FEATURES, REJECTED_INPUTS, TME_PHENOTYPES
from tme_platform_tests.orchestration.conftest import Platform, open_platform
from tme_platform_tests.small_study import write_image


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A small study that has run; each test changes it and runs it again."""
    platform = open_platform(tmp_path_factory.mktemp("growth"))
    outcome, _ = platform.run()
    assert outcome.success, outcome.failures
    return platform


def landing(platform: Platform, cohort: str) -> Path:
    return platform.workspace.landing / cohort


def test_nothing_changed_computes_nothing(platform: Platform) -> None:
    before = platform.workspace.tracker.versions()
    outcome, recorded = platform.run()
    assert outcome.success
    assert recorded.made() == []
    assert outcome.runs == 0
    assert platform.workspace.tracker.versions() == before


def test_a_patient_more_is_one_extraction(platform: Platform) -> None:
    folder = landing(platform, "images")
    write_image(folder, "I900", np.random.default_rng(9), radius=5)
    with (folder / "imaging.csv").open("a") as manifest:
        manifest.write("I900,images/I900.nii.gz,images/I900_mask.nii.gz\n")
    before = platform.workspace.lake.read(RADIOMIC_FEATURES, "images").set_index("patient_id")
    outcome, recorded = platform.run()
    assert outcome.success, outcome.failures
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.details["extracted_now"] == 1
    assert state.changes == {"new": 1, "changed": 0, "unchanged": 3, "removed": 0}
    assert "table:imaging_series/images" in state.reason
    after = platform.workspace.lake.read(RADIOMIC_FEATURES, "images").set_index("patient_id")
    pd.testing.assert_frame_equal(after.loc[before.index], before)
    assert {cohort for _, cohort in recorded.made() if cohort} == {"images"}, "no other cohort has anything to do"


def test_an_edited_mask_is_one_extraction(platform: Platform) -> None:
    folder = landing(platform, "images")
    write_image(folder, "I001", np.random.default_rng(1), radius=4)
    platform.run()
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.details["extracted_now"] == 1
    assert state.changes["changed"] == 1


def test_an_edited_clinical_value_reaches_what_reads_it(platform: Platform) -> None:
    path = landing(platform, "reference") / "clinical.csv"
    clinical = pd.read_csv(path)
    clinical.loc[0, "days"] += 1000
    clinical.to_csv(path, index=False)
    outcome, recorded = platform.run()
    assert outcome.success
    made = {asset for asset, cohort in recorded.made() if cohort == "reference"}
    assert {"cohort_files", "patients", "survival_curves", "survival_tests", "population_survival"} <= made
    assert not made & {"cell_scores", "cluster_evidence", "phenotype_model", "radiomic_features"}
    assert "signature" not in {asset for asset, _ in recorded.made()}


def test_growing_keeps_everybody_on_their_side(platform: Platform) -> None:
    lake = platform.workspace.lake
    before = lake.read(COHORT_SPLIT, "mri").set_index("patient_id")["side"]
    labels = lake.read(TME_PHENOTYPES, "reference").set_index("patient_id")["phenotype"]
    for cohort, file, separator in (("mri", "features.csv", ","), ("reference", "scores.tsv", "\t")):
        path = landing(platform, cohort) / file
        table = pd.read_csv(path, sep=separator)
        grown = pd.concat([table, table.head(10).assign(patient_id=[f"N{n:03d}" for n in range(10)])])
        grown.to_csv(path, sep=separator, index=False)
    outcome, _ = platform.run()
    assert outcome.success, outcome.failures
    after = lake.read(COHORT_SPLIT, "mri").set_index("patient_id")["side"]
    pd.testing.assert_series_equal(after.loc[before.index], before)
    assert len(after) == len(before) + 10
    assert lake.state(TME_PHENOTYPES, "reference").details["patients_moved"] == 0
    pd.testing.assert_series_equal(
        lake.read(TME_PHENOTYPES, "reference").set_index("patient_id")["phenotype"].loc[labels.index], labels
    )
    assert len(platform.workspace.tracker.versions()) == 2, "another training table is another model"


def test_a_setting_is_a_reason(platform: Platform) -> None:
    path = Path(platform.workspace.study_name)
    path.write_text(path.read_text().replace("image_types: [Original]", "image_types: [Original], bin_width: 10"))
    platform.run(cohorts=["images"], select="radiomic_features")
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.reason == "changed: setting:ExtractionSettings"
    assert state.details["extracted_now"] == 4


def test_everything_anew_moves_nobody_either(platform: Platform) -> None:
    before = platform.workspace.lake.read(COHORT_SPLIT, "mri")
    outcome, _ = platform.run(cohorts=["mri"], select="cohort_split", refresh="all")
    assert outcome.success
    assert outcome.runs == 1
    pd.testing.assert_frame_equal(platform.workspace.lake.read(COHORT_SPLIT, "mri"), before)


def test_a_bad_image_is_rejected_and_the_others_go_on(platform: Platform) -> None:
    folder = landing(platform, "images")
    (folder / "images" / "I002.nii.gz").write_bytes(b"not an image")
    outcome, _ = platform.run(cohorts=["images"])
    assert outcome.success, outcome.failures
    rejected = platform.workspace.lake.read(REJECTED_INPUTS, "images")
    row = rejected[rejected["patient_id"] == "I002"].iloc[0]
    assert row["file"] == "images/I002.nii.gz"
    assert row["action"] == "outline left out"
    assert row["step"] == "image_regions"
    assert len(row["message"]) > 20
    assert set(platform.workspace.lake.read(RADIOMIC_FEATURES, "images")["patient_id"]) == {"I000", "I001", "I900"}


def test_a_cohort_file_that_breaks_fails_its_cohort_and_loses_nothing(platform: Platform) -> None:
    platform.run()
    path = landing(platform, "images") / "cohort.yaml"
    whole = path.read_text()
    path.write_text("title: [")
    rows = len(platform.workspace.lake.read(RADIOMIC_FEATURES, "images"))
    outcome, recorded = platform.run()
    assert [(failure.asset, failure.cohort) for failure in outcome.failures] == [("cohorts", "images")]
    assert "cohort.yaml" in outcome.failures[0].message
    assert recorded.made() == [], "the other cohorts, and the tables of all cohorts, are as they were"
    assert len(platform.workspace.lake.read(RADIOMIC_FEATURES, "images")) == rows
    path.write_text(whole)
    assert platform.run()[0].success


def test_a_new_cohort_with_a_broken_file_has_not_landed(platform: Platform) -> None:
    folder = landing(platform, "later")
    folder.mkdir()
    (folder / "cohort.yaml").write_text("titel: mistyped")
    outcome, recorded = platform.run()
    assert [(failure.asset, failure.cohort) for failure in outcome.failures] == [("cohorts", "later")]
    assert recorded.made() == []
    (folder / "cohort.yaml").unlink()
