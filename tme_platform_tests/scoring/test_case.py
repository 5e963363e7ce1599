"""Scoring one new patient: agreement with the tables, warnings and refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, region_quality
from tme_platform.radiomics import BatchOptions, ExtractionJob, ExtractionSettings, extract_many, fit_combat, harmonise
from tme_platform.scoring import TRAINED_GEOMETRY, ScoringModel, score_case
from tme_platform.signature import SignatureSettings, rad_score, train_signature

EXTRACTION = ExtractionSettings(image_types=("Original",))


def write_case(
    folder: Path, name: str, radius: float, *, spacing: float = 1.0, shift: float = 0.0
) -> tuple[Path, Path]:
    """Write a noisy ball whose brightness and roughness increase with its radius."""
    z, y, x = np.mgrid[:22, :24, :24]
    distance = np.sqrt((z - 11.0) ** 2 + (y - 12.0) ** 2 + (x - 12.0) ** 2)
    random = np.random.default_rng(int(radius * 1000))
    values = random.normal(100, 10, distance.shape) + (120 + random.normal(0, 6 * radius, distance.shape)) * (
        distance < radius
    )
    paths = folder / f"{name}.nii.gz", folder / f"{name}_mask.nii.gz"
    for path, array in zip(
        paths, ((values + shift).astype(np.float32), (distance < radius).astype(np.uint8)), strict=True
    ):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((spacing,) * 3)
        sitk.WriteImage(image, str(path))
    return paths


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScoringModel, Path, pd.DataFrame]:
    """A model trained on all cases but the last, the folder of the cases, and their features as in the tables."""
    folder = tmp_path_factory.mktemp("cases")
    radii = np.linspace(3.6, 7.2, 15)
    files = [write_case(folder, f"C{number:02d}", radius) for number, radius in enumerate(radii)]
    jobs = [
        ExtractionJob(f"C{number:02d}", image, mask, row_key=str(number)) for number, (image, mask) in enumerate(files)
    ]
    rows, failures = extract_many(jobs, EXTRACTION, options=BatchOptions(workers=1))
    assert failures.empty
    features = rows.set_index("patient_id").select_dtypes("float64")
    labels = pd.Series(np.where(np.arange(15) % 3 == 0, "cold", "hot"), index=features.index)
    labels[features.index[:5]] = "cold"
    settings = SignatureSettings(
        n_repeats=1, n_splits=2, n_trees=15, search_trees=5, max_features=("sqrt",), n_top=5, permutations=1
    )
    trained = train_signature(features.iloc[:-1], labels[:-1], settings=settings, n_jobs=1)
    used = list(trained.pipeline[:-1].get_feature_names_out())
    measured = pd.DataFrame([region_quality(sitk.ReadImage(str(i)), sitk.ReadImage(str(m))) for i, m in files[:-1]])
    geometry = measured[list(TRAINED_GEOMETRY)].agg(["min", "max"]).T.rename_axis("measure").reset_index()
    scoring = ScoringModel(
        "1", trained.pipeline, trained.threshold, trained.recalibration, EXTRACTION, features.iloc[:-1][used], geometry
    )
    return scoring, folder, features


def test_held_out_case_gets_the_same_score_as_in_the_tables(model: tuple[ScoringModel, Path, pd.DataFrame]) -> None:
    scoring, folder, features = model
    case = score_case(scoring, folder / "C14.nii.gz", folder / "C14_mask.nii.gz")
    expected = rad_score(scoring.pipeline, features.iloc[[-1]]).iloc[0]
    assert case.rad_score == pytest.approx(expected, abs=1e-12)
    pd.testing.assert_series_equal(case.features, features.iloc[-1], check_names=False, rtol=1e-12)
    assert case.predicted == ("hot" if case.rad_score >= scoring.threshold else "cold")
    assert any("ml" in warning for warning in case.warnings), "the tumour is larger than all in training"


def test_training_case_has_no_warnings(model: tuple[ScoringModel, Path, pd.DataFrame]) -> None:
    scoring, folder, _ = model
    case = score_case(scoring, folder / "C07.nii.gz", folder / "C07_mask.nii.gz")
    assert (case.unlike_training, case.share_outside, case.warnings) == (False, 0.0, ())


def test_voxels_outside_training_range_are_refused(
    model: tuple[ScoringModel, Path, pd.DataFrame], tmp_path: Path
) -> None:
    image, mask = write_case(tmp_path, "coarse", 5.0, spacing=3.0)
    with pytest.raises(ImagingError, match=r"3 mm along x.*trained on 1 to 1 mm") as refused:
        score_case(model[0], image, mask)
    assert refused.value.rule == "geometry_unlike_training"
    unlimited = replace(model[0], training_geometry=None)
    assert score_case(unlimited, image, mask).share_outside > 0, "without stored geometry no image is refused"


def test_ct_without_modality_is_refused(model: tuple[ScoringModel, Path, pd.DataFrame], tmp_path: Path) -> None:
    image, mask = write_case(tmp_path, "ct", 5.0, shift=-1000.0)
    with pytest.raises(ImagingError, match="Hounsfield") as refused:
        score_case(model[0], image, mask)
    assert refused.value.rule == "modality_other"


def test_outline_of_another_image_is_refused(model: tuple[ScoringModel, Path, pd.DataFrame], tmp_path: Path) -> None:
    scoring, folder, _ = model
    _, mask = write_case(tmp_path, "far", 5.0)
    moved = sitk.ReadImage(str(mask))
    moved.SetOrigin((500.0, 0.0, 0.0))
    sitk.WriteImage(moved, str(mask))
    with pytest.raises(ImagingError, match="mm"):
        score_case(scoring, folder / "C07.nii.gz", mask)


def test_case_is_harmonised_by_its_scanner(model: tuple[ScoringModel, Path, pd.DataFrame]) -> None:
    scoring, folder, features = model
    files = folder / "C14.nii.gz", folder / "C14_mask.nii.gz"
    scanner = pd.Series(np.where(np.arange(len(features)) % 2, "A", "B"), features.index)
    combat = fit_combat(features.iloc[:-1], scanner.iloc[:-1])
    moved, done = harmonise(features, scanner, combat)
    assert done.all()
    harmonised = replace(scoring, harmonisation=combat, batch_column="scanner")
    with pytest.raises(ValueError, match=r"harmonised by scanner: name the scanner of the image \(known: A, B\)"):
        score_case(harmonised, *files)
    found = score_case(harmonised, *files, batch=scanner.iloc[-1])
    assert found.rad_score == pytest.approx(rad_score(scoring.pipeline, moved.iloc[[-1]]).iloc[0], abs=1e-12)
    assert not any("scanner" in warning for warning in found.warnings)
    unknown = score_case(harmonised, *files, batch="C")
    assert unknown.rad_score == score_case(scoring, *files).rad_score
    assert any("or none, have scanner 'C'" in warning for warning in unknown.warnings)
    assert any("the score is not comparable" in warning for warning in unknown.warnings)
