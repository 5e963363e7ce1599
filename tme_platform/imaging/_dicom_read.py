"""Read DICOM data sets, with the size of what is deflated or nested limited. What is read of them belongs elsewhere.

All data sets are opened here.
"""

import io
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tme_platform.imaging._codestream import largest_stated
from tme_platform.limits import MAX_DICOM_ITEMS, expands_too_far

if TYPE_CHECKING:
    from pydicom import FileDataset

_CHUNK = 1 << 20
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
"""The tag that begins an item of a sequence, little and big endian."""


class ExpandsTooFarError(ValueError):
    """A deflated data set is larger than any ordinary one of its file size."""


class DicomFile(io.BufferedReader):
    """An open DICOM file that reserves no more memory than it has bytes, and inflates only up to a limit.

    pydicom asks for all the rest of a file only to inflate it.

    Raises
    ------
    ExpandsTooFarError
        On reading all the rest: it would inflate beyond the limit.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        if size is not None and size >= 0:
            return super().read(min(size, max(self._size - self.tell(), 0)))
        start = self.tell()
        inflating, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not inflating.eof and (stored := inflating.unconsumed_tail or super().read(_CHUNK)):
            total += len(inflating.decompress(stored, _CHUNK))
            if expands_too_far(total, self._size):
                raise ExpandsTooFarError("a deflated data set expands without end")
        self.seek(start)
        return super().read()


def read_dataset(path: Path, **options: Any) -> "FileDataset":
    """Read a data set, as ``pydicom.dcmread`` does with these options, without its warnings, which quote values.

    Damaged files raise errors of many types.
    """
    from pydicom import dcmread

    with DicomFile(path) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(stream, **options)


def may_be_given_to_itk(path: Path, compressed_pixels: int | None = None) -> bool:
    """Whether GDCM may read a file: deep nesting ends its process, and it expands without a limit.

    Parameters
    ----------
    path
        A file with one slice.
    compressed_pixels
        Pixels of the slice, if they are compressed: GDCM reserves what the compressed data state.
    """
    content = path.read_bytes()
    if compressed_pixels is not None and largest_stated(content) > compressed_pixels:
        return False
    return _DEFLATED not in content and all(content.count(item) <= MAX_DICOM_ITEMS for item in _ITEMS)
