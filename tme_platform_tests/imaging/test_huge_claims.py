"""Compressed images and outlines that claim to be huge are refused, within the memory that small ones take."""

import io
import struct
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from tme_platform.imaging import ImagingError, read_mask, read_series, rtstruct
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.support.dicom_files import write_enhanced, write_series
from tme_platform_tests.support.outline_files import at, disc, write_contours, write_frames

VOLUME = np.random.default_rng(0).integers(0, 255, (3, 16, 16)).astype("uint8")
REFERENCE = as_image(np.zeros((3, 16, 16), "float32"))
RLE = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 100
READ = """
import pathlib, resource, sys
from tme_platform.imaging import ImagingError, read_mask, read_series
import numpy as np, SimpleITK as sitk
reference = sitk.GetImageFromArray(np.zeros((3, 16, 16), "float32"))
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))

def most_memory():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # the other way counts what the parent had when this process was forked
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        read_series(path) if path.is_dir() else read_mask(path, reference)
        rule = "read"
    except ImagingError as error:
        rule = error.rule
    print(path.stem, rule, most_memory())
"""


def _encoded(values, form):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, form)
    return stream.getvalue()


def _jpeg(down=16, across=16):
    content = _encoded(VOLUME[0], "JPEG")
    place = content.index(b"\xff\xc0")
    return content[: place + 5] + struct.pack(">HH", down, across) + content[place + 9 :]


def _jpeg_2000(side=16):
    content = _encoded(VOLUME[0], "JPEG2000")
    stream = bytearray(content[content.index(b"\xff\x4f\xff\x51") :])
    for place in (8, 24):  # of the image, and of its tile
        struct.pack_into(">II", stream, place, side, side)
    return bytes(stream)


def _series(syntax, pixels, **tags):
    def make(folder):
        write_series(folder, VOLUME, uid="1.2.3")
        for path in folder.iterdir():
            found = dcmread(path)
            found.file_meta.TransferSyntaxUID = syntax
            found.BitsAllocated = found.BitsStored = 8
            found.HighBit = 7
            for tag, value in tags.items():
                setattr(found, tag, value)
            if pixels is not None:
                found.PixelData = encapsulate([pixels])
                found["PixelData"].VR = "OB"
            found.save_as(path, enforce_file_format=True)

    return make


def _multi_frame(folder):
    folder.mkdir()
    write_enhanced(folder / "e.dcm", [VOLUME.astype(int)])
    found = dcmread(folder / "e.dcm")
    found.NumberOfFrames = 2**31 - 1
    found.save_as(folder / "e.dcm")


def _segment(syntax=None, pixels=None, **tags):
    def make(path):
        write_frames(path, [((0, 0, z), VOLUME[z] > 99) for z in range(3)], between=1.0)
        found = dcmread(path)
        for tag, value in tags.items():
            setattr(found, tag, value)
        if syntax is not None:
            found.file_meta.TransferSyntaxUID = syntax
        if pixels is not None:
            found.PixelData = encapsulate([pixels] * 3)
            found["PixelData"].VR = "OB"
        found.save_as(path, enforce_file_format=True)

    return make


CASES = {
    "jpeg": (_series(JPEGBaseline8Bit, _jpeg()), {"read"}),
    "jpeg2000": (_series(JPEG2000Lossless, _jpeg_2000()), {"read"}),
    "jpeg_tags": (_series(JPEGBaseline8Bit, _jpeg(), Rows=60_000, Columns=60_000), {"image_too_large"}),
    "jpeg_stream": (_series(JPEGBaseline8Bit, _jpeg(20_000, 20_000)), {"image_compressed"}),
    "jpeg2000_stream": (_series(JPEG2000Lossless, _jpeg_2000(60_000)), {"image_compressed"}),
    "rle_tags": (_series(RLELossless, RLE, Rows=30_000, Columns=30_000), {"image_too_large"}),
    "rle_16_bits": (_series(RLELossless, RLE, Rows=18_000, Columns=18_000, BitsAllocated=32), {"image_too_large"}),
    "deflated_tags": (
        _series(DeflatedExplicitVRLittleEndian, None, Rows=60_000, Columns=60_000),
        {"image_too_large"},
    ),
    "frames": (_multi_frame, {"slices_unreadable"}),
    "seg_tags.dcm": (_segment(Rows=65_535, Columns=65_535, NumberOfFrames=9999), {"mask_too_large"}),
    "seg_frames.dcm": (_segment(NumberOfFrames=2**31 - 1), {"mask_too_large"}),
    "seg_negative.dcm": (_segment(NumberOfFrames=-3), {"mask_unreadable"}),
    "seg_bits.dcm": (_segment(BitsAllocated=65_535), {"mask_unreadable"}),
    "seg_rle.dcm": (_segment(RLELossless, RLE, Rows=20_000, Columns=20_000), {"mask_too_large"}),
    "seg_jpeg2000.dcm": (_segment(JPEG2000Lossless, _jpeg_2000(60_000)), {"mask_unreadable"}),
    "seg_deflated.dcm": (
        _segment(DeflatedExplicitVRLittleEndian, Rows=65_535, Columns=65_535, NumberOfFrames=9),
        {"mask_too_large"},
    ),
}


@pytest.fixture(scope="module")
def bounded(tmp_path_factory):
    """The rule of each case, and the largest memory of the process so far (MB)."""
    root = tmp_path_factory.mktemp("huge")
    for name, (make, _) in CASES.items():
        make(root / name)
    done = subprocess.run([sys.executable, "-c", READ, str(root)], capture_output=True, text=True, check=True)
    return {name: (rule, int(most)) for name, rule, most in map(str.split, done.stdout.splitlines())}


@pytest.mark.parametrize("name", CASES)
def test_claims_of_hugeness_are_refused_in_bounded_memory(bounded, name):
    rule, most = bounded[name.removesuffix(".dcm")]
    assert rule in CASES[name][1]
    assert most < 600


def test_a_compressed_slice_that_is_cut_is_named(tmp_path):
    _series(JPEGBaseline8Bit, _encoded(VOLUME[0], "JPEG"))(tmp_path / "s")
    path = sorted((tmp_path / "s").iterdir())[1]
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ImagingError, match=path.name) as raised:
        read_series(tmp_path / "s")
    assert raised.value.rule == "slices_unreadable"


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_CONTOURS", 5), ("MAX_CONTOURS_PER_SLICE", 1), ("MAX_CONTOUR_POINTS", 100)]
)
def test_contours_have_limits(tmp_path, monkeypatch, limit, value):
    drawn = [contour for z in range(3) for contour in at(z, disc(4, (8, 8)), disc(2, (8, 8)))]
    path = write_contours(tmp_path / "rs.dcm", drawn)
    assert sitk.GetArrayViewFromImage(read_mask(path, REFERENCE)).any()
    monkeypatch.setattr(rtstruct, limit, value)
    with pytest.raises(ImagingError, match="more than any outline") as raised:
        read_mask(path, REFERENCE)
    assert raised.value.rule == "mask_too_large"


@pytest.mark.parametrize("value", ["1e300", "-1e308", "1e999", "9" * 16, "nan"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_absurd_coordinates_are_refused(tmp_path, value, axis):
    def change(_, contour):
        data = [str(number) for number in np.ravel(contour.ContourData)]
        data[3 + axis] = value
        contour.ContourData = data

    path = write_contours(tmp_path / "rs.dcm", at(1, disc(4, (8, 8))), change=change)
    with pytest.raises(ImagingError) as raised:
        read_mask(path, REFERENCE)
    assert raised.value.rule in ("mask_unreadable", "mask_outside_image", "geometry_mismatch")
