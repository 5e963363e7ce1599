"""Phases are in the order of time, or refused; what only looks like phases is refused with its reason."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import dcmread

from tme_platform.imaging import SERIES_NOTE, acquisition_tags, read_series
from tme_platform_tests.imaging.test_dicom_completeness import VOLUME, edited, refused, values
from tme_platform_tests.support.dicom_files import write_enhanced, write_series


def phases(folder, *tags, **same):
    """Write a series of phases, each 100 brighter than the one before; ``tags`` are those of each phase."""
    return [
        write_series(
            folder, VOLUME + 100 * number, uid="1.2.3", first=1 + 6 * number, **{"time": "100000"} | same | own
        )
        for number, own in enumerate(tags)
    ]


DAY, NEXT_DAY = "20200229", "20200301"
LATE, EARLY = "235930", "000030.5"
IN_ORDER = {
    "date and time": (
        {"AcquisitionDate": DAY, "time": LATE},
        {"AcquisitionDate": NEXT_DAY, "time": EARLY},
    ),
    "date and time in one": (
        {"AcquisitionDateTime": DAY + LATE},
        {"AcquisitionDateTime": NEXT_DAY + EARLY},
    ),
    "with time zones": (
        {"AcquisitionDateTime": "20200229235930+0100"},
        {"AcquisitionDateTime": "20200229230030+0000"},
    ),
    "date and time of content": (
        {"time": None, "ContentDate": DAY, "ContentTime": LATE},
        {"time": None, "ContentDate": NEXT_DAY, "ContentTime": EARLY},
    ),
    "temporal positions across midnight without dates": (
        {"TemporalPositionIdentifier": 1, "time": LATE},
        {"TemporalPositionIdentifier": 2, "time": EARLY},
    ),
    "trigger time within an acquisition": ({"TriggerTime": 0}, {"TriggerTime": 65000.5}),
    "trigger time of another acquisition": (
        {"time": "100000", "TriggerTime": 900},
        {"time": "100100", "TriggerTime": 0},
    ),
    "temporal position before the time of content": (
        {"TemporalPositionIdentifier": 1, "ContentTime": "110000"},
        {"TemporalPositionIdentifier": 2, "ContentTime": "105900"},
    ),
    "times of different precision": ({"time": "095959.123"}, {"time": "10"}),
}


@pytest.mark.parametrize("case", IN_ORDER)
@pytest.mark.parametrize("numbers", ["numbered in time", "numbered otherwise"])
def test_phases_are_in_the_order_of_time(case, numbers, tmp_path):
    for phase, files in enumerate(phases(tmp_path, *IN_ORDER[case])):
        for path in files:
            dated = any("Date" in name or "Temporal" in name for name in IN_ORDER[case][0])
            if numbers == "numbered otherwise" and dated:
                edited(path, InstanceNumber=int(dcmread(path).InstanceNumber) + (6 if phase == 0 else -6))
    later, earlier = values(tmp_path, phase=1), values(tmp_path, phase=0)
    assert (later.astype(int) - earlier == 100).all()
    assert read_series(tmp_path, phase=1).GetMetaDataKeys() == ()


AMBIGUOUS = {
    "temporal positions against times": (
        {"TemporalPositionIdentifier": 1, "time": "101000"},
        {"TemporalPositionIdentifier": 2, "time": "100000"},
    ),
    "temporal positions against trigger times": (
        {"TemporalPositionIdentifier": 2, "time": None, "TriggerTime": 0},
        {"TemporalPositionIdentifier": 1, "time": None, "TriggerTime": 60000},
    ),
    "midnight without dates": ({"time": LATE}, {"time": EARLY}),
    "midnight with one date for both": (
        {"AcquisitionDate": DAY, "time": LATE},
        {"AcquisitionDate": DAY, "time": EARLY},
    ),
    "midnight in the time of content": ({"time": None, "ContentTime": LATE}, {"time": None, "ContentTime": EARLY}),
    "content against instance numbers": (
        {"time": None, "ContentTime": "101000"},
        {"time": None, "ContentTime": "100000"},
    ),
    "times without dates against instance numbers": ({"time": "101000"}, {"time": "100000"}),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_orders_that_contradict_each_other_are_refused(case, tmp_path):
    phases(tmp_path, *AMBIGUOUS[case])
    assert "folder of its own" in refused("phase_order_ambiguous", tmp_path, phase=1, minus=0)


def test_nothing_that_decides_is_refused(tmp_path):
    for number in range(2):
        write_series(tmp_path, VOLUME + number, uid="1.2.3")
    assert "2 images at each slice position" in refused("phase_order_ambiguous", tmp_path, phase=0)


@pytest.mark.parametrize("time", ["100000", None])
def test_an_order_by_instance_numbers_is_stated(time, tmp_path):
    phases(tmp_path, {"time": time}, {"time": time})
    image = read_series(tmp_path, phase=1)
    assert (sitk.GetArrayFromImage(image) == VOLUME + 100).all()
    assert "instance numbers" in image.GetMetaData(SERIES_NOTE)


@pytest.mark.parametrize("third", [2, 3])
def test_phases_that_lost_different_slices_are_refused(third, tmp_path):
    """Two images at each position, but of three points in time."""
    files = phases(tmp_path, *({"TemporalPositionIdentifier": number} for number in (1, 2)))
    edited(files[0][3], TemporalPositionIdentifier=2)
    edited(files[1][3], TemporalPositionIdentifier=third + (third == 2))
    refused("phases_incomplete", tmp_path, phase=0)


def test_the_note_stays_with_a_difference_of_phases(tmp_path):
    write_series(tmp_path, VOLUME, uid="1.2.3")
    write_series(tmp_path, VOLUME * 2, uid="1.2.3", first=7)
    assert "instance numbers" in read_series(tmp_path, phase=1, minus=0).GetMetaData(SERIES_NOTE)


@pytest.mark.parametrize("shift", [0.0006, 0.015, -0.03])
def test_phases_may_lie_a_little_beside_each_other(shift, tmp_path):
    _, second = phases(tmp_path, {"time": "100000"}, {"time": "100100"})
    for path in second:
        x, y, z = map(float, dcmread(path).ImagePositionPatient)
        edited(path, ImagePositionPatient=[x, y, round(z + shift, 4)])
    difference = read_series(tmp_path, phase=1)
    assert (sitk.GetArrayFromImage(difference) == VOLUME + 100).all()
    assert difference.GetOrigin() == read_series(tmp_path, phase=0).GetOrigin()


@pytest.mark.parametrize(("shift", "rule"), [((0, 0, 0.4), "phases_shifted"), ((0.4, 0, 0), "series_two_slabs")])
def test_phases_that_were_moved_are_refused(shift, rule, tmp_path):
    _, second = phases(tmp_path, {"time": "100000"}, {"time": "100100"})
    for path in second:
        edited(path, ImagePositionPatient=list(np.add(dcmread(path).ImagePositionPatient, shift)))
    refused(rule, tmp_path, phase=0)


MAGNITUDE, PHASE = ["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"], ["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"]
ORIGINAL = ["ORIGINAL", "PRIMARY", "M", "ND"]
KINDS = {
    "6 of magnitude, 6 of phase map": ({"ImageType": MAGNITUDE}, {"ImageType": PHASE}),
    "6 of imaginary, 6 of real": (
        {"ComplexImageComponent": "REAL"},
        {"ComplexImageComponent": "IMAGINARY"},
    ),
    "6 of echo time 2.3 ms, 6 of echo time 4.6 ms": ({"EchoTime": 2.3}, {"EchoTime": 4.6}),
    "6 of b-value 0, 6 of b-value 800": ({"DiffusionBValue": 0.0}, {"DiffusionBValue": 800.0}),
    "6 of original, 6 of subtractions": (
        {"ImageType": ORIGINAL},
        {"ImageType": ["DERIVED", "PRIMARY", "M", "SUB"]},
    ),
    "6 of original, 6 of projections": (
        {"ImageType": ORIGINAL},
        {"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]},
    ),
    "6 of derived, 6 of original": ({"ImageType": ORIGINAL}, {"ImageType": ["DERIVED", "SECONDARY", "M", "ND"]}),
    "6 of F, 6 of W": ({"ImageType": [*ORIGINAL, "W"]}, {"ImageType": [*ORIGINAL, "F"]}),
}


@pytest.mark.parametrize("counts", KINDS)
@pytest.mark.parametrize("asked", [{}, {"phase": 1, "minus": 0}])
def test_images_of_several_kinds_are_no_phases(counts, asked, tmp_path):
    phases(tmp_path, *KINDS[counts])
    message = refused("image_kinds_mixed", tmp_path, **asked)
    assert f"({counts})" in message
    assert "folder of their own" in message


def test_private_tags_of_a_maker_tell_kinds_apart(tmp_path):
    for number, files in enumerate(phases(tmp_path, {"time": "100000"}, {"time": "100100"})):
        for path in files:
            dataset = dcmread(path)
            dataset.Manufacturer = "SIEMENS"
            dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(700 * number))
            dataset.save_as(path)
    # the creator reserves block 0x10, as in files of the scanner
    assert "6 of b-value 0, 6 of b-value 700" in refused("image_kinds_mixed", tmp_path, phase=0)


def test_a_derived_series_of_one_kind_is_read(tmp_path):
    write_series(tmp_path, VOLUME, ImageType=["DERIVED", "PRIMARY", "M", "SUB"])
    assert (values(tmp_path) == VOLUME).all()


def test_mosaics_are_named(tmp_path):
    write_series(tmp_path, VOLUME[:2], ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    assert "mosaic images (Siemens)" in refused("image_mosaic", tmp_path)


def test_two_slabs_one_above_the_other(tmp_path):
    for path in write_series(tmp_path, VOLUME)[3:]:
        x, y, z = dcmread(path).ImagePositionPatient
        edited(path, ImagePositionPatient=[x, y, z + 60])
    assert "two slabs in one series, of 3 and 3 slices, 62.5 mm apart" in refused("series_two_slabs", tmp_path)


def test_two_slabs_side_by_side(tmp_path):
    left, _ = phases(tmp_path, {"time": "100000"}, {"time": "100100"})
    for path in left:
        x, y, z = dcmread(path).ImagePositionPatient
        edited(path, ImagePositionPatient=[x + 150, y, z])
    assert "up to 150.00 mm beside each other" in refused("series_two_slabs", tmp_path, phase=0)


def test_a_tilted_gantry_is_refused(tmp_path):
    for number, path in enumerate(write_series(tmp_path, VOLUME)):
        x, y, z = dcmread(path).ImagePositionPatient
        edited(path, ImagePositionPatient=[x, y + 0.5 * number, z])
    assert "shifted by up to 2.50 mm" in refused("slices_shifted", tmp_path)


def test_a_localiser_in_the_series_is_told_by_its_orientation(tmp_path):
    write_series(tmp_path, VOLUME, uid="1.2.3")
    write_series(tmp_path, VOLUME[:2], uid="1.2.3", ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    assert "differ in orientation (6 of 8 are alike)" in refused("series_mixed", tmp_path)


@pytest.mark.parametrize("orientation", [[0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 2, 0]])
def test_an_orientation_that_cannot_be_is_refused(orientation, tmp_path):
    write_series(tmp_path, VOLUME, ImageOrientationPatient=orientation)
    refused("image_unreadable", tmp_path)


@pytest.mark.parametrize("by_slice", [False, True])
def test_an_enhanced_file_is_read_as_its_slices(by_slice, tmp_path):
    write_enhanced(tmp_path / "enhanced" / "e.dcm", [VOLUME, VOLUME + 50], by_slice=by_slice)
    phases(tmp_path / "plain", {"time": "100000"}, {"time": "100100"})
    enhanced, plain = (read_series(tmp_path / name, phase=0) for name in ("enhanced", "plain"))
    assert (sitk.GetArrayFromImage(enhanced) == VOLUME).all()
    for property_of in (sitk.Image.GetSpacing, sitk.Image.GetOrigin, sitk.Image.GetDirection):
        assert property_of(enhanced) == pytest.approx(property_of(plain))
    assert (values(tmp_path / "enhanced", phase=1) == VOLUME + 50).all()
    refused("phase_ambiguous", tmp_path / "enhanced")
    read = acquisition_tags(tmp_path / "enhanced")
    assert (read["manufacturer"], read["echo_time_ms"], read["repetition_time_ms"]) == ("ACME", 2.4, 5.2)
    assert (read["spacing_x_mm"], read["slice_thickness_mm"]) == (0.8, 2.5)


def test_each_frame_has_its_own_slope(tmp_path):
    write_enhanced(tmp_path / "e.dcm", [VOLUME, VOLUME + 10], slopes=(0.5, 2.0))
    assert np.array_equal(values(tmp_path, phase=0), VOLUME * 0.5)
    assert np.array_equal(values(tmp_path, phase=1), (VOLUME + 10) * 2.0)


def test_several_enhanced_files_are_phases_in_the_order_of_their_times(tmp_path):
    for number, time in enumerate((LATE, EARLY)):
        date = (DAY, NEXT_DAY)[number]
        write_enhanced(
            tmp_path / f"{9 - number}.dcm", [VOLUME + 7 * number], AcquisitionDateTime=date + time, InstanceNumber=1
        )
    for path in tmp_path.iterdir():
        dataset = dcmread(path)
        for groups in dataset.PerFrameFunctionalGroupsSequence:
            del groups.FrameContentSequence
        dataset.save_as(path)
    assert (values(tmp_path, phase=1).astype(int) - values(tmp_path, phase=0) == 7).all()


def test_magnitude_and_phase_frames_of_an_enhanced_file_are_refused(tmp_path):
    path = write_enhanced(tmp_path / "e.dcm", [VOLUME, VOLUME + 1])
    dataset = dcmread(path)
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        groups.FrameContentSequence[0].TemporalPositionIndex = 1
        groups.MRImageFrameTypeSequence = [type(groups)()]
        groups.MRImageFrameTypeSequence[0].ComplexImageComponent = "MAGNITUDE" if number < 6 else "PHASE"
    dataset.save_as(path)
    assert "6 of magnitude, 6 of phase map" in refused("image_kinds_mixed", tmp_path, phase=0)
