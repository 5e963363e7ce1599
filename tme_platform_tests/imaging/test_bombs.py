"""Files that expand or nest without end are refused before they take memory; every error on a file is a rule."""

import gzip
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from tme_platform.imaging import ImagingError, read_mask, read_series
from tme_platform_tests.imaging.conftest import as_image

MR = "1.2.840.10008.5.1.4.1.1.4"
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2_500_000_000, 2_500_000_000))
from tme_platform.imaging import ImagingError, read_series
try:
    read_series(sys.argv[1])
except ImagingError as error:
    print(error.rule)
"""


def _slice(path, syntax=ExplicitVRLittleEndian, extra=b"", number=0):
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = MR
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = f"1.2.3.{number}"
    found.SOPClassUID, found.Modality, found.SeriesInstanceUID = MR, "MR", "1.2.4"
    found.Rows = found.Columns = 4
    found.BitsAllocated = found.BitsStored = 16
    found.HighBit, found.PixelRepresentation, found.SamplesPerPixel = 15, 0, 1
    found.PhotometricInterpretation = "MONOCHROME2"
    found.ImagePositionPatient, found.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    found.PixelSpacing = [1, 1]
    found.PixelData = bytes(range(number, number + 32))
    found.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    pixels = content.find(b"\xe0\x7f\x10\x00OW")
    content = content[:pixels] + extra + content[pixels:]
    if syntax == DeflatedExplicitVRLittleEndian:
        start = content.find(b"\x08\x00\x16\x00UI")
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = deflate.compress(content[start:]) + deflate.flush()
        found.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        found.save_as(path, enforce_file_format=True)
        head = path.read_bytes()
        # pydicom deflates what follows its meta header, which is kept
        length = struct.unpack_from("<I", head, 140)[0]
        content = head[: 144 + length] + body
    path.write_bytes(content)


def _bounded(path):
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _nifti(path, *sizes, offset=352.0):
    sitk.WriteImage(as_image(np.arange(60, dtype="float64").reshape(3, 4, 5)), str(path.with_suffix("")))
    data = bytearray(path.with_suffix("").read_bytes())
    struct.pack_into("<3h", data, 42, *sizes)
    struct.pack_into("<f", data, 108, offset)
    path.write_bytes(gzip.compress(bytes(data)))


def _deflated_bomb(folder):
    folder.mkdir()
    _slice(folder / "0.dcm", DeflatedExplicitVRLittleEndian)
    head = (folder / "0.dcm").read_bytes()
    start = 144 + struct.unpack_from("<I", head, 140)[0]
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, 0xF0000000))
    unit = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = unit.compress(bytes(1 << 24)) + unit.flush(zlib.Z_FULL_FLUSH)
    (folder / "0.dcm").write_bytes(head[:start] + body + deflate.flush(zlib.Z_FULL_FLUSH) + zeros * 200)
    return folder


BOMBS = {
    "NIfTI sizes": ("image_too_large", lambda d: _nifti(d / "a.nii.gz", 32767, 32767, 32767) or d / "a.nii.gz"),
    "NIfTI offset": ("image_too_large", lambda d: _nifti(d / "a.nii.gz", 5, 4, 3, offset=6e9) or d / "a.nii.gz"),
    "NRRD": (
        "image_too_large",
        lambda d: _text(
            d / "a.nrrd",
            "NRRD0005\ntype: double\ndimension: 3\nsizes: 1000 1000 500\nencoding: gzip\nendian: little\n\n",
        ),
    ),
    "MetaImage": (
        "image_too_large",
        lambda d: _text(
            d / "a.mha",
            "NDims = 3\nDimSize = 1000 1000 500\nElementType = MET_DOUBLE\nBinaryData = True\nCompressedData = True\n"
            "CompressedDataSize = 99999999999\nElementDataFile = LOCAL\n",
        ),
    ),
    "deflated DICOM": ("slices_unreadable", lambda d: _deflated_bomb(d / "series")),
}


def _text(path, text):
    path.write_bytes(text.encode() + zlib.compress(bytes(1000)))
    return path


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_in_bounded_memory(kind, tmp_path):
    rule, make = BOMBS[kind]
    assert _bounded(make(tmp_path)) == rule


def _nested(depth, undefined):
    if undefined:
        start = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
            "<HHI", 0xFFFE, 0xE000, 2**32 - 1
        )
        end = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
        return start * depth + end * depth
    levels = range(20 * (depth - 1), -1, -20)
    return b"".join(
        struct.pack("<HH2sHIHHI", 0x0040, 0xA730, b"SQ", 0, rest + 8, 0xFFFE, 0xE000, rest) for rest in levels
    )


@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_nested_without_end_end_no_process(tmp_path, undefined):
    for number in range(3):
        _slice(tmp_path / f"{number}.dcm", extra=_nested(100_000, undefined), number=number)
    done = subprocess.run([sys.executable, "-c", READ, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, "GDCM overflows the stack on it"


def test_deflated_slices_are_read(tmp_path):
    for number in range(3):
        _slice(tmp_path / f"{number}.dcm", DeflatedExplicitVRLittleEndian, number=number)
    image = read_series(tmp_path)
    assert sitk.GetArrayFromImage(image).tobytes() == b"".join(bytes(range(n, n + 32)) for n in range(3))


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (RecursionError(), "image_unreadable"),
        (struct.error("P. Name"), "image_unreadable"),
        (AssertionError(), "image_unreadable"),
        (OverflowError(), "image_unreadable"),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, ""), "image_unreadable"),
        (MemoryError(), "out_of_memory"),
        (OSError(5, "Input/output error"), "image_not_read"),
        (OSError("No tag to read at file position 1F"), "image_unreadable"),
    ],
)
def test_every_error_on_a_file_is_a_rule(tmp_path, monkeypatch, error, rule):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("tme_platform.imaging.series.read_volume", fail)
    with pytest.raises(ImagingError) as raised:
        read_series(tmp_path / "a.nii.gz")
    assert raised.value.rule == rule
    assert "P. Name" not in raised.value.message
    assert "report" not in raised.value.message


def test_a_mask_with_a_broken_type_is_a_rule(tmp_path):
    _slice(tmp_path / "a.dcm")
    content = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(content.replace(b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00\xff\xff"))
    with pytest.raises(ImagingError):
        read_mask(tmp_path / "a.dcm", as_image(np.zeros((3, 4, 5), "float32")))
