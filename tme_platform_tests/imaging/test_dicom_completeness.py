"""No file of a series is left out without a word, and no missing slice goes unseen where the tags tell of it."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from tme_platform.imaging import SERIES_NOTE, ImagingError, read_series
from tme_platform_tests.imaging.conftest import ellipsoid
from tme_platform_tests.support.dicom_files import write_enhanced, write_series, write_structure

VOLUME = np.random.default_rng(1).integers(0, 1000, (6, 9, 8))


def refused(rule, *arguments, **named):
    """The message of the error that reading must raise."""
    with pytest.raises(ImagingError) as raised:
        read_series(*arguments, **named)
    assert raised.value.rule == rule, raised.value.message
    return raised.value.message


def values(*arguments, **named):
    return sitk.GetArrayFromImage(read_series(*arguments, **named))


def edited(path, **tags):
    dataset = dcmread(path)
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    dataset.save_as(path)


def cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


DAMAGE = {
    "empty": lambda path: cut(path, 0),
    "cut in the preamble": lambda path: cut(path, 100),
    "cut in the header": lambda path: cut(path, 420),
    "cut before the pixels": lambda path: cut(path, path.stat().st_size - 150),
    "cut by two voxels": lambda path: cut(path, path.stat().st_size - 4),
    "nothing but zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_refuses_its_series_and_is_named(damage, tmp_path):
    last = write_series(tmp_path / "d", VOLUME)[-1]
    DAMAGE[damage](last)
    message = refused("slices_unreadable", tmp_path / "d")
    assert f"1 files of d cannot be read as DICOM images ({last.name}), beside 5 images" in message
    image = read_series(tmp_path / "d", allow_incomplete=True)
    assert image.GetSize()[2] == 5
    assert image.GetMetaData(SERIES_NOTE) == "1 files of the series could not be read"


def test_names_without_suffix_or_made_of_numbers_count_as_slices(tmp_path):
    for number, path in enumerate(write_series(tmp_path, VOLUME)):
        path.rename(tmp_path / f"1.2.840.{number}")
    (tmp_path / "README").write_text("Made for a test.\n")
    assert (values(tmp_path) == VOLUME).all()
    (tmp_path / "1.2.840.5").write_bytes(b"")
    assert "(1.2.840.5)" in refused("slices_unreadable", tmp_path)


def test_many_damaged_files_are_counted_and_some_named(tmp_path):
    for path in write_series(tmp_path, VOLUME):
        cut(path, 0)
    message = refused("slices_unreadable", tmp_path)
    assert message.startswith(f"6 files of {tmp_path.name} cannot be read")
    assert "and 1 more), beside 0 images" in message


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("which", [slice(None), slice(3, None)])
def test_files_without_preamble_and_meta_header_are_read(implicit, which, tmp_path):
    for path in write_series(tmp_path, VOLUME)[which]:
        dataset = dcmread(path)
        del dataset.file_meta
        dataset.preamble = None
        dataset.save_as(path, implicit_vr=implicit, little_endian=True)
        assert path.read_bytes()[:2] == b"\x08\x00"
    assert (values(tmp_path) == VOLUME).all()


def test_what_is_no_image_does_not_refuse(tmp_path):
    write_series(tmp_path, VOLUME)
    write_structure(tmp_path / "RS.dcm", ellipsoid((5, 5, 5))[1])
    report = dcmread(write_structure(tmp_path / "report.dcm", ellipsoid((5, 5, 5))[1]))
    report.Modality = "SR"
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    report.save_as(tmp_path / "report.dcm")
    for name, content in (
        ("DICOMDIR", b""),
        ("notes.txt", b""),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0"),
        (".DS_Store", b"\0\0\0\1Bud1"),
        ("._s000.dcm", b"\0\5\x16\7"),
        ("LICENCE", b"Copyright\n"),
        ("preview.jpg", b"\xff\xd8\xff"),
    ):
        (tmp_path / name).write_bytes(content)
    assert (values(tmp_path) == VOLUME).all()


def test_damage_in_the_folder_of_another_series_does_not_refuse(tmp_path):
    write_series(tmp_path / "a", VOLUME, number=1)
    localiser = write_series(tmp_path / "b", VOLUME[:3], number=2)
    cut(localiser[0], 0)
    assert (values(tmp_path, series="1") == VOLUME).all()
    refused("slices_unreadable", tmp_path, series="2")


def test_spectra_without_pixels_are_no_images(tmp_path):
    write_series(tmp_path, VOLUME)
    spectrum = dcmread(write_series(tmp_path, VOLUME[:1], uid="1.2.9")[0])
    for tag in ("Rows", "Columns", "PixelData"):
        delattr(spectrum, tag)
    spectrum.SOPClassUID = spectrum.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.2"
    spectrum.save_as(tmp_path / "spectrum.dcm")
    for path in tmp_path.glob("*.dcm"):
        if path.name != "spectrum.dcm" and dcmread(path).SeriesInstanceUID == "1.2.9":
            path.unlink()
    assert (values(tmp_path) == VOLUME).all()


def _two_phases(folder, **tags):
    return [
        write_series(folder, VOLUME + 10 * phase, uid="1.2.3", time=f"10{phase}000", first=1 + 6 * phase, **tags)
        for phase in range(2)
    ]


def _without_ends(folder, **tags):
    for files in _two_phases(folder, **tags):
        for path in files[4:]:
            path.unlink()


def test_a_phase_in_a_series_of_its_own_counts_the_images_of_all_phases(tmp_path):
    tags = {"ImagesInAcquisition": 3 * len(VOLUME), "NumberOfTemporalPositions": 3, "TemporalPositionIdentifier": 2}
    write_series(tmp_path, VOLUME, **tags)
    assert (values(tmp_path) == VOLUME).all()


INCOMPLETE = {
    "2 instance numbers are missing": _without_ends,
    "6 slices": lambda d: _without_ends(d, NumberOfSlices=6, InstanceNumber=None),
    "6 images in an acquisition": lambda d: [p.unlink() for p in write_series(d, VOLUME, ImagesInAcquisition=6)[3:]],
    "12 images in an acquisition": lambda d: _without_ends(d, ImagesInAcquisition=12, InstanceNumber=None),
    "3 phases": lambda d: _two_phases(d, NumberOfTemporalPositions=3),
}


@pytest.mark.parametrize("said", INCOMPLETE)
def test_slices_missing_at_the_ends_are_seen_in_the_tags(said, tmp_path):
    INCOMPLETE[said](tmp_path)
    message = refused("series_incomplete", tmp_path, phase=0)
    assert said in message
    assert "allow_incomplete" in message
    assert said in read_series(tmp_path, phase=0, allow_incomplete=True).GetMetaData(SERIES_NOTE)


@pytest.mark.parametrize(
    "tags",
    [
        {"ImagesInAcquisition": 6},  # of each phase
        {"ImagesInAcquisition": 12},  # of both
        {"NumberOfSlices": 6, "NumberOfTemporalPositions": 2},
        {},
    ],
)
def test_complete_series_pass_whichever_way_they_count(tags, tmp_path):
    for phase, files in enumerate(_two_phases(tmp_path, **tags)):
        for path in files:
            edited(path, AcquisitionNumber=phase + 1)
    assert (values(tmp_path, phase=1) == VOLUME + 10).all()


def test_every_second_instance_number_is_a_complete_series(tmp_path):
    for path in write_series(tmp_path, VOLUME):
        edited(path, InstanceNumber=2 * int(dcmread(path).InstanceNumber))
    assert (values(tmp_path) == VOLUME).all()


def test_a_gap_is_never_allowed(tmp_path):
    write_series(tmp_path, VOLUME)[2].unlink()
    refused("slices_missing", tmp_path, allow_incomplete=True)


def test_copies_count_once(tmp_path):
    for path in write_series(tmp_path, VOLUME):
        shutil.copy(path, path.with_name(f"{path.stem} (1).dcm"))
    one = next(iter(tmp_path.glob("* (1).dcm")))
    again = dcmread(one)
    again.preamble = b"II*\0" + bytes(124)  # the same image with other bytes around it
    again.save_as(one)
    assert (values(tmp_path) == VOLUME).all()


@pytest.mark.parametrize("change", [{"InstanceNumber": 77}, {"PixelData": bytes(144)}])
def test_copies_that_differ_are_refused(change, tmp_path):
    path = write_series(tmp_path, VOLUME)[1]
    shutil.copy(path, tmp_path / "again.dcm")
    edited(tmp_path / "again.dcm", **change)
    assert "again.dcm" in refused("series_duplicated", tmp_path)


@pytest.mark.parametrize("tags", [{}, {"AcquisitionNumber": 2}])
def test_copies_with_other_identifiers_are_no_phases(tags, tmp_path):
    for path in write_series(tmp_path, VOLUME):
        shutil.copy(path, path.with_name(f"{path.stem}_2.dcm"))
        edited(path.with_name(f"{path.stem}_2.dcm"), SOPInstanceUID=generate_uid(), InstanceNumber=50, **tags)
    for path in tmp_path.glob("*_2.dcm"):
        edited(path, InstanceNumber=int(10 + dcmread(path).ImagePositionPatient[2]))
    assert "same pixels" in refused("series_duplicated", tmp_path)


def test_an_enhanced_file_that_is_cut_or_miscounts_its_frames_is_damaged(tmp_path):
    path = write_enhanced(tmp_path / "e.dcm", [VOLUME])
    whole = path.read_bytes()
    cut(path, len(whole) - 200)
    refused("slices_unreadable", tmp_path)
    path.write_bytes(whole)
    edited(path, NumberOfFrames=5)
    refused("slices_unreadable", tmp_path)


def test_implicit_files_of_a_compressed_or_unknown_kind_do_not_pass_as_text(tmp_path):
    files = write_series(tmp_path, VOLUME)
    dataset = dcmread(files[0])
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(files[0], implicit_vr=True, little_endian=True)
    assert (values(tmp_path) == VOLUME).all()


def test_a_file_of_another_modality_in_the_series_is_damaged(tmp_path):
    last = write_series(tmp_path, VOLUME)[-1]
    edited(last, Modality="XR")
    assert last.name in refused("slices_unreadable", tmp_path)
