"""A DICOM outline of another patient, frame of reference or series than its DICOM image is refused."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import dcmread

from tme_platform.imaging import ImagingError, read_mask, read_series
from tme_platform_tests.support.dicom_files import write_series
from tme_platform_tests.support.outline_files import at, disc, write_contours, write_frames

FRAME, PATIENT = "1.2.840.99.1", "MRN-4711-0815"
VOLUME = np.random.default_rng(1).integers(0, 1000, (6, 24, 24))
CENTRE = (-10 + 11 * 0.8, -20 + 11 * 0.8)


@pytest.fixture
def series(tmp_path):
    files = write_series(tmp_path / "series", VOLUME, FrameOfReferenceUID=FRAME, PatientID=PATIENT)
    return read_series(tmp_path / "series"), [dcmread(path).SOPInstanceUID for path in files]


def contours(path, **options):
    drawn = [contour for z in (32.5, 35.0) for contour in at(z, disc(4.0, CENTRE))]
    return write_contours(path, drawn, **options)


def frames(path, **options):
    inside = np.zeros((24, 24), "uint8")
    inside[6:17, 6:17] = 1
    positions = [(-10, -20, 32.5), (-10, -20, 35.0)]
    return write_frames(path, [(p, inside) for p in positions], spacing=(0.8, 0.8), between=2.5, **options)


KINDS = pytest.mark.parametrize("write", [contours, frames])


@KINDS
def test_its_own_outline_is_read(write, series, tmp_path):
    image, uids = series
    for options in (
        {},
        {"frame": FRAME},
        {"patient": f" {PATIENT} "},
        {"frame": FRAME, "patient": PATIENT, "images": uids[1:3]},
        {"images": uids[1:3]},
    ):
        mask = read_mask(write(tmp_path / "o.dcm", **options), image, 1)
        assert sitk.GetArrayViewFromImage(mask).any()
        assert "another series" not in (mask.GetMetaData("geometry_note") if mask.GetMetaDataKeys() else "")


@KINDS
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"patient": "MRN-1"}, "patient_mismatch"),
        ({"frame": FRAME, "patient": "MRN-4711-0816"}, "patient_mismatch"),
        ({"frame": "1.2.840.99.2"}, "frame_of_reference_mismatch"),
        ({"frame": "1.2.840.99", "patient": PATIENT}, "frame_of_reference_mismatch"),
        ({"images": ["1.2.3.4"]}, "series_mismatch"),
    ],
)
def test_another_one_is_refused_without_quoting_identifiers(write, options, rule, series, tmp_path):
    path = write(tmp_path / "o.dcm", **options)
    with pytest.raises(ImagingError) as raised:
        read_mask(path, series[0], 1)
    assert raised.value.rule == rule
    for identifier in ("MRN", "1.2.840", "1.2.3.4"):
        assert identifier not in raised.value.message


@KINDS
def test_an_outline_of_another_series_in_the_same_frame_is_noted(write, series, tmp_path):
    mask = read_mask(write(tmp_path / "o.dcm", frame=FRAME, patient=PATIENT, images=["1.2.3.4"]), series[0], 1)
    assert "another series in the same frame of reference" in mask.GetMetaData("geometry_note")


@KINDS
def test_an_image_that_is_not_dicom_cannot_be_compared(write, series, tmp_path):
    sitk.WriteImage(series[0], str(tmp_path / "image.nii.gz"))
    image = read_series(tmp_path / "image.nii.gz")
    assert sitk.GetArrayViewFromImage(read_mask(write(tmp_path / "o.dcm", patient="MRN-1"), image, 1)).any()


def test_the_chosen_series_counts_not_the_folder(tmp_path):
    for number, frame in ((1, FRAME), (2, "1.2.840.99.7")):
        write_series(tmp_path / f"s{number}", VOLUME, number=number, FrameOfReferenceUID=frame)
    path = contours(tmp_path / "o.dcm", frame=FRAME)
    assert sitk.GetArrayViewFromImage(read_mask(path, read_series(tmp_path, series="1"))).any()
    with pytest.raises(ImagingError, match="another frame of reference"):
        read_mask(path, read_series(tmp_path, series="2"))
