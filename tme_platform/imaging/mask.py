"""Reading one outline as a binary mask on the grid of its image. Regions round it are made in ``regions``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.dicom_seg import read_segment
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import onto_grid
from tme_platform.imaging.rtstruct import read_contour

_LARGEST_LABEL = 2**31 - 1


def read_mask(path: str | Path, reference: sitk.Image, label: int | None = None) -> sitk.Image:
    """Read an outline and bring it onto the grid of its image.

    Parameters
    ----------
    path
        A label map (NIfTI, NRRD, MetaImage), a DICOM-SEG or an RTSTRUCT (``.dcm``, or a folder with one
        ``.dcm``).
    reference
        The image that was outlined.
    label
        The label, segment number or structure number to use. None takes the only one there is.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 inside and 0 outside, with exactly the geometry of ``reference``. Metadata ``geometry_note`` and
        ``geometry_mismatch_mm`` say what was reconciled, if anything was.

    Raises
    ------
    ImagingError
        With ``.rule`` one of ``mask_missing``, ``mask_format_unknown``, ``mask_unreadable``, ``mask_truncated``,
        ``mask_not_3d``, ``mask_too_large``, ``mask_complex``, ``mask_not_labels``, ``mask_empty``,
        ``mask_label_missing``, ``mask_label_ambiguous``, ``geometry_mismatch``, ``mask_outside_image``.
    """
    path = Path(path)
    if path.is_dir():
        path = _only_outline(path)
    if path.suffix.lower() == ".dcm":
        return _from_dicom(path, reference, label)
    labels = read_volume(path, "mask")
    return onto_grid(_select(labels, label, path.name), reference, path.name)


def _only_outline(folder: Path) -> Path:
    root = folder.resolve()  # links that lead out are no part of what landed
    files = sorted(path for path in folder.glob("*.dcm") if path.resolve().is_relative_to(root))
    if len(files) != 1:
        raise ImagingError(
            "mask_missing", f"{folder.name} is a folder with {len(files)} DICOM files; name the one with the outline."
        )
    return files[0]


def _from_dicom(path: Path, reference: sitk.Image, label: int | None) -> sitk.Image:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    if not path.exists():
        raise ImagingError("mask_missing", f"{path.name} is not there; correct the path in imaging.csv.")
    try:
        modality = dcmread(path, stop_before_pixels=True, specific_tags=["Modality"]).get("Modality")
    except (InvalidDicomError, OSError, EOFError) as error:
        raise ImagingError("mask_unreadable", f"{path.name} is not a DICOM file; export it again.") from error
    if modality == "SEG":
        return onto_grid(read_segment(path, label), reference, path.name)
    if modality == "RTSTRUCT":
        return read_contour(path, reference, label)
    raise ImagingError(
        "mask_format_unknown", f"{path.name} is a DICOM {modality} object; an outline is a SEG or an RTSTRUCT."
    )


def _select(labels: sitk.Image, label: int | None, name: str) -> sitk.Image:
    values = sitk.GetArrayViewFromImage(labels)
    present = np.unique(values)
    if not np.isfinite(present).all() or (present != np.floor(present)).any():
        raise ImagingError(
            "mask_not_labels",
            f"{name} has values that are no whole numbers; threshold the probability map and save it as labels.",
        )
    if present[0] < 0 or present[-1] > _LARGEST_LABEL:
        raise ImagingError(
            "mask_not_labels",
            f"{name} has labels from {present[0]:g} to {present[-1]:g}; use 0 outside and small numbers from 1 inside.",
        )
    found = [int(value) for value in present if value != 0]
    if not found:
        raise ImagingError("mask_empty", f"{name} has no voxel inside the outline; draw it, or drop the row.")
    if label is None:
        if len(found) > 1:
            raise ImagingError(
                "mask_label_ambiguous",
                f"{name} has the labels {_some(found)}; say in imaging.csv (mask_label) which one is the tumour.",
            )
        label = found[0]
    elif label not in found:
        raise ImagingError(
            "mask_label_missing",
            f"{name} has no label {label}, only {_some(found)}; correct mask_label in imaging.csv.",
        )
    binary = sitk.GetImageFromArray((values == label).astype(np.uint8))
    binary.CopyInformation(labels)
    return binary


def _some(labels: list[int], most: int = 10) -> str:
    return ", ".join(map(str, labels[:most])) + (f" and {len(labels) - most} more" if len(labels) > most else "")
