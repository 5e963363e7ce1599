"""From a manifest of DICOM and NIfTI to features: which series and phase, what is broken, what is tried again."""

import os
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from tme_platform.imaging import uid_digest
from tme_platform.orchestration.plan import Part
from tme_platform.orchestration.survey import survey
from tme_platform.radiomics import batch
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_ACQUISITION, IMAGE_REGIONS, READER_OVERLAP, TUMOUR_SLICE
from tme_platform.tables.radiomics import CONTROL_FEATURES, RADIOMIC_FEATURES, RING_WIDTH, RING_WIDTH_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform_tests.support.imaging_cohort import UID, make_cohort
from tme_platform_tests.support.platform import Platform
from tme_platform_tests.support.small_study import STUDY, declare

GOOD = {"G1_dicom", "G1_nifti", "G2_number", "G3_uid"}
BROKEN = {
    "B_several": "series_ambiguous",
    "B_series": "series_missing",
    "B_phase": "phase_ambiguous",
    "B_minus": "phase_missing",
    "B_outside": "geometry_mismatch",
    "B_cut": "image_truncated",
    "B_nan": "image_not_finite",
    "B_flat": "image_constant",
    "B_four": "image_not_3d",
    "B_gap": "slices_missing",
    "B_colour": "multi_component_colour",
}
ALL = (
    "+key:rejected_inputs or +key:ring_width or +key:reader_overlap or +key:image_acquisition "
    "or +key:radiomic_features or key:tumour_slice or key:control_features"
)

LATER = "+key:rejected_inputs"


