"""What is kept of the text header of an image: checked fields, written again, and where its voxels are.

ITK never sees a header that landed. Whatever else such a header says, its parser cannot act on it.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from tme_platform.imaging.errors import ImagingError
from tme_platform.limits import MAX_HEADER_BYTES, MAX_VOXELS, expands_too_far

Encoding = Literal["raw", "text", "gzip", "bzip2", "zlib"]


@dataclass(frozen=True)
class PlainHeader:
    """A header of checked fields.

    Attributes
    ----------
    text
        The header as it is given to ITK, with uncompressed voxels in the same file.
    sizes
        Voxels along each axis, with the values of a voxel if there are several.
    item_bytes
        Bytes of one value.
    encoding
        How the voxels are stored.
    start
        Where the voxels begin in their file; -1 if they are its last bytes.
    data_file
        The file that holds the voxels, in the folder of the header; None if they follow the header.
    """

    text: str
    sizes: tuple[int, ...]
    item_bytes: int
    encoding: Encoding
    start: int
    data_file: str | None = None

    @property
    def values(self) -> int:
        """Number of values."""
        return math.prod(self.sizes)


class HeaderLines:
    """Reads the lines of a header, up to the limit that no ordinary header reaches."""

    def __init__(self, stream: BinaryIO, path: Path, kind: str) -> None:
        self._stream = stream
        self._name = path.name
        self._kind = kind
        self._left = MAX_HEADER_BYTES

    def next(self) -> str | None:
        """Return the next line without its end; None at the end of the file.

        Raises
        ------
        ImagingError
            ``<kind>_unreadable``: the header is too long.
        """
        line = self._stream.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise broken_header(self._name, self._kind, "is longer than 1 MiB")
        return line.decode("latin-1").rstrip("\r\n") if line else None


def broken_header(name: str, kind: str, what: str) -> ImagingError:
    """Return the error for a header that cannot be trusted."""
    return ImagingError(f"{kind}_unreadable", f"the header of {name} {what}; save it again (.mha, .nrrd or .nii.gz).")


def data_path(header: PlainHeader, path: Path, kind: str) -> Path:
    """Return the file with the voxels: the header's own, or a regular file beside it.

    Only ``.mhd`` and ``.nhdr`` may name another file, so that it is known from the name which images are two files.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``.
    """
    named = header.data_file
    if named is None:
        return path
    plain = path.suffix.lower() in (".mhd", ".nhdr") and not any(sign in named for sign in "/\\\0")
    beside = (path.parent / named).resolve() if plain else path
    if not plain or beside.parent != path.parent.resolve() or not beside.is_file() or beside == path.resolve():
        raise ImagingError(
            f"{kind}_unreadable",
            f"the header of {path.name} refers to data outside a single file in its folder; save header and voxels in "
            "one file (.mha, .nrrd or .nii.gz).",
        )
    return beside


def check_size(header: PlainHeader, path: Path, stored: int, kind: str) -> None:
    """Raise (``<kind>_too_large``) if the header declares more voxels than any image has, or far more than are stored.

    Parameters
    ----------
    header
        What the header declares.
    path
        The image, for the message.
    stored
        Size of the file with the voxels.
    kind
        The first word of the rule.
    """
    refuse_large(header.values, header.values * header.item_bytes, stored, path.name, kind, header.sizes)


def refuse_large(
    voxels: float, declared: float, stored: int, name: str, kind: str, sizes: tuple[int, ...] = ()
) -> None:
    """Raise (``<kind>_too_large``) if there are more voxels, or more bytes, than files of this size hold."""
    shape = " x ".join(map(str, sizes)) if sizes else f"{voxels:,.0f}"
    if voxels > MAX_VOXELS:
        raise ImagingError(
            f"{kind}_too_large",
            f"{name} declares {shape} voxels, more than any image has ({MAX_VOXELS:,}); its header is corrupt.",
        )
    if expands_too_far(declared, stored):
        raise ImagingError(
            f"{kind}_too_large",
            f"{name} declares {shape} voxels, {declared / max(stored, 1):,.0f} times the size of the file, which no "
            "ordinary image does; if it is correct, save it uncompressed.",
        )
