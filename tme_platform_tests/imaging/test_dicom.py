import json
import logging
import shutil

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from tme_platform.imaging import ImagingError, acquisition_tags, read_mask, read_series, region_quality
from tme_platform_tests.imaging.conftest import ellipsoid
from tme_platform_tests.support.dicom_files import PLANTED, write_series, write_structure

VOLUME = np.random.default_rng(1).integers(0, 1000, (6, 9, 8))


def dice(a, b):
    a, b = (sitk.GetArrayViewFromImage(mask) > 0 for mask in (a, b))
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def rule_of(call, *arguments, **named):
    with pytest.raises(ImagingError) as raised:
        call(*arguments, **named)
    return raised.value.rule


def test_slices_are_sorted_by_position(tmp_path):
    write_series(tmp_path, VOLUME)
    image = read_series(tmp_path)
    assert (sitk.GetArrayFromImage(image) == VOLUME).all()
    assert image.GetSpacing() == pytest.approx((0.8, 0.8, 2.5))
    assert image.GetOrigin() == pytest.approx((-10, -20, 30))
    assert image.GetDirection() == pytest.approx(np.eye(3).ravel())
    assert image.GetMetaDataKeys() == ()


def test_real_series_equals_its_nifti_copy(reference, landing):
    image = read_series(reference / "dicom" / "sts_008_image")
    nifti = read_series(landing / "soft_tissue_mr" / "images" / "STS_008_MR_T1_image.nii.gz")
    assert image.GetSize() == nifti.GetSize()
    assert image.GetSpacing() == pytest.approx(nifti.GetSpacing(), rel=1e-6)
    assert image.GetOrigin() == pytest.approx(nifti.GetOrigin(), abs=1e-4)
    # intensities of the collection's NIfTI copies are rescaled
    correlation = np.corrcoef(sitk.GetArrayFromImage(image).ravel(), sitk.GetArrayFromImage(nifti).ravel())
    assert correlation[0, 1] > 0.9999


def test_folder_with_several_series(tmp_path):
    write_series(tmp_path / "a", VOLUME, number=3)
    write_series(tmp_path / "b", VOLUME[:4] * 2, number=5)
    with pytest.raises(ImagingError, match=r"3 \(MR, 6 images\), 5 \(MR, 4 images\)") as raised:
        read_series(tmp_path)
    assert raised.value.rule == "series_ambiguous"
    assert "dicom_series in imaging.csv, --series of tme score" in raised.value.message
    assert read_series(tmp_path, series="5").GetSize()[2] == 4
    assert rule_of(read_series, tmp_path, series="4") == "series_missing"


def test_two_series_with_the_same_number(tmp_path):
    for uid in ("1.2.3", "1.2.4"):
        write_series(tmp_path, VOLUME, uid=uid, number=7)
    with pytest.raises(ImagingError, match=r"7a .* 7b"):
        read_series(tmp_path)
    assert read_series(tmp_path, series="7b").GetSize() == read_series(tmp_path, series="1.2.3").GetSize()


def test_phases_are_sorted_by_time(tmp_path):
    for phase, time in enumerate(("101500", "100000", "103000.5")):
        write_series(tmp_path, VOLUME + 100 * phase, uid="1.2.3", time=time)
    assert rule_of(read_series, tmp_path) == "phase_ambiguous"
    assert (sitk.GetArrayFromImage(read_series(tmp_path, phase=0)) == VOLUME + 100).all()
    assert (sitk.GetArrayFromImage(read_series(tmp_path, phase=1)) == VOLUME).all()
    assert (sitk.GetArrayFromImage(read_series(tmp_path, phase=2)) == VOLUME + 200).all()
    assert rule_of(read_series, tmp_path, phase=3) == "phase_missing"


def test_subtraction_of_phases(tmp_path):
    enhanced = VOLUME + np.arange(6)[:, None, None] * 10
    write_series(tmp_path, VOLUME, uid="1.2.3", time="100000")
    write_series(tmp_path, enhanced, uid="1.2.3", time="100130")
    assert (sitk.GetArrayFromImage(read_series(tmp_path, phase=1, minus=0)) == enhanced - VOLUME).all()


BROKEN = {
    "slices_missing": lambda d: write_series(d, VOLUME)[2].unlink(),
    "phases_incomplete": lambda d: (
        write_series(d, VOLUME, uid="1.2"),
        write_series(d, VOLUME, uid="1.2", time="110000")[1].unlink(),
    ),
    "series_mixed": lambda d: (write_series(d, VOLUME, uid="1.2"), write_series(d, VOLUME[:, :5], uid="1.2")),
    "slices_uneven": lambda d: _move(write_series(d, VOLUME)[3], 0.9),
    "image_not_3d": lambda d: write_series(d, VOLUME[:1]),
    "zero_spacing": lambda d: write_series(d, VOLUME, spacing=(0.0, 0.8, 2.5)),
    "multi_component_colour": lambda d: write_series(d, VOLUME, SamplesPerPixel=3),
    "image_multiframe": lambda d: write_series(d, VOLUME[:1], NumberOfFrames=4),
    "image_compressed": lambda d: [_as_compressed(path) for path in write_series(d, VOLUME)],
    "image_unreadable": lambda d: [_without_position(path) for path in write_series(d, VOLUME)],
    "image_missing": lambda d: write_structure(d / "rs.dcm", ellipsoid((5, 5, 5))[1]),
    "image_constant": lambda d: write_series(d, VOLUME * 0 + 3),
}


def _move(path, by):
    slice_ = dcmread(path)
    slice_.ImagePositionPatient[2] += by
    slice_.save_as(path)


