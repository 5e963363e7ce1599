"""CT and PET are refused, MR is not, however negative its voxels are."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, read_series
from tme_platform.imaging.modality import check_modality
from tme_platform.radiomics import BatchOptions, ExtractionJob, ExtractionSettings, extract_many
from tme_platform_tests.support.dicom_files import write_series

SHAPE = (12, 30, 30)
FILE = Path("image.nii.gz")


def _ct(seed: int = 0) -> np.ndarray:
    """A body of soft tissue and fat in air."""
    random = np.random.default_rng(seed)
    values = random.normal(-1000, 25, SHAPE)
    values[:, 6:24, 6:24] = random.normal(40, 20, (12, 18, 18))
    values[:, 6:9, 6:24] = random.normal(-100, 15, (12, 3, 18))
    return values


def _cases() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    lung, padded = _ct(), _ct()
    lung[:, :6], lung[:, 24:], lung[..., :6], lung[..., 24:] = 40, 40, 40, 40
    lung[:, 10:18, 10:18] = random.normal(-860, 30, (12, 8, 8))
    padded[..., :10] = -3024
    return {"air": _ct(), "lung": lung, "padding": padded}


def _image(values: np.ndarray) -> sitk.Image:
    return sitk.GetImageFromArray(values.astype("float32"))


@pytest.mark.parametrize("case", ["air", "lung", "padding"])
def test_ct_without_a_header_is_recognised_by_its_air(case: str) -> None:
    with pytest.raises(ImagingError, match="Hounsfield") as refused:
        check_modality(FILE, _image(_cases()[case]))
    assert refused.value.rule == "modality_other"


@pytest.mark.parametrize("scale", [30, 200, 433, 700, 3000])
def test_the_difference_of_two_phases_is_not_taken_for_ct(scale: float) -> None:
    values = np.random.default_rng(2).laplace(20, scale, SHAPE)
    check_modality(FILE, _image(values))
    check_modality(FILE, _image(np.random.default_rng(3).normal(0, scale, SHAPE)))


def test_mr_is_read() -> None:
    check_modality(FILE, _image(np.abs(_ct() + 1000)))


@pytest.mark.parametrize("modality", ["CT", "PT"])
def test_a_dicom_series_of_another_modality_is_refused(tmp_path: Path, modality: str) -> None:
    values = np.abs(_ct() + 1000)[:4]
    write_series(tmp_path / "mr", values)
    write_series(tmp_path / "other", values, Modality=modality)
    check_modality(tmp_path / "mr", read_series(tmp_path / "mr"))
    with pytest.raises(ImagingError, match=f"other is a {modality} image, and only MR is read"):
        check_modality(tmp_path / "other", read_series(tmp_path / "other"))


def test_ct_of_a_cohort_is_a_rejected_input(tmp_path: Path) -> None:
    inside = np.zeros(SHAPE, "uint8")
    inside[3:9, 10:20, 10:20] = 1
    for name, values in {"ct": _ct(), "mr": _ct() + 1100, "mask": inside}.items():
        sitk.WriteImage(_image(values) if name != "mask" else sitk.GetImageFromArray(values), tmp_path / f"{name}.mha")
    jobs = [ExtractionJob(name, tmp_path / f"{name}.mha", tmp_path / "mask.mha") for name in ("ct", "mr")]
    few = ExtractionSettings(image_types=("Original",), bin_width=25)
    rows, failures = extract_many(jobs, few, options=BatchOptions(workers=1))
    assert rows["patient_id"].tolist() == ["mr"]
    assert failures[["patient_id", "rule"]].to_numpy().tolist() == [["ct", "modality_other"]]
    assert failures["file"].tolist() == [str(tmp_path / "ct.mha")]
