"""Two image series per patient, one of them outlined by two readers: the signature uses the series that is named."""

import shutil
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.cohorts import check_cohort
from tme_platform.tables.imaging import IMAGE_REGIONS, READER_OVERLAP
from tme_platform.tables.radiomics import (
    AGREED_FEATURES,
    FEATURE_AGREEMENT,
    PERTURBED_FEATURES,
    RADIOMIC_FEATURES,
    RING_WIDTH_FEATURES,
)
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform.tables.signature import RAD_SCORES, SIGNATURE_PATIENTS
from tme_platform_tests.support.platform import Platform
from tme_platform_tests.support.small_study import declare, make_study

PATIENTS = [f"P{number:03d}" for number in range(9)]
SELECT = "+key:rad_scores or +key:rejected_inputs or +key:reader_overlap or +key:ring_width_features"


def _scans(folder: Path, series: str | None) -> None:
    imaging = {} if series is None else {"series": series}
    declare(
        folder,
        roles=["signature_discovery"],
        imaging=imaging,
        phenotypes={"by": "patient", "cohort": "reference"},
    )


def _image(path: Path, values: np.ndarray, spacing_mm: float) -> str:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((spacing_mm, spacing_mm, 1.0))
    sitk.WriteImage(image, str(path))
    return f"images/{path.name}"


def _write(folder: Path) -> None:
    """Each patient has `dce`, outlined by readers A and B, and `t2` (other voxels), outlined by A; P008 has only t2."""
    random = np.random.default_rng(3)
    (folder / "images").mkdir(parents=True)
    z, y, x = np.mgrid[:16, :20, :20] - np.array([8.0, 10.0, 10.0]).reshape(3, 1, 1, 1)
    distance, rows = np.sqrt(z**2 + y**2 + x**2), []
    for name in PATIENTS:
        for series, spacing_mm, readers in (("dce", 1.0, {"A": 5.0, "B": 5.6}), ("t2", 1.25, {"A": 5.3})):
            if (name, series) == ("P008", "dce"):
                continue
            radius = random.uniform(0, 0.9)
            values = random.normal(100, 15, distance.shape) + random.uniform(80, 160) * (distance < 5 + radius)
            image = _image(folder / "images" / f"{name}_{series}.nii.gz", values.astype(np.float32), spacing_mm)
            for reader, own in readers.items():
                outline = (distance < own + radius).astype(np.uint8)
                mask = _image(folder / "images" / f"{name}_{series}_{reader}.nii.gz", outline, spacing_mm)
                rows.append({"patient_id": name, "series": series, "image": image, "mask": mask, "reader": reader})
    pd.DataFrame(rows).to_csv(folder / "imaging.csv", index=False)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    root = tmp_path_factory.mktemp("series")
    workspace = make_study(root, patients=len(PATIENTS), imaged=0)
    for other in ("mri", "rna"):
        shutil.rmtree(workspace.landing / other)
    _write(workspace.landing / "scans")
    _scans(workspace.landing / "scans", None)
    return Platform(workspace, dg.DagsterInstance.ephemeral())


@pytest.fixture(scope="module")
def named(platform: Platform) -> Platform:
    _scans(platform.workspace.landing / "scans", "dce")
    outcome, _ = platform.run(select=SELECT)
    assert outcome.success, outcome.failures
    return platform


def read(platform: Platform, schema: object) -> pd.DataFrame:
    return platform.workspace.lake.read(schema, "scans")


def test_several_series_of_which_none_is_named_are_refused(platform: Platform) -> None:
    problem = (
        "8 of 9 patients have several image series (dce, t2), and none is named for the signature. "
        "Write `imaging: {series: NAME}` in cohort.yaml, with one of these names."
    )
    assert check_cohort(platform.workspace.landing / "scans").problems == (problem,)
    outcome, _ = platform.run(cohorts=["scans"], select="+key:imaging_series")
    assert not outcome.success
    assert any(problem in str(failure) for failure in outcome.failures)


def test_the_signature_uses_the_named_series(named: Platform) -> None:
    features = read(named, RADIOMIC_FEATURES)
    assert features.groupby("series")["patient_id"].nunique().to_dict() == {"dce": 8, "t2": 9}
    own = features.query("series == 'dce' and reader == 'A'").set_index("patient_id").sort_index()
    used = named.workspace.lake.read(SIGNATURE_PATIENTS).set_index("patient_id").sort_index()
    names = [name for name in used.columns if name.startswith(("tumour_", "ring_"))]
    assert len(names) > 200
    pd.testing.assert_frame_equal(used[names], own[names], check_index_type=False, check_names=False)
    assert sorted(read(named, RAD_SCORES)["patient_id"]) == PATIENTS[:-1]


def test_a_patient_without_the_named_series_is_a_row(named: Platform) -> None:
    rows = read(named, REJECTED_INPUTS)
    assert rows[["patient_id", "rule"]].to_numpy().tolist() == [["P008", "signature_series_missing"]]


def test_agreement_and_perturbation_are_per_series(named: Platform) -> None:
    found = read(named, FEATURE_AGREEMENT).groupby("series")["kind"].unique().map(set)
    assert found["dce"] == {"reader"}
    assert found["t2"] == {f"perturbation:{kind}" for kind in ("contour", "position", "noise", "field_of_view")}
    assert set(read(named, PERTURBED_FEATURES)["series"]) == {"t2"}
    assert set(read(named, READER_OVERLAP)["series"]) == {"dce"}
    evidence = named.workspace.lake.read(AGREED_FEATURES)["evidence"]
    assert set(evidence) == {"reader"}, "t2, which the signature does not use, is no evidence"


def test_what_stands_for_the_cohort_is_of_the_named_series(named: Platform) -> None:
    assert set(read(named, RING_WIDTH_FEATURES)["series"]) == {"dce"}
    from tme_platform.tracking.scoring_model import load_scoring_model, open_tracker

    model = load_scoring_model(open_tracker(named.workspace.state, named.workspace.tracking_uri), "challenger")
    assert model.training_geometry is not None
    limits = model.training_geometry.set_index("measure").loc["spacing_x_mm"]
    assert (limits["min"], limits["max"]) == (1.0, 1.0)
    assert set(read(named, IMAGE_REGIONS)["spacing_x_mm"]) == {1.0, 1.25}


def test_naming_another_series_extracts_nothing(named: Platform) -> None:
    _scans(named.workspace.landing / "scans", "t2")
    outcome, recorded = named.run(select=SELECT)
    assert outcome.success, outcome.failures
    assert ("signature_patients", None) in recorded.made()
    assert not {("radiomic_features", "scans"), ("feature_agreement", "scans")} & set(recorded.made())
    assert sorted(read(named, RAD_SCORES)["patient_id"]) == PATIENTS
    evidence = named.workspace.lake.read(AGREED_FEATURES)["evidence"]
    assert evidence.str.startswith("perturbation").all()