def copied_long_ago(folder: Path) -> None:
    """Give all files of a folder an old time: none of them may still be being copied."""
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The cohort after its first run; tests further down change it and run it again."""
    root = tmp_path_factory.mktemp("imaging")
    make_cohort(root / "landing" / "scans")
    copied_long_ago(root / "landing" / "scans")
    declare(root / "landing" / "scans", roles=["signature_discovery"], imaging={})
    study = root / "small.yaml"
    study.write_text(STUDY.replace("perturbation_patients: 3", "perturbation_patients: 2"))
    workspace = Workspace(
        lake_root=str(root / "lake"), landing_root=str(root / "landing"), study_name=str(study), workers=1
    )
    made = Platform(workspace, dg.DagsterInstance.ephemeral())
    outcome, _ = made.run(select=ALL)
    assert outcome.success, outcome.failures
    return made


def read(platform: Platform, schema: object) -> pd.DataFrame:
    return platform.workspace.lake.read(schema, "scans")


def rejected_patients(platform: Platform) -> set[str]:
    """Patients with a row of their own; that some of them share one image is a row about none of them alone."""
    rows = read(platform, REJECTED_INPUTS)
    assert set(rows.loc[rows["patient_id"].isna(), "rule"]) <= {"same_data_twice"}
    return set(rows["patient_id"].dropna())


def details(platform: Platform, schema: object) -> dict:
    return dict(platform.workspace.lake.state(schema, "scans").details)


@pytest.mark.parametrize("patient", BROKEN)
def test_a_broken_one_is_a_named_row(platform: Platform, patient: str) -> None:
    rows = read(platform, REJECTED_INPUTS).query("patient_id == @patient")
    assert rows["rule"].tolist() == [BROKEN[patient]], "one row, also where two readers outlined the same bad image"
    assert rows["action"].tolist() == ["outline left out"]
    assert len(rows["message"].iloc[0].split()) > 5
    assert "Traceback" not in rows["message"].iloc[0]
    assert rows["file"].iloc[0].startswith(("f-", "imaging"))


def test_the_rest_is_done(platform: Platform) -> None:
    assert set(read(platform, RADIOMIC_FEATURES)["patient_id"]) == GOOD
    assert rejected_patients(platform) == set(BROKEN)


def test_a_folder_of_several_series_lists_them(platform: Platform) -> None:
    message = read(platform, REJECTED_INPUTS).set_index("patient_id").loc["B_several", "message"]
    assert "5 (MR, 14 images), 9 (MR, 14 images)" in message
    assert "dicom_series" in message


def test_dicom_and_nifti_of_one_image_give_the_same_features(platform: Platform) -> None:
    table = read(platform, RADIOMIC_FEATURES).set_index("patient_id").select_dtypes("float64")
    assert table.shape[1] > 200
    np.testing.assert_allclose(table.loc["G1_dicom"], table.loc["G1_nifti"], rtol=1e-9, atol=1e-12)


def test_the_series_is_the_one_that_was_named(platform: Platform) -> None:
    table = read(platform, IMAGING_SERIES).set_index("patient_id")
    assert table.loc["G2_number", "dicom_series"] == "9"
    assert set(table.loc["G3_uid", "dicom_series"]) == {uid_digest(UID)}
    means = read(platform, IMAGE_REGIONS).groupby("patient_id")["tumour_intensity_mean"].first()
    assert means["G3_uid"] - means["G2_number"] == pytest.approx(120, abs=5)


def test_how_the_series_were_acquired(platform: Platform) -> None:
    table = read(platform, IMAGE_ACQUISITION).set_index("patient_id")
    dicom, file = table.loc["G1_dicom"], table.loc["G1_nifti"]
    assert (dicom["manufacturer"], dicom["model"], dicom["field_strength_t"]) == ("ACME", "Magneto", 3)
    assert (dicom["repetition_time_ms"], dicom["echo_time_ms"], dicom["flip_angle_deg"]) == (5.2, 2.4, 12)
    for row in (dicom, file):
        assert row[["spacing_x_mm", "slice_thickness_mm"]].tolist() == pytest.approx([0.875, 1.625])
    assert pd.isna(file["manufacturer"])


def test_readers_are_compared(platform: Platform) -> None:
    (pair,) = read(platform, READER_OVERLAP).to_dict("records")
    assert (pair["patient_id"], pair["reader_a"], pair["reader_b"]) == ("G3_uid", "A", "B")
    assert 0.7 < pair["dice"] < 1
    assert pair["hausdorff_mm"] == pytest.approx(0.875)


def test_the_ring_at_several_widths(platform: Platform) -> None:
    rows = read(platform, RING_WIDTH_FEATURES)
    assert rows["patient_id"].nunique() == 2
    volume = read(platform, RING_WIDTH).query("feature == 'ring_original_shape_VoxelVolume'").set_index("width_mm")
    assert volume.loc[1.0, "median"] < volume.loc[3.0, "median"]
    assert volume.loc[1.0, "median_change"] < 0 < volume.loc[3.0, "median_change"]


def test_discovery_patients_have_shuffled_controls(platform: Platform) -> None:
    controls = read(platform, CONTROL_FEATURES).set_index("patient_id")
    real = read(platform, RADIOMIC_FEATURES).query("reader == 'A'").set_index("patient_id").loc[controls.index]
    assert set(controls.index) == GOOD
    assert controls["feature_set"].equals(real["feature_set"])
    names = controls.select_dtypes("float64").columns
    moved = ~np.isclose(controls[names], real[names], rtol=1e-9, atol=1e-9).all(axis=0)
    families = pd.Series(moved, names.str.split("_").str[2]).groupby(level=0).mean()
    assert (families[["shape", "firstorder"]] == 0).all()
    assert (families[["glcm", "glrlm", "glszm", "gldm", "ngtdm"]] > 0.5).all()


def test_a_slice_is_kept_for_the_figure_and_names_nobody(platform: Platform) -> None:
    regions = read(platform, IMAGE_REGIONS).drop_duplicates("patient_id")
    lines = read(platform, TUMOUR_SLICE)
    middle = sorted(regions["volume_ml"])[(len(regions) - 1) // 2]
    assert (lines["volume_ml"].unique().tolist(), lines["outlines"].unique().tolist()) == ([middle], [len(GOOD)])
    shown = np.array([line.split() for line in lines["intensities"]], dtype=float)
    inside = np.array([list(line) for line in lines["tumour"]]) == "1"
    assert shown.shape == inside.shape
    assert shown[inside].mean() > shown[~inside].mean() + 50, "the tumour is where the image is bright"
    assert not any(patient in lines.to_csv() for patient in (*GOOD, *BROKEN))


def test_another_phase_is_one_extraction(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tme_platform.steps.imaging.slice_lines", None)  # not called: another outline
    path = platform.workspace.landing / "scans" / "imaging.csv"
    path.write_text(path.read_text().replace(",1,0,A", ",0,,A"))
    outcome, _ = platform.run(select=f"{LATER} or key:tumour_slice")
    assert outcome.success, outcome.failures
    kept = platform.workspace.lake.state(TUMOUR_SLICE, "scans").changes
    assert kept["unchanged"] == len(read(platform, TUMOUR_SLICE)), "the slice is as it was"
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "scans")
    assert (state.details["extracted_now"], state.changes["changed"]) == (1, 1)
    assert details(platform, IMAGE_REGIONS)["measured_now"] == 1, "what failed before is not tried again"
    assert rejected_patients(platform) == set(BROKEN), "nor is it forgotten"


def test_a_transient_failure_is_retried_by_the_next_run(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = platform.workspace.landing / "scans"
    with (folder / "imaging.csv").open("a") as manifest:
        manifest.write("G4_later,images/difference.nii.gz,images/wider.nii.gz,,,,A,1\n")
    measure = batch.region_quality

    def out_of_luck(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(batch, "region_quality", out_of_luck)
    platform.run(select=LATER)
    rejected = read(platform, REJECTED_INPUTS).set_index("patient_id")
    assert rejected.loc["G4_later", "rule"] == "extraction_failed"
    assert set(read(platform, IMAGE_REGIONS)["patient_id"]) == GOOD
    monkeypatch.setattr(batch, "region_quality", measure)
    outcome, _ = platform.run(select=LATER)
    assert outcome.success, outcome.failures
    state = platform.workspace.lake.state(IMAGE_REGIONS, "scans")
    assert state.reason == "1 transient failure(s), retried"
    assert state.details["measured_now"] == 1
    assert "G4_later" in set(read(platform, RADIOMIC_FEATURES)["patient_id"])
    assert "G4_later" not in set(read(platform, REJECTED_INPUTS)["patient_id"])
    assert platform.run(select=LATER)[1].made() == []


def test_a_truncated_file_that_changed_lately_is_looked_at_again(platform: Platform) -> None:
    folder = platform.workspace.landing / "scans"
    image, mask = folder / "images" / "grows.nii.gz", "images/wider.nii.gz"
    whole = (folder / "images" / "difference.nii.gz").read_bytes() + b"\0"  # the same voxels, other data
    image.write_bytes(whole[: len(whole) // 2])
    with (folder / "imaging.csv").open("a") as manifest:
        manifest.write(f"G5_grows,images/grows.nii.gz,{mask},,,,A,1\n")
    platform.run(select=LATER)
    found = read(platform, REJECTED_INPUTS).set_index("patient_id").loc["G5_grows"]
    assert found["rule"] == "incomplete_so_far"
    assert "is truncated" in found["message"]
    assert "tried again at the next run" in found["message"]
    stale = survey(platform.workspace, platform.instance).state[Part(IMAGE_REGIONS.name, "scans")]
    assert stale.reason == "1 transient failure(s), retried", "the sensor asks for it again"

    image.write_bytes(whole)
    assert platform.run(select=LATER)[0].success
    assert "G5_grows" in set(read(platform, RADIOMIC_FEATURES)["patient_id"])
    assert "G5_grows" not in set(read(platform, REJECTED_INPUTS)["patient_id"])

    image.write_bytes(whole[: len(whole) // 2])
    platform.run(select=LATER)
    os.utime(image, (1e9, 1e9))
    platform.run(select=LATER)
    found = read(platform, REJECTED_INPUTS).set_index("patient_id").loc["G5_grows"]
    assert found["rule"] == "image_truncated", "nobody copies it any more"
    assert platform.run(select=LATER)[1].made() == []
    image.write_bytes(whole)
    assert platform.run(select=LATER)[0].success


def test_only_what_failed_is_tried_again_on_request(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    read_one = batch.read_job

    def noting(job: batch.ExtractionJob) -> object:
        tried.append(job.patient_id)
        return read_one(job)

    monkeypatch.setattr(batch, "read_job", noting)
    outcome, recorded = platform.run(select=LATER, refresh="failed")
    assert outcome.success, outcome.failures
    assert set(tried) == set(BROKEN) - {"B_minus"}, "what the manifest itself forbids has no row to try"
    assert recorded.made() == [], "they fail as before, so nothing changes"
    assert rejected_patients(platform) == set(BROKEN)
