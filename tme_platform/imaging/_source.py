"""A volume that knows the DICOM series it was read from, so that an outline can be compared with that series.

Only the folder and the choice of series are kept. Identifiers stay in the files (see ``_belonging``).
"""

from pathlib import Path
from typing import NamedTuple

import SimpleITK as sitk  # noqa: N813


class Source(NamedTuple):
    """A DICOM folder, and the series chosen in it."""

    folder: Path
    series: str | None


class SeriesImage(sitk.Image):  # type: ignore[misc]  # SimpleITK has no types
    """A volume read from DICOM. What is computed from it is a plain ``SimpleITK.Image``, without a source."""

    source: Source | None = None


def with_source(image: sitk.Image, folder: Path, series: str | None) -> SeriesImage:
    """Return the volume with the series it was read from."""
    known = SeriesImage(image)
    known.source = Source(folder, series)
    return known


def source_of(image: sitk.Image) -> Source | None:
    """Return the series a volume was read from; None if it comes from another format or was computed."""
    return image.source if isinstance(image, SeriesImage) else None
