"""A cohort of DICOM, NIfTI and broken files, made on the spot; every DICOM file has a person planted in it."""

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import read_series
from tme_platform_tests.support.dicom_files import write_series, write_structure
from tme_platform_tests.support.small_study import declare

UID = "1.2.826.0.4711.20190817.5"
SPACING = (0.875, 0.875, 1.625)  # exact in single precision, in which NIfTI keeps it
_ORIGIN = (-10.0, -20.0, 30.0)
COLUMNS = ["patient_id", "image", "mask", "dicom_series", "phase", "minus", "reader", "session"]


def lesion(seed: int, gain: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Values and outline (z, y, x) of a noisy ball."""
    z, y, x = np.mgrid[-7:7, -12:12, -12:12] * np.array([1.625, 0.875, 0.875]).reshape(3, 1, 1, 1)
    distance = np.sqrt(z**2 + y**2 + x**2)
    values = np.random.default_rng(seed).normal(200, 20, distance.shape) + 150 * gain * (distance < 5)
    return values.round(), distance < 5


def _write(path: Path, values: np.ndarray, origin: tuple[float, ...] = _ORIGIN) -> Path:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(path))
    return path


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def make_cohort(folder: Path) -> None:
    """Write the cohort; patients G... are good, B... are broken."""
    declare(folder, roles=["imaging_methods"], imaging={})
    files = folder / "images"
    files.mkdir(parents=True)
    first, outline = lesion(1)
    second = first + 40 + 80 * outline
    mask = outline.astype(np.uint8)
    _write(files / "mask.nii.gz", mask)
    _write(files / "wider.nii.gz", np.roll(mask, 1, axis=2))
    for values, time in ((first, "100000"), (second, "100130")):
        write_series(files / "dynamic", values, uid="1.2.3.1", spacing=SPACING, time=time)
    _write(files / "difference.nii.gz", (second - first).astype(np.float32))
    for number, values in ((5, second), (9, first)):
        uid = UID if number == 5 else None
        write_series(files / "several" / str(number), values, uid=uid, number=number, spacing=SPACING)
    write_structure(files / "rs.dcm", read_mask_image(files / "mask.nii.gz"))
    rows: list[list[object]] = [
        ["G1_dicom", "images/dynamic", "images/mask.nii.gz", "", 1, 0, "A", 1],
        ["G1_nifti", "images/difference.nii.gz", "images/mask.nii.gz", "", "", "", "A", 1],
        ["G2_number", "images/several", "images/rs.dcm", "9", "", "", "A", 1],
        ["G3_uid", "images/several", "images/mask.nii.gz", UID, "", "", "A", 1],
        ["G3_uid", "images/several", "images/wider.nii.gz", UID, "", "", "B", 1],
        ["B_several", "images/several", "images/mask.nii.gz", "", "", "", "A", 1],
        ["B_series", "images/several", "images/mask.nii.gz", "7", "", "", "A", 1],
        ["B_phase", "images/dynamic", "images/mask.nii.gz", "", "", "", "A", 1],
        ["B_minus", "images/dynamic", "images/mask.nii.gz", "", "", 0, "A", 1],
        ["B_outside", "images/difference.nii.gz", "images/far.nii.gz", "", "", "", "A", 1],
        *_broken_files(files, first),
    ]
    _write(files / "far.nii.gz", mask, (400.0, 0.0, 0.0))
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "imaging.csv", index=False)


def _broken_files(files: Path, values: np.ndarray) -> list[list[object]]:
    plain = values.astype(np.float32)
    _half(_write(files / "cut.nii.gz", plain))
    _write(files / "nan.nii.gz", np.where(plain > plain.max() - 1, np.nan, plain).astype(np.float32))
    _write(files / "flat.nii.gz", plain * 0)
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(plain)] * 2), str(files / "four.nii.gz"))
    write_series(files / "gap", values, spacing=SPACING)[4].unlink()
    write_series(files / "colour", values, spacing=SPACING, SamplesPerPixel=3)
    names = {"B_cut": "cut.nii.gz", "B_nan": "nan.nii.gz", "B_flat": "flat.nii.gz", "B_four": "four.nii.gz"}
    names |= {"B_gap": "gap", "B_colour": "colour"}
    readers = [(patient, reader) for patient in names for reader in (("A", "B") if patient == "B_cut" else ("A",))]
    return [
        [patient, f"images/{names[patient]}", "images/mask.nii.gz", "", "", "", reader, 1]
        for patient, reader in readers
    ]


def read_mask_image(path: Path) -> sitk.Image:
    """An outline on its own grid."""
    return sitk.Cast(read_series(path), sitk.sitkUInt8)
