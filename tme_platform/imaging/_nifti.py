"""What a NIfTI header and its file length must say before ITK is trusted with the file.

ITK reads a truncated NIfTI as zeros and a zero voxel spacing as 1 mm, both without an error; the features would be
wrong and nobody would know. Formats whose reader does complain (NRRD, MetaImage) need nothing here.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from tme_platform.imaging.errors import ImagingError

_CHUNK = 1 << 20


def check_nifti(path: Path, kind: str) -> None:
    """Raise if the header is no NIfTI-1 or -2 header, a spacing is not above 0, or bytes are missing.

    Parameters
    ----------
    path
        A ``.nii`` or ``.nii.gz`` file.
    kind
        ``image`` or ``mask``: the first word of the rules raised.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``, ``<kind>_truncated`` or ``zero_spacing``.
    """
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            header = stream.read(540)
            expected = _expected_bytes(header, path, kind)
            found = len(header) + _count(stream)
    except (EOFError, zlib.error) as error:
        raise ImagingError(
            f"{kind}_truncated", f"{path.name} ends before its compressed data do; copy the file again."
        ) from error
    except gzip.BadGzipFile as error:
        raise ImagingError(
            f"{kind}_unreadable", f"{path.name} is not a gzip file, or is damaged; export it again."
        ) from error
    if found < expected:
        raise ImagingError(
            f"{kind}_truncated",
            f"{path.name} holds {found} of the {expected} bytes its header announces; copy the file again.",
        )


def _expected_bytes(header: bytes, path: Path, kind: str) -> int:
    unreadable = ImagingError(f"{kind}_unreadable", f"{path.name} is not a NIfTI file; export it again as NIfTI.")
    if len(header) < 352:
        raise unreadable
    for order in "<>":
        if struct.unpack_from(order + "i", header)[0] == 348:
            dimensions = struct.unpack_from(order + "8h", header, 40)
            bits = struct.unpack_from(order + "h", header, 72)[0]
            spacing = struct.unpack_from(order + "8f", header, 76)
            offset = struct.unpack_from(order + "f", header, 108)[0]
            magic = header[344:347]
            break
        if struct.unpack_from(order + "i", header)[0] == 540:
            dimensions = struct.unpack_from(order + "8q", header, 16)
            bits = struct.unpack_from(order + "h", header, 14)[0]
            spacing = struct.unpack_from(order + "8d", header, 104)
            offset = struct.unpack_from(order + "q", header, 168)[0]
            magic = header[4:7]
            break
    else:
        raise unreadable
    if magic not in (b"n+1", b"n+2") or not 1 <= dimensions[0] <= 7 or not math.isfinite(offset):
        raise unreadable
    axes = dimensions[1 : 1 + dimensions[0]]
    if not all(math.isfinite(s) and s > 0 for s in spacing[1 : 1 + min(dimensions[0], 3)]):
        raise ImagingError(
            "zero_spacing",
            f"{path.name} has a voxel spacing of {spacing[1:4]} mm; every side must be above 0. "
            "Write the true spacing into the header.",
        )
    return int(offset) + math.prod(max(int(n), 0) for n in axes) * int(bits) // 8


def _count(stream: gzip.GzipFile | BinaryIO) -> int:
    total = 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
    return total
