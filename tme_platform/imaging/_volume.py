"""Read one file as a checked three-dimensional SimpleITK volume, without the file's free-text metadata.

The readers of series, masks and exclusion masks share it. Checks on voxel values belong in those readers.
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._files import check_exists
from tme_platform.imaging._landed import SUFFIXES, Readable, readable
from tme_platform.imaging._orthonormal import check_directions, sheared
from tme_platform.imaging._phases import check_phase
from tme_platform.imaging.errors import ImagingError


def read_volume(path: Path, kind: str, phase: int | None = None, component: int | None = None) -> sitk.Image:
    """Read a NIfTI, NRRD or MetaImage file, or one phase of it if there is a fourth axis.

    A file with several values per voxel is refused unless ``component`` says which to read.

    Raises
    ------
    ImagingError
        ``<kind>_missing``, ``<kind>_format_unknown``, ``<kind>_unreadable``, ``<kind>_truncated``, ``<kind>_not_3d``,
        ``<kind>_too_large``, ``<kind>_complex``, ``phase_missing``, ``multi_component_colour``, ``mask_layers``,
        ``zero_spacing``, ``geometry_not_orthonormal``, ``geometry_ambiguous``.
    """
    _check_file(path, kind)
    with readable(path, kind, voxels=True) as given:
        reader = _information(given, path, kind)
        _check_header(reader, path, kind, phase, component)
        try:
            image = reader.Execute()
        except RuntimeError as error:
            raise _unreadable(path, kind, error) from error
    if component is not None:
        image = sitk.VectorIndexSelectionCast(image, component)
    if image.GetDimension() == 4:
        image = image[:, :, :, phase or 0]
    # A new image, since keys that are no text cannot be erased.
    plain = sitk.GetImageFromArray(sitk.GetArrayViewFromImage(image))
    plain.CopyInformation(image)
    return plain


def _check_file(path: Path, kind: str) -> None:
    check_exists(path, kind)
    if not path.name.lower().endswith(SUFFIXES):
        raise ImagingError(
            f"{kind}_format_unknown",
            f"{path.name} is not a {', '.join(SUFFIXES)} file; convert it, or use DICOM.",
        )
    if path.stat().st_size == 0:
        raise ImagingError(f"{kind}_truncated", f"{path.name} is empty (0 bytes); copy the file again.")


def read_spacing(path: Path, kind: str) -> tuple[float, float, float]:
    """Read the voxel spacing (x, y, z in mm) from a file's header; errors as in ``read_volume``."""
    x, y, z = (float(side) for side in (*read_header(path, kind).GetSpacing(), 0.0)[:3])
    return x, y, z


def read_header(path: Path, kind: str) -> sitk.ImageFileReader:
    """Read a file's header, without its voxels; errors as in ``read_volume``."""
    _check_file(path, kind)
    with readable(path, kind, voxels=False) as given:
        return _information(given, path, kind)


def _information(given: Readable, path: Path, kind: str) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetImageIO(given.reader)
    reader.SetFileName(str(given.path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(path, kind, error) from error
    return reader


def _check_header(
    reader: sitk.ImageFileReader, path: Path, kind: str, phase: int | None, component: int | None
) -> None:
    size = reader.GetSize()
    if reader.GetNumberOfComponents() > 1 and component is None:
        if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()).lower():
            raise ImagingError(
                f"{kind}_complex", f"{path.name} contains complex numbers; export the magnitude image instead."
            )
        if kind != "image" and path.name.lower().endswith(".seg.nrrd"):
            raise ImagingError(
                f"{kind}_layers",
                f"{path.name} has {reader.GetNumberOfComponents()} layers, in which 3D Slicer keeps segments that "
                "overlap, but does not say which segment is in which; export the segment that is meant as a label map "
                "(in 3D Slicer: Segmentations, Export to files, NIfTI).",
            )
        raise ImagingError(
            "multi_component_colour",
            f"{path.name} has {reader.GetNumberOfComponents()} values per voxel (colour or vectors); "
            "export one grey value per voxel.",
        )
    _check_dimensions(size, path, kind, phase)
    spacing = reader.GetSpacing()[:3]
    if not all(np.isfinite(spacing)) or min(spacing) <= 0:
        raise ImagingError(
            "zero_spacing",
            f"{path.name} has a voxel spacing of {spacing} mm, which must be positive; correct its header.",
        )
    axes = np.array(reader.GetDirection()).reshape(len(size), len(size))
    check_directions(tuple(axes[:3, :3].ravel()), path)


def _check_dimensions(size: tuple[int, ...], path: Path, kind: str, phase: int | None) -> None:
    phases = size[3] if len(size) == 4 else 1
    if phase is not None:
        check_phase(phase, phases, path.name)
    elif phases > 1:
        raise ImagingError(
            f"{kind}_not_3d",
            f"{path.name} is four-dimensional ({phases} phases); select one phase, or export one volume per file.",
        )
    if len(size) not in (3, 4) or min(size[:3]) < 2:
        raise ImagingError(
            f"{kind}_not_3d",
            f"{path.name} has {' x '.join(map(str, size))} voxels; a volume of at least two slices is required.",
        )


def _unreadable(path: Path, kind: str, error: RuntimeError) -> ImagingError:
    text = str(error)
    if "spacing" in text.lower():
        return ImagingError(
            "zero_spacing", f"{path.name} has a voxel spacing of 0, which must be positive; correct its header."
        )
    if any(word in text for word in ("fread got only", "bytes but received", "data read error", "not read completely")):
        return ImagingError(f"{kind}_truncated", f"{path.name} is truncated; copy the file again.")
    if "orthonormal" in text:
        return sheared(path)
    return ImagingError(f"{kind}_unreadable", f"{path.name} cannot be read as an image; it is corrupt or misnamed.")
