"""Read one outline as a binary mask on the grid of its image. Regions derived from it belong in ``regions``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._boundary import reads
from tme_platform.imaging._dicom_read import read_dataset
from tme_platform.imaging._files import check_exists, files_within
from tme_platform.imaging._labels import choose_label
from tme_platform.imaging._landed import SUFFIXES
from tme_platform.imaging._layers import layer_of
from tme_platform.imaging._rounding import round_geometry
from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.dicom_seg import read_segment
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import onto_grid, to_mask
from tme_platform.imaging.rtstruct import read_contour

_LARGEST_LABEL = 2**31 - 1
_MOST_LABELS = 500


@reads("mask")
def read_mask(path: str | Path, reference: sitk.Image, label: int | None = None) -> sitk.Image:
    """Read an outline and bring it onto the grid of its image.

    Parameters
    ----------
    path
        A label map (NIfTI, NRRD, MetaImage), a DICOM-SEG or an RTSTRUCT (a DICOM file, or a folder with one ``.dcm``).
    reference
        The image that was outlined. If ``read_series`` read it from DICOM, a DICOM outline must be of the same patient
        and frame of reference.
    label
        Label, segment number or structure number of the tumour; None if there is only one.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 inside and 0 outside, with exactly the geometry of ``reference``. If the outline's own geometry
        differed, the metadata ``geometry_note`` and ``geometry_mismatch_mm`` say how.

    Raises
    ------
    ImagingError
        With ``.rule`` one of ``mask_missing``, ``mask_format_unknown``, ``mask_unreadable``, ``mask_truncated``,
        ``mask_not_3d``, ``mask_too_large``, ``mask_complex``, ``mask_not_labels``, ``mask_empty``, ``mask_layers``,
        ``mask_label_missing``, ``mask_label_ambiguous``, ``mask_outside_image``, ``mask_lost``, ``geometry_mismatch``,
        ``geometry_not_orthonormal``, ``geometry_ambiguous``, ``zero_spacing``, ``multi_component_colour``,
        ``slices_uneven``, ``contours_not_closed``, ``contours_skip_slices``, ``patient_mismatch``,
        ``frame_of_reference_mismatch``, ``series_mismatch``.
    """
    path = Path(path)
    if path.is_dir():
        path = _only_outline(path)
    if _is_dicom(path):
        return _from_dicom(path, reference, label)
    layer = layer_of(path, label)
    component, label = (layer.component, layer.label) if layer else (None, label)
    # The labels, as large as the mask, are named nowhere: they are gone before the mask is copied.
    mask = _select(round_geometry(read_volume(path, "mask", component=component)), label, path.name)
    return onto_grid(mask, reference, path.name)


def _is_dicom(path: Path) -> bool:
    """Tell by the name, or by DICOM's own mark if the name has no suffix of another format (``RS.1.2.3``)."""
    name = path.name.lower()
    if name.endswith((".dcm", *SUFFIXES)) or not path.is_file():
        return name.endswith(".dcm")
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _only_outline(folder: Path) -> Path:
    files = files_within(folder, "*.dcm")
    if len(files) != 1:
        raise ImagingError(
            "mask_missing", f"{folder.name} contains {len(files)} DICOM files; give the path of the outline's file."
        )
    return files[0]


def _from_dicom(path: Path, reference: sitk.Image, label: int | None) -> sitk.Image:
    check_exists(path, "mask")
    try:
        modality = read_dataset(path, stop_before_pixels=True, specific_tags=["Modality"]).get("Modality")
    except OSError:
        raise
    except Exception as error:  # pydicom raises errors of many kinds on damaged files
        raise ImagingError("mask_unreadable", f"{path.name} is not a DICOM file; export it again.") from error
    if modality == "SEG":
        return read_segment(path, reference, label)
    if modality == "RTSTRUCT":
        return read_contour(path, reference, label)
    raise ImagingError(
        "mask_format_unknown", f"{path.name} is a DICOM {modality} object; an outline must be SEG or RTSTRUCT."
    )


def _select(labels: sitk.Image, label: int | None, name: str) -> sitk.Image:
    values = sitk.GetArrayViewFromImage(labels)
    present = np.unique(values)
    if not np.isfinite(present).all() or (present != np.floor(present)).any():
        raise ImagingError(
            "mask_not_labels",
            f"{name} contains values that are not integers; threshold the probability map and save it as labels.",
        )
    if present[0] < 0 or present[-1] > _LARGEST_LABEL:
        raise ImagingError(
            "mask_not_labels",
            f"{name} has labels from {present[0]:g} to {present[-1]:g}; use 0 outside and small integers inside.",
        )
    if len(present) > _MOST_LABELS:
        raise ImagingError(
            "mask_not_labels",
            f"{name} has {len(present)} different values, as an image has and no label map; name the outline's file.",
        )
    chosen = choose_label([int(value) for value in present if value != 0], label, name, "label")
    return to_mask(values == chosen, labels)
