"""Segments of 3D Slicer that overlap: a `.seg.nrrd` keeps them in layers, several values per voxel."""

from pathlib import Path
from typing import NamedTuple

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._volume import read_header
from tme_platform.imaging.errors import ImagingError


class Layer(NamedTuple):
    """A layer of a file, and the label that the tumour has in it."""

    component: int
    label: int


def layer_of(path: Path, label: int | None) -> Layer | None:
    """Return the layer that holds a label; None if the file has one layer, or does not describe its segments.

    Raises
    ------
    ImagingError
        ``mask_label_ambiguous`` (several segments, in different layers, have the label), ``mask_label_missing``,
        ``mask_unreadable``.
    """
    if not path.name.lower().endswith((".nrrd", ".nhdr")):
        return None
    reader = read_header(path, "mask")
    layers = reader.GetNumberOfComponents()
    if layers < 2:
        return None
    segments = _segments(reader, path)
    if not segments:
        return None
    if any(not 0 <= found.component < layers for found in segments):
        raise ImagingError("mask_unreadable", f"{path.name} names layers that it does not have; save it again.")
    chosen = [found for found in segments if label is None or found.label == label]
    if not chosen:
        present = ", ".join(str(value) for value in sorted({found.label for found in segments})[:10])
        raise ImagingError(
            "mask_label_missing",
            f"{path.name} has no label {label}, only {present}; correct mask_label in imaging.csv.",
        )
    if len(chosen) > 1:
        which = "several labels" if label is None else f"the label {label} in {len(chosen)} segments"
        raise ImagingError(
            "mask_label_ambiguous",
            f"{path.name} has {which} in its {layers} overlapping layers; set mask_label in imaging.csv to that of the "
            "tumour, or export the tumour's segment as a label map (in 3D Slicer: Segmentations, Export to files).",
        )
    return chosen[0]


def _segments(reader: sitk.ImageFileReader, path: Path) -> list[Layer]:
    """Return layer and label of each segment; the names of segments are not read."""
    keys = set(reader.GetMetaDataKeys())
    found = []
    for key in sorted(keys):
        prefix, _, name = key.rpartition("_")
        if name != "LabelValue" or not prefix.startswith("Segment"):
            continue
        layer = f"{prefix}_Layer"
        try:
            found.append(Layer(int(reader.GetMetaData(layer)) if layer in keys else 0, int(reader.GetMetaData(key))))
        except (ValueError, TypeError, RuntimeError) as error:
            raise ImagingError(
                "mask_unreadable", f"{path.name} describes its segments in a way that cannot be read; save it again."
            ) from error
    return found
