"""What ITK is given to read: never a landed file in its folder, where a name in a header could lead anywhere.

NIfTI, whose headers name no files, is given as a link in an empty folder: nifti_clib takes the voxels of ``a.nii.gz``
from an ``a.nii`` beside it. NRRD and MetaImage are copied into such a folder, with a header of checked fields.
"""

import bz2
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tme_platform.imaging._metaimage import metaimage_header
from tme_platform.imaging._nifti import check_nifti
from tme_platform.imaging._nrrd import nrrd_header
from tme_platform.imaging._plain_header import Encoding, PlainHeader, check_size, data_path
from tme_platform.imaging.errors import ImagingError

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_HEADERS: dict[str, tuple[Callable[[Path, str], PlainHeader], str, str]] = {
    ".nrrd": (nrrd_header, "image.nrrd", "NrrdImageIO"),
    ".nhdr": (nrrd_header, "image.nrrd", "NrrdImageIO"),
    ".mha": (metaimage_header, "image.mha", "MetaImageIO"),
    ".mhd": (metaimage_header, "image.mha", "MetaImageIO"),
}
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"


class Readable(NamedTuple):
    """A file that ITK may read, and the reader to read it with, whatever its content looks like."""

    path: Path
    reader: str


@contextmanager
def readable(path: Path, kind: str, *, voxels: bool) -> Iterator[Readable]:
    """Give a landed image file in a private folder that holds nothing else, checked for size and completeness.

    Parameters
    ----------
    path
        A file with one of `SUFFIXES`.
    kind
        The first word of the rules raised.
    voxels
        False if only the header will be read.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``, ``<kind>_truncated``, ``<kind>_too_large``, and those of ``check_nifti``.
    """
    with tempfile.TemporaryDirectory(prefix="tme-image-") as folder:
        if path.suffix.lower() in _HEADERS:
            header_of, name, reader = _HEADERS[path.suffix.lower()]
            copy = Path(folder, name)
            _copy(header_of(path, kind), path, copy, kind, voxels=voxels)
            yield Readable(copy, reader)
        else:
            check_nifti(path, kind, voxels=voxels)
            link = Path(folder, "image.nii.gz" if path.name.lower().endswith(".gz") else "image.nii")
            link.symlink_to(path.resolve())
            yield Readable(link, "NiftiImageIO")


def data_file(path: Path) -> Path | None:
    """Return the file that holds the voxels of a ``.mhd`` or ``.nhdr`` header; None for all other files.

    A header that is refused has none: the reader says why.
    """
    if path.suffix.lower() not in (".mhd", ".nhdr"):
        return None
    try:
        found = data_path(_HEADERS[path.suffix.lower()][0](path, "image"), path, "image")
    except (ImagingError, OSError):
        return None
    return None if found == path else found


def _copy(header: PlainHeader, path: Path, target: Path, kind: str, *, voxels: bool) -> None:
    source = data_path(header, path, kind)
    check_size(header, path, source.stat().st_size, kind)
    with target.open("wb") as out:
        out.write(header.text.encode("ascii"))
        if not voxels:
            return
        with source.open("rb") as stream:
            stream.seek(header.start if header.start >= 0 else max(0, source.stat().st_size - _bytes(header)))
            found = _write(stream, out, header, path, kind)
    if header.encoding != "text" and found < _bytes(header):
        raise ImagingError(
            f"{kind}_truncated",
            f"{path.name} contains {found} of the {_bytes(header)} bytes declared in its header; copy the file again.",
        )


def _bytes(header: PlainHeader) -> int:
    return header.values * header.item_bytes


def _write(stream: BinaryIO, out: BinaryIO, header: PlainHeader, path: Path, kind: str) -> int:
    """Write the voxels, up to the number of bytes declared, and return how many there were."""
    found = 0
    try:
        for chunk in _chunks(stream, header.encoding):
            part = chunk if header.encoding == "text" else chunk[: _bytes(header) - found]
            out.write(part)
            found += len(part)
            if len(part) < len(chunk):
                break
    except (EOFError, zlib.error) as error:
        raise ImagingError(
            f"{kind}_truncated", f"{path.name} is truncated (its compressed data are incomplete); copy the file again."
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ImagingError(  # bzip2: "Invalid data stream"
            f"{kind}_unreadable", f"the compressed data of {path.name} are corrupt; export it again."
        ) from error
    return found


def _chunks(stream: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    if encoding in ("gzip", "zlib"):
        yield from _inflated(stream)
        return
    source = bz2.BZ2File(stream) if encoding == "bzip2" else stream
    while chunk := source.read(_CHUNK):
        yield chunk


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    """Inflate gzip or zlib data, whichever they are, in chunks of bounded size; what follows them is ignored."""
    stored = stream.read(_CHUNK)
    while stored:
        inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
        while not inflating.eof:
            if not stored:
                raise EOFError
            if chunk := inflating.decompress(stored, _CHUNK):
                yield chunk
            stored = inflating.unconsumed_tail or (b"" if inflating.eof else stream.read(_CHUNK))
        rest = inflating.unused_data or stream.read(_CHUNK)
        stored = rest if rest.startswith(_GZIP) else b""
