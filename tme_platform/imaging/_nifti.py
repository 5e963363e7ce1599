"""Checks on a NIfTI file before ITK reads it.

ITK reads a truncated NIfTI as zeros, a zero voxel spacing as 1 mm, NaN voxels as zeros and a sheared sform by the
qform, all without an error, so features would be wrong unnoticed. NRRD and MetaImage are checked in ``_landed``.
"""

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tme_platform.imaging._orthonormal import check_sform
from tme_platform.imaging._plain_header import refuse_large
from tme_platform.imaging.errors import ImagingError

_CHUNK = 1 << 20
_FLOATS = {16: "f4", 64: "f8"}


@dataclass(frozen=True)
class _Header:
    order: str
    dimensions: tuple[int, ...]
    datatype: int
    bits: int
    spacing: tuple[float, ...]
    offset: float
    magic: bytes


def check_nifti(path: Path, kind: str, *, voxels: bool = True) -> None:
    """Raise if the header is not NIfTI-1 or -2, a spacing is not positive, bytes are missing or values not finite.

    Parameters
    ----------
    path
        A ``.nii`` or ``.nii.gz`` file.
    kind
        ``image`` or ``mask``: the first word of the rules raised.
    voxels
        Whether to look at the voxels as well.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``, ``<kind>_truncated``, ``<kind>_too_large``, ``zero_spacing``,
        ``geometry_not_orthonormal``, ``geometry_ambiguous``, ``image_not_finite`` or ``mask_not_labels``.
    """
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            first = stream.read(544)
            header = _parse(first, path, kind)
            expected = _expected_bytes(header, path, kind)
            check_sform(first, header.order, header.spacing, path, version=int(header.magic[2:]))
            if not voxels:
                return
            rest = _skip(stream, int(header.offset) - len(first))
            early = first[int(header.offset) :]
            most = expected - len(first) + len(early) - rest
            found, bad = _scan(stream, early, most, _FLOATS.get(header.datatype), header.order)
            stream.read(1)  # reads gzip's checksum, which follows the data: raises if the end is missing
    except (EOFError, zlib.error) as error:
        raise ImagingError(
            f"{kind}_truncated", f"{path.name} is truncated (its compressed data are incomplete); copy the file again."
        ) from error
    except gzip.BadGzipFile as error:
        raise ImagingError(
            f"{kind}_unreadable", f"{path.name} is not a gzip file, or is corrupt; export it again."
        ) from error
    found += len(first) - len(early) + rest
    if found < expected:
        raise ImagingError(
            f"{kind}_truncated",
            f"{path.name} contains {found} of the {expected} bytes declared in its header; copy the file again.",
        )
    if bad:
        raise ImagingError(
            "mask_not_labels" if kind == "mask" else f"{kind}_not_finite",
            f"{path.name} has {bad} NaN or infinite voxels; export it again without them.",
        )


def _parse(data: bytes, path: Path, kind: str) -> _Header:
    for order in "<>":
        for size, at in ((348, ("8h", 40, 70, "8f", 76, "f", 108, 344)), (540, ("8q", 16, 12, "8d", 104, "q", 168, 4))):
            if len(data) < size + 4 or struct.unpack_from(order + "i", data)[0] != size:
                continue
            dims, dims_at, type_at, pixdim, pixdim_at, offset, offset_at, magic_at = at
            datatype, bits = struct.unpack_from(order + "2h", data, type_at)
            header = _Header(
                order,
                struct.unpack_from(order + dims, data, dims_at),
                datatype,
                bits,
                struct.unpack_from(order + pixdim, data, pixdim_at),
                float(struct.unpack_from(order + offset, data, offset_at)[0]),
                data[magic_at : magic_at + 3],
            )
            placed = math.isfinite(header.offset) and header.offset >= 0
            if header.magic in (b"n+1", b"n+2") and 1 <= header.dimensions[0] <= 7 and placed:
                return header
    raise ImagingError(f"{kind}_unreadable", f"{path.name} is not a NIfTI file; export it again as NIfTI.")


def _expected_bytes(header: _Header, path: Path, kind: str) -> int:
    axes = header.dimensions[1 : 1 + header.dimensions[0]]
    if not all(math.isfinite(s) and s > 0 for s in header.spacing[1 : 1 + min(len(axes), 3)]):
        raise ImagingError(
            "zero_spacing",
            f"{path.name} has a voxel spacing of {header.spacing[1:4]} mm, which must be positive; correct its header.",
        )
    values = math.prod(max(n, 0) for n in axes)
    expected = int(header.offset) + values * max(header.bits, 0) // 8
    refuse_large(values, expected, path.stat().st_size, path.name, kind, axes)
    return expected


def _skip(stream: gzip.GzipFile | BinaryIO, count: int) -> int:
    """Read on, keeping nothing, and return how many bytes there were."""
    skipped = 0
    while skipped < count and (chunk := stream.read(min(_CHUNK, count - skipped))):
        skipped += len(chunk)
    return skipped


def _scan(stream: gzip.GzipFile | BinaryIO, early: bytes, most: int, form: str | None, order: str) -> tuple[int, int]:
    """Count the remaining bytes, up to the number declared, and those floating-point values that are not finite."""
    total, bad, chunk = 0, 0, early[: max(most, 0)] + stream.read(max(0, min(_CHUNK, most) - len(early)))
    while chunk:
        total += len(chunk)
        if form is not None:
            whole = len(chunk) - len(chunk) % np.dtype(form).itemsize
            bad += int((~np.isfinite(np.frombuffer(chunk[:whole], order + form))).sum())
        chunk = stream.read(min(_CHUNK, max(most - total, 0)))
    return total, bad
