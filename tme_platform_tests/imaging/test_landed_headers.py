"""Image headers that name other files: no voxel from outside the landing folder is ever read."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, data_file, read_exclusion, read_mask, read_series
from tme_platform_tests.imaging.conftest import as_image

SECRET = 77
SHAPE = (3, 4, 5)
META = "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 5 4 3\nElementType = MET_UCHAR\n"
NRRD = "NRRD0005\ntype: uint8\ndimension: 3\nsizes: 5 4 3\nencoding: raw\n"
TRICKS = {
    "colon": (".mhd", META + "ElementDataFile : {secret}\n"),
    "no spaces": (".mhd", META + "ElementDataFile={secret}\n"),
    "second key": (".mhd", META + "ElementDataFile = a.raw\nElementDataFile = {secret}\n"),
    "second key first": (".mha", META + "ElementDataFile = {secret}\nElementDataFile = LOCAL\n"),
    "spaces before": (".mhd", META + "   ElementDataFile   =   {secret}\n"),
    "spaces in the key": (".mhd", META + "Element Data File = {secret}\n"),
    "70,000 newlines": (".mhd", "\n" * 70_000 + META + "ElementDataFile = {secret}\n"),
    "two megabytes of newlines": (".mhd", "\n" * 2_000_000 + META + "ElementDataFile = {secret}\n"),
    "list": (".mhd", META + "ElementDataFile = LIST\n{secret}\n"),
    "pattern": (".mhd", META + "ElementDataFile = {folder}/s%03d.raw 1 1 1\n"),
    "mha": (".mha", META + "ElementDataFile = {secret}\n"),
    "link": (".mhd", META + "ElementDataFile = link.raw\n"),
    "linked folder": (".mhd", META + "ElementDataFile = linked/secret.raw\n"),
    "nhdr key": (".nhdr", NRRD + "DATAFILE:={secret}\n\n"),
    "nhdr upper case": (".nhdr", NRRD + "DATA FILE: {secret}\n\n"),
    "nhdr key with a space": (".nhdr", NRRD + "data file:={secret}\n\n"),
    "nhdr without space": (".nhdr", NRRD + "data file:{secret}\n\n"),
    "nrrd": (".nrrd", NRRD + "datafile: {secret}\n\n"),
    "nrrd long comments": (".nrrd", NRRD + "# comment\n" * 9_000 + "data file: {secret}\n\n"),
    "nhdr list": (".nhdr", NRRD + "data file: LIST\n{secret}\n\n"),
    "nhdr pattern": (".nhdr", NRRD + "data file: {folder}/s%03d.raw 1 1 1\n\n"),
    "nhdr twice": (".nhdr", NRRD + "data file: a.raw\ndata file: {secret}\n\n"),
    "nhdr parent": (".nhdr", NRRD + "data file: ../secret.raw\n\n"),
    "nhdr carriage returns": (".nhdr", NRRD + "data file: a.raw\rdata file: {secret}\n\n"),
}


@pytest.fixture
def landing(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "images"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret.raw").write_bytes(bytes(range(SECRET, SECRET + 60)))
    (outside / "s001.raw").write_bytes(bytes(range(SECRET, SECRET + 60)))
    (tmp_path / "secret.raw").write_bytes(bytes(range(SECRET, SECRET + 60)))
    (folder / "link.raw").symlink_to(outside / "secret.raw")
    (folder / "linked").symlink_to(outside)
    return folder


@pytest.mark.parametrize("reader", ["image", "mask", "exclusion_mask"])
@pytest.mark.parametrize("trick", TRICKS)
def test_no_header_leads_out_of_the_folder(landing, trick, reader):
    suffix, text = TRICKS[trick]
    outside = landing.parent / "outside"
    path = landing / f"a{suffix}"
    path.write_text(text.format(secret=outside / "secret.raw", folder=outside), newline="")
    reference = as_image(np.zeros(SHAPE, "float32"))
    read = {
        "image": lambda: read_series(path),
        "mask": lambda: read_mask(path, reference, SECRET),
        "exclusion_mask": lambda: read_exclusion(path, reference),
    }[reader]
    with pytest.raises(ImagingError) as raised:
        read()
    assert raised.value.rule in (f"{reader}_unreadable", f"{reader}_truncated")
    assert data_file(path) is None


def test_a_nifti_file_beside_a_compressed_one_is_not_read_in_its_place(landing):
    values = np.arange(60, dtype="float32").reshape(SHAPE)
    sitk.WriteImage(as_image(values), str(landing / "a.nii.gz"))
    sitk.WriteImage(as_image(values + SECRET), str(landing.parent / "outside" / "s.nii"))
    (landing / "a.nii").symlink_to(landing.parent / "outside" / "s.nii")
    assert sitk.GetArrayFromImage(read_series(landing / "a.nii.gz")).max() == 59


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("form", ["int16", "uint8", "float32", "float64", "int64"])
def test_what_itk_would_read_is_what_is_read(tmp_path, suffix, compressed, form):
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(50, 20, (4, 5, 6)).astype(form))
    image.SetSpacing((0.5, 0.75, 2.25))
    image.SetOrigin((-3.25, 4.125, 33.5))
    image.SetDirection((0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path), compressed)
    expected, found = sitk.ReadImage(str(path)), read_series(path)
    assert found.GetPixelID() == expected.GetPixelID()
    assert np.array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected))
    for part in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert np.allclose(getattr(found, part)(), getattr(expected, part)(), atol=1e-6)


def test_a_data_file_in_the_folder_is_read_and_known(tmp_path):
    sitk.WriteImage(as_image(np.arange(60, dtype="uint8").reshape(SHAPE)), str(tmp_path / "a.mhd"))
    assert read_series(tmp_path / "a.mhd").GetSize() == (5, 4, 3)
    assert data_file(tmp_path / "a.mhd") == Path(tmp_path / "a.raw").resolve()
    (tmp_path / "a.raw").write_bytes(bytes(10))
    with pytest.raises(ImagingError, match="contains 10 of the 60 bytes"):
        read_series(tmp_path / "a.mhd")
