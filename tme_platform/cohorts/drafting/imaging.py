"""Draft the imaging manifest from where images and outlines lie. The manifest itself is read in `cohorts.manifest`.

Layouts that are recognised: a folder per patient, files side by side that differ in a word (`P1_image`, `P1_mask`), the
same name in a folder of images and one of masks, and DICOM folders with a DICOM-SEG or RTSTRUCT beside them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

_IMAGES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_MASK = frozenset(
    [
        "mask",
        "masks",
        "seg",
        "segs",
        "segmentation",
        "segmentations",
        "outline",
        "outlines",
        "roi",
        "rois",
        "label",
        "labels",
        "contour",
        "contours",
    ]
)
_IMAGE = frozenset(
    ["image", "images", "img", "imgs", "scan", "scans", "volume", "volumes", "mri", "mr", "nifti", "data", "imaging"]
)
_READER = re.compile(r"^(?:reader|rater|observer|radiologist)?[_-]?(\d+|[a-z])$")
_READERS = ("reader", "rater", "observer", "radiologist")
_SESSION = ("session", "reading")
_OUTLINES = {"SEG", "RTSTRUCT"}


@dataclass(frozen=True)
class _File:
    path: str
    folder: tuple[str, ...]
    words: tuple[str, ...]
    is_mask: bool = False
    reader: str = "1"
    session: str = "1"


@dataclass(frozen=True)
class Outline:
    """A row of the drafted manifest."""

    patient_id: str
    series: str
    image: str
    mask: str
    reader: str = "1"
    session: str = "1"


@dataclass(frozen=True)
class DraftManifest:
    """Rows, and the images and outlines that found no partner."""

    rows: tuple[Outline, ...]
    alone: tuple[str, ...]

    @property
    def patients(self) -> frozenset[str]:
        """The patients of the rows."""
        return frozenset(row.patient_id for row in self.rows)

    @property
    def text(self) -> str:
        """The manifest as CSV; `reader` and `session` only if they differ."""
        names = ["patient_id", "series", "image", "mask"]
        names += [name for name in ("reader", "session") if len({getattr(row, name) for row in self.rows}) > 1]
        lines = [",".join(_quoted(getattr(row, name)) for name in names) for row in self.rows]
        return "\n".join([",".join(names), *lines]) + "\n"


def draft_manifest(folder: Path, files: Iterable[str], known: Collection[str]) -> DraftManifest | None:
    """Pair images with outlines; None if the folder has no image files.

    Parameters
    ----------
    folder
        The landing folder.
    files
        Its files.
    known
        Patients of the tables, by which patient and series are told apart in `P1_T1_mask`.
    """
    listed = list(files)
    found = [_file(path) for path in listed if path.lower().endswith(_IMAGES)]
    rows, alone = _paired(found, known)
    dicom = _dicom_rows(folder, listed, known)
    rows += dicom
    if not rows and not found:
        return None
    unique = {(row.patient_id, row.series, row.reader, row.session): row for row in rows}
    ordered = sorted(unique.values(), key=lambda row: (row.patient_id, row.series, row.reader, row.session))
    return DraftManifest(tuple(ordered), tuple(sorted(alone)))


def _file(path: str) -> _File:
    parts = PurePosixPath(path)
    stem = parts.name
    for ending in sorted(_IMAGES, key=len, reverse=True):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    words, reader, session = [], "1", "1"
    pieces = [piece for piece in re.split(r"[_\-. ]+", stem) if piece]
    at = 0
    while at < len(pieces):
        word, following = pieces[at].lower(), pieces[at + 1].lower() if at + 1 < len(pieces) else ""
        for names, which in ((_READERS, "reader"), (_SESSION, "session")):
            name = next((name for name in names if word.startswith(name)), None)
            rest = word.removeprefix(name) if name else ""
            if name and (number := _READER.match(rest or following)):
                reader, session = (number[1], session) if which == "reader" else (reader, number[1])
                at += 1 if rest else 2
                break
        else:
            words.append(pieces[at])
            at += 1
    generic = [part for part in parts.parent.parts if part.lower() in _MASK]
    is_mask = bool(generic) or any(word.lower() in _MASK for word in words)
    kept = tuple(part for part in parts.parent.parts if part.lower() not in _MASK | _IMAGE)
    own = tuple(word for word in words if word.lower() not in _MASK | {"image", "img", "scan", "volume"})
    return _File(path, kept, own, is_mask, reader, session)


def _paired(found: list[_File], known: Collection[str]) -> tuple[list[Outline], list[str]]:
    images = [file for file in found if not file.is_mask]
    rows, used = [], set()
    for mask in (file for file in found if file.is_mask):
        partners = [image for image in images if (image.folder, image.words) == (mask.folder, mask.words)]
        beside = [image for image in images if image.folder == mask.folder and mask.folder]
        inside = [image for image in beside if image.words == mask.words[: len(image.words)]]
        chosen = partners or inside or (beside if not mask.words or len(beside) == 1 else [])
        for image in chosen:
            rows.append(_row(image, mask, known))
            used |= {image.path, mask.path}
    return rows, [file.path for file in found if file.path not in used]


def _row(image: _File, mask: _File, known: Collection[str]) -> Outline:
    patient, series = _patient(image, known)
    return Outline(patient, series or "1", image.path, mask.path, mask.reader, mask.session)


def _patient(image: _File, known: Collection[str]) -> tuple[str, str]:
    """Patient and series of an image, by its folder or its name."""
    stem = re.sub(r"^[_\-. ]+|[_\-. ]+$", "", PurePosixPath(image.path).name.split(".")[0])
    places = [*reversed(image.folder), stem]
    for place in places:
        if place in known:
            return place, "_".join(image.words) if place != stem else ""
    within = [name for name in known if stem.startswith(name) and not stem[len(name) : len(name) + 1].isalnum()]
    if within:
        patient = max(within, key=len)
        rest = re.split(r"[_\-. ]+", stem[len(patient) :])
        return patient, "_".join(word for word in rest if word in image.words)
    if image.folder:
        return image.folder[0], "_".join(image.words)
    joined = "_".join(image.words)
    original = re.search(r"[_\-. ]".join(map(re.escape, image.words)), stem)
    return (original.group() if original else joined), ""


def _dicom_rows(folder: Path, files: list[str], known: Collection[str]) -> list[Outline]:
    """Rows for DICOM folders: within the first folder of each patient, images with the outlines beside them."""
    by_folder: dict[PurePosixPath, list[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        if path.suffix.lower() in (".dcm", ""):
            by_folder.setdefault(path.parent, []).append(file)
    kinds: dict[str, list[tuple[str, str]]] = {}
    for parent, inside in by_folder.items():
        for file in sorted(inside):
            modality = _modality(folder / file)
            if modality is None or not parent.parts:
                break
            if modality in _OUTLINES:
                kinds.setdefault(_owner(parent, known), []).append(("outline", file))
                continue
            kinds.setdefault(_owner(parent, known), []).append(("images", parent.as_posix()))
            break
    rows = []
    for patient, found in kinds.items():
        images = sorted({place for kind, place in found if kind == "images"})
        outlines = sorted(place for kind, place in found if kind == "outline")
        for number, image in enumerate(images):
            several = len(images) > 1
            for reader, mask in enumerate(outlines, start=1):
                row = Outline(patient, f"series_{number + 1}" if several else "1", image, mask)
                rows.append(replace(row, reader=str(reader)) if len(outlines) > 1 else row)
    return rows


def _owner(parent: PurePosixPath, known: Collection[str]) -> str:
    own = [part for part in parent.parts if part in known]
    rest = [part for part in parent.parts if part.lower() not in _MASK | _IMAGE | {"dicom"}]
    return own[0] if own else (rest or list(parent.parts))[0]


def _modality(path: Path) -> str | None:
    """The modality of a DICOM file; None if it is none. Nothing else of the file is looked at."""
    import pydicom

    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
    except (OSError, ValueError, pydicom.errors.InvalidDicomError, EOFError, NotImplementedError):
        return None
    return str(found.get("Modality", "")) or None


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[",\n\r]', cell) else cell
