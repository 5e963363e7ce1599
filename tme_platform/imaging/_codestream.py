"""The size that compressed pixels state themselves: decoders go by it, and not by the tags of the DICOM file."""

import struct
from collections.abc import Iterator

_JPEG, _JPEG_2000 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG frame, the last one of JPEG-LS."""
_SCAN, _END = 0xDA, 0xD9


def largest_stated(content: bytes) -> int:
    """Return the pixels of the largest JPEG, JPEG-LS or JPEG 2000 image in a file; 0 if there is none."""
    return max((across * down for across, down in (*_jpeg(content), *_jpeg_2000(content))), default=0)


def _jpeg(content: bytes) -> Iterator[tuple[int, int]]:
    for start in _places(content, _JPEG):
        place = start + 2
        while place + 9 <= len(content) and content[place] == 0xFF and content[place + 1] not in (_SCAN, _END):
            if content[place + 1] in _FRAME_MARKERS:
                down, across = struct.unpack_from(">HH", content, place + 5)
                yield across, down
            place += 2 + max(struct.unpack_from(">H", content, place + 2)[0], 2)


def _jpeg_2000(content: bytes) -> Iterator[tuple[int, int]]:
    for start in _places(content, _JPEG_2000):
        if start + 24 <= len(content):
            right, bottom, left, top = struct.unpack_from(">4I", content, start + 8)
            yield right - left, bottom - top


def _places(content: bytes, mark: bytes) -> Iterator[int]:
    place = content.find(mark)
    while place >= 0:
        yield place
        place = content.find(mark, place + 1)