def _without_position(path):
    slice_ = dcmread(path)
    del slice_.ImagePositionPatient
    slice_.save_as(path)


def _as_compressed(path):
    """Declare JPEG 2000 and store noise."""
    slice_ = dcmread(path)
    slice_.file_meta.TransferSyntaxUID = JPEG2000Lossless
    slice_.PixelData = encapsulate([b"noise" * 20])
    slice_["PixelData"].is_undefined_length = True
    slice_.save_as(path)


@pytest.mark.parametrize("rule", BROKEN)
def test_broken_series(rule, tmp_path):
    BROKEN[rule](tmp_path)
    assert rule_of(read_series, tmp_path) == rule


def test_segment_equals_its_label_map(reference):
    folder = reference / "dicom" / "ct_seg"
    image = read_series(folder)
    assert dice(read_mask(folder / "liver.dcm", image), read_mask(folder / "liver_seg.nrrd", image)) == 1


def test_overlapping_segments(reference):
    folder = reference / "dicom" / "ct_seg"
    image = read_series(folder)
    assert rule_of(read_mask, folder / "partial_overlaps.dcm", image) == "mask_label_ambiguous"
    assert rule_of(read_mask, folder / "partial_overlaps.dcm", image, 9) == "mask_label_missing"
    green, orange = (
        sitk.GetArrayFromImage(read_mask(folder / "partial_overlaps.dcm", image, number)) > 0 for number in (1, 2)
    )
    assert (green & orange).any()
    assert (green & ~orange).any()


def test_real_structure_matches_its_mask(reference, landing):
    image = read_series(reference / "dicom" / "sts_008_image")
    drawn = read_mask(reference / "dicom" / "sts_008_outline" / "RS.dcm", image)
    assert dice(drawn, read_mask(reference / "dicom" / "sts_008_outline", image)) == 1
    assert rule_of(read_mask, reference / "dicom" / "sts_008_image", image) == "mask_missing"
    assert dice(drawn, read_mask(landing / "soft_tissue_mr" / "images" / "STS_008_MR_T1_mask.nii.gz", image)) >= 0.98


def test_structure_written_from_a_mask_round_trips(tmp_path):
    image, mask = ellipsoid((12, 9, 10), (0.9, 0.9, 3.0))
    values = sitk.GetArrayFromImage(mask)
    values[:, 17:20, 15:19] = 0  # a hole: a polygon within a polygon
    hollow = sitk.GetImageFromArray(values)
    hollow.CopyInformation(mask)
    assert dice(read_mask(write_structure(tmp_path / "rs.dcm", hollow), image), hollow) >= 0.98


def test_unusable_structures_raise(tmp_path):
    image, mask = ellipsoid((8, 8, 8))
    both = write_structure(tmp_path / "two.dcm", mask, (1, 2))
    assert rule_of(read_mask, both, image) == "mask_label_ambiguous"
    assert rule_of(read_mask, both, image, 3) == "mask_label_missing"
    assert rule_of(read_mask, write_structure(tmp_path / "none.dcm", mask * 0), image) == "mask_empty"
    elsewhere = sitk.Image(image)
    elsewhere.SetOrigin((300.0, 0.0, 0.0))
    assert rule_of(read_mask, both, elsewhere, 1) == "mask_outside_image"
    tilted = sitk.Image(image)
    tilted.SetDirection((1, 0, 0, 0, 0, -1, 0, 1, 0))
    assert rule_of(read_mask, both, tilted, 1) == "geometry_mismatch"
    slice_ = write_series(tmp_path / "series", VOLUME)[0]
    assert rule_of(read_mask, slice_, image) == "mask_format_unknown"


def test_acquisition_tags(tmp_path):
    write_series(tmp_path, VOLUME, MagneticFieldStrength=15000)
    assert acquisition_tags(tmp_path) == {
        "manufacturer": "ACME",
        "model": "Magneto",
        "field_strength_t": 1.5,
        "repetition_time_ms": 5.2,
        "echo_time_ms": 2.4,
        "flip_angle_deg": 12.0,
        "spacing_x_mm": 0.8,
        "spacing_y_mm": 0.8,
        "slice_thickness_mm": 2.5,
    }


def test_personal_data_are_not_passed_on(tmp_path, caplog):
    """Names, dates and numbers planted in every file appear in no image, table row, tag, message or log."""
    caplog.set_level(logging.DEBUG)
    files = write_series(tmp_path / "series", VOLUME)
    image = read_series(tmp_path / "series")
    inside = sitk.GetImageFromArray(np.pad(np.ones((3, 4, 4), "uint8"), ((1, 2), (2, 3), (2, 2))))
    inside.CopyInformation(image)
    mask = read_mask(write_structure(tmp_path / "rs.dcm", inside), image)
    outputs = [json.dumps(acquisition_tags(tmp_path / "series")), json.dumps(region_quality(image, mask))]
    outputs += [f"{key} {volume.GetMetaData(key)}" for volume in (image, mask) for key in volume.GetMetaDataKeys()]
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    outputs.append((tmp_path / "a.nrrd").read_bytes().decode("latin1"))
    shutil.copytree(tmp_path / "series", tmp_path / "two" / "a")
    write_series(tmp_path / "two" / "b", VOLUME, number=2)
    files[2].unlink()
    for folder in ("series", "two"):
        with pytest.raises(ImagingError) as raised:
            read_series(tmp_path / folder)
        outputs.append(str(raised.value))
    everything = "\n".join([*outputs, caplog.text])
    for value in PLANTED.values():
        assert value not in everything
        assert value.split("^")[0] not in everything
