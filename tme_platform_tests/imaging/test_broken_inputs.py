"""Every kind of broken file raises `ImagingError` with its own rule and a message."""

import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, read_exclusion, read_mask, read_series, regions
from tme_platform_tests.imaging.conftest import as_image

VALUES = np.random.default_rng(0).normal(100, 10, (6, 8, 10)).astype("float32")
INSIDE = np.zeros((6, 8, 10), dtype="uint8")
INSIDE[2:4, 3:6, 3:7] = 1


def _written(path, values, **geometry):
    sitk.WriteImage(as_image(values, **geometry) if isinstance(values, np.ndarray) else values, str(path))
    return path


def _patched(path, offset, form, *numbers):
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, offset, *numbers)
    path.write_bytes(data)
    return path


def _cut(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def _text(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new))
    return path


def _with(values, value):
    changed = values.copy()
    changed[1, 2, 3] = value
    return changed


def _bytes(path, data):
    path.write_bytes(data)
    return path


def _vector(path):
    return _written(path, sitk.GetImageFromArray(np.zeros((6, 8, 10, 3), "uint8"), isVector=True))


IMAGES = {
    "missing": ("image_missing", lambda d: d / "none.nii.gz"),
    "empty file": ("image_truncated", lambda d: _bytes(d / "a.nii.gz", b"")),
    "unknown extension": ("image_format_unknown", lambda d: _bytes(d / "a.xyz", b"data")),
    "text named NIfTI": ("image_unreadable", lambda d: _bytes(d / "a.nii", b"no image " * 200)),
    "text named gzipped NIfTI": ("image_unreadable", lambda d: _bytes(d / "a.nii.gz", b"no image " * 200)),
    "folder without DICOM": ("image_missing", lambda d: d),
    "wrong NIfTI magic": ("image_unreadable", lambda d: _patched(_written(d / "a.nii", VALUES), 344, "3s", b"xxx")),
    "wrong NRRD magic": ("image_unreadable", lambda d: _text(_written(d / "a.nrrd", VALUES), b"NRRD000", b"XXXX000")),
    "NIfTI cut in half": ("image_truncated", lambda d: _cut(_written(d / "a.nii", VALUES), 0.5)),
    "gzipped NIfTI cut in half": ("image_truncated", lambda d: _cut(_written(d / "a.nii.gz", VALUES), 0.5)),
    "gzipped NIfTI without its end": ("image_truncated", lambda d: _cut(_written(d / "a.nii.gz", VALUES), 0.999)),
    "NRRD cut in half": ("image_truncated", lambda d: _cut(_written(d / "a.nrrd", VALUES), 0.5)),
    "MetaImage cut in half": ("image_truncated", lambda d: _cut(_written(d / "a.mha", VALUES), 0.5)),
    "header only": ("image_truncated", lambda d: _bytes(d / "a.nii", _written(d / "b.nii", VALUES).read_bytes()[:352])),
    "gzip of incomplete data": (
        "image_truncated",
        lambda d: _bytes(d / "a.nii.gz", gzip.compress(_written(d / "b.nii", VALUES).read_bytes()[:-9])),
    ),
    "NaN voxel": ("image_not_finite", lambda d: _written(d / "a.nii.gz", _with(VALUES, np.nan))),
    "infinite voxel": ("image_not_finite", lambda d: _written(d / "a.nrrd", _with(VALUES, np.inf))),
    "all NaN": ("image_not_finite", lambda d: _written(d / "a.nii.gz", VALUES * np.nan)),
    "constant image": ("image_constant", lambda d: _written(d / "a.nii.gz", VALUES * 0 + 7)),
    "zero spacing": ("zero_spacing", lambda d: _patched(_written(d / "a.nii", VALUES), 80, "<f", 0.0)),
    "negative spacing": ("zero_spacing", lambda d: _patched(_written(d / "a.nii", VALUES), 84, "<f", -2.0)),
    "NaN spacing": ("zero_spacing", lambda d: _patched(_written(d / "a.nii", VALUES), 88, "<f", np.nan)),
    "zero spacing in MetaImage": (
        "zero_spacing",
        lambda d: _text(_written(d / "a.mha", VALUES), b"ElementSpacing = 1 1 1", b"ElementSpacing = 1 0 1"),
    ),
    "zero direction in NRRD": (
        "zero_spacing",
        lambda d: _text(_written(d / "a.nrrd", VALUES), b"directions: (1,0,0)", b"directions: (0,0,0)"),
    ),
    "two dimensions": ("image_not_3d", lambda d: _written(d / "a.nii.gz", VALUES[0])),
    "one slice": ("image_not_3d", lambda d: _written(d / "a.nii.gz", VALUES[:1])),
    "four dimensions": (
        "image_not_3d",
        lambda d: _written(d / "a.nii.gz", sitk.JoinSeries([as_image(VALUES), as_image(VALUES + 1)])),
    ),
    "colour": ("multi_component_colour", lambda d: _vector(d / "a.nii.gz")),
    "complex numbers": ("image_complex", lambda d: _written(d / "a.nii.gz", VALUES.astype("complex64"))),
    "absurd size": (
        "image_too_large",
        lambda d: _patched(_written(d / "a.nii", VALUES), 42, "<3h", 32767, 32767, 32767),
    ),
}

MASKS = {
    "missing": ("mask_missing", lambda d: d / "none.nii.gz"),
    "missing DICOM": ("mask_missing", lambda d: d / "none.dcm"),
    "not DICOM": ("mask_unreadable", lambda d: _bytes(d / "a.dcm", b"text")),
    "cut in half": ("mask_truncated", lambda d: _cut(_written(d / "a.nii.gz", INSIDE), 0.5)),
    "empty": ("mask_empty", lambda d: _written(d / "a.nii.gz", INSIDE * 0)),
    "probabilities": ("mask_not_labels", lambda d: _written(d / "a.nii.gz", INSIDE * 0.5)),
    "NaN": ("mask_not_labels", lambda d: _written(d / "a.nii.gz", _with(INSIDE.astype("float32"), np.nan))),
    "huge labels": ("mask_not_labels", lambda d: _written(d / "a.nii.gz", INSIDE * 1e20)),
    "an image": (
        "mask_not_labels",
        lambda d: _written(d / "a.nii.gz", np.arange(640, dtype="int16").reshape(8, 8, 10)),
    ),
    "negative labels": ("mask_not_labels", lambda d: _written(d / "a.nii.gz", -INSIDE.astype("int16"))),
    "several labels": ("mask_label_ambiguous", lambda d: _written(d / "a.nii.gz", _with(INSIDE, 2))),
    "four dimensions": ("mask_not_3d", lambda d: _written(d / "a.nii.gz", sitk.JoinSeries([as_image(INSIDE)] * 2))),
    "colour": ("multi_component_colour", lambda d: _vector(d / "a.nii.gz")),
    "displaced": ("geometry_mismatch", lambda d: _written(d / "a.nii.gz", INSIDE, origin=(0.0, 0.0, 0.3))),
    "far from the image": (
        "mask_outside_image",
        lambda d: _written(d / "a.nii.gz", INSIDE[:, :, :9], origin=(0.0, 500.0, 0.0)),
    ),
    "partly outside": (
        "mask_outside_image",
        lambda d: _written(d / "a.nii.gz", INSIDE[:, :, :9], origin=(5.0, 0.0, 0.0)),
    ),
    "another spacing": ("geometry_mismatch", lambda d: _written(d / "a.nii.gz", INSIDE, spacing=(3.0, 3.0, 3.0))),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_broken_images(kind, tmp_path):
    rule, make = IMAGES[kind]
    with pytest.raises(ImagingError) as raised:
        read_series(make(tmp_path))
    assert raised.value.rule == rule
    assert len(str(raised.value)) > 20
    assert str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize("kind", MASKS)
def test_broken_masks(kind, tmp_path):
    rule, make = MASKS[kind]
    with pytest.raises(ImagingError) as raised:
        read_mask(make(tmp_path), as_image(VALUES))
    assert raised.value.rule == rule
    assert len(str(raised.value)) > 20


def test_missing_label(tmp_path):
    path = _written(tmp_path / "a.nii.gz", INSIDE * 3)
    with pytest.raises(ImagingError, match="no label 2, only 3"):
        read_mask(path, as_image(VALUES), 2)


def test_mismatch_is_reported_in_millimetres(tmp_path):
    path = _written(tmp_path / "a.nii.gz", INSIDE, origin=(0.0, 3.0, 4.0))
    with pytest.raises(ImagingError, match=r"5\.000 mm"):
        read_mask(path, as_image(VALUES))


def test_rounding_differences_are_accepted_and_noted(tmp_path):
    image = as_image(VALUES)
    mask = read_mask(_written(tmp_path / "a.nii.gz", INSIDE, origin=(0.0, 1e-4, 0.0)), image)
    assert mask.GetOrigin() == image.GetOrigin()
    assert float(mask.GetMetaData("geometry_mismatch_mm")) == pytest.approx(1e-4, rel=0.01)


def test_other_grid_is_resampled_and_noted(tmp_path):
    fine = INSIDE.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    path = _written(tmp_path / "a.nii.gz", fine, spacing=(0.5, 0.5, 0.5), origin=(-0.25, -0.25, -0.25))
    mask = read_mask(path, as_image(VALUES))
    assert (sitk.GetArrayFromImage(mask) == INSIDE).all()
    assert "nearest neighbour" in mask.GetMetaData("geometry_note")


def test_flipped_mask_follows_its_header(tmp_path):
    flipped = sitk.Flip(as_image(INSIDE), [True, False, False])
    mask = read_mask(_written(tmp_path / "a.nrrd", flipped), as_image(VALUES))
    assert (sitk.GetArrayFromImage(mask) == INSIDE).all()


def test_header_text_is_dropped(tmp_path):
    image = as_image(VALUES)
    image.SetMetaData("patient_name", "Doe^Jane")
    read = read_series(_written(tmp_path / "a.nrrd", image))
    assert read.GetMetaDataKeys() == ()


def test_phase_of_a_four_dimensional_file(tmp_path):
    path = _written(tmp_path / "a.nii.gz", sitk.JoinSeries([as_image(VALUES), as_image(VALUES * 2)]))
    assert np.array_equal(sitk.GetArrayFromImage(read_series(path, phase=1)), VALUES * 2)
    assert np.allclose(sitk.GetArrayFromImage(read_series(path, phase=1, minus=0)), VALUES)
    with pytest.raises(ImagingError, match="0 to 1"):
        read_series(path, phase=2)


@pytest.mark.parametrize("name", ["dilated_10mm", "one_label", "single_slice"])
def test_edge_masks_have_regions(reference, name):
    folder = reference / "dicom" / "edge_masks"
    image = read_series(folder / "prostate_img.nii.gz")
    found = regions(image, read_mask(folder / f"prostate_seg_{name}.nii.gz", image))
    assert all(sitk.GetArrayViewFromImage(region).any() for region in found.values())


@pytest.mark.parametrize(
    ("name", "rule"), [("empty.nii.gz", "mask_empty"), ("two_labels.nii.gz", "mask_label_ambiguous")]
)
def test_unusable_edge_masks_raise(reference, name, rule):
    folder = reference / "dicom" / "edge_masks"
    image = read_series(folder / "prostate_img.nii.gz")
    with pytest.raises(ImagingError) as raised:
        read_mask(folder / f"prostate_seg_{name}", image)
    assert raised.value.rule == rule


def test_each_label_of_a_multilabel_mask(reference):
    folder = reference / "dicom" / "edge_masks"
    image = read_series(folder / "prostate_img.nii.gz")
    voxels = [
        int(sitk.GetArrayFromImage(read_mask(folder / "prostate_seg_multilabel.nrrd", image, label)).sum())
        for label in (1, 2)
    ]
    assert min(voxels) > 0
    assert voxels[0] != voxels[1]


def test_exclusion_mask_may_be_empty_larger_or_multilabel(tmp_path):
    image = as_image(VALUES)
    empty = read_exclusion(_written(tmp_path / "a.nii.gz", INSIDE[1:] * 0), image)
    assert not sitk.GetArrayViewFromImage(empty).any()
    assert empty.GetSize() == image.GetSize()
    two = read_exclusion(_written(tmp_path / "b.nii.gz", _with(INSIDE, 7)), image)
    assert sitk.GetArrayViewFromImage(two).sum() == INSIDE.sum() + 1
    wide = read_exclusion(
        _written(tmp_path / "c.nii.gz", np.ones((20, 20, 20), "uint8"), origin=(-5.0, -5.0, -5.0)), image
    )
    assert sitk.GetArrayViewFromImage(wide).all()
    for path, rule in (
        (tmp_path / "none.nii.gz", "exclusion_mask_missing"),
        (_written(tmp_path / "d.nii.gz", INSIDE, origin=(3.0, 0.0, 0.0)), "geometry_mismatch"),
    ):
        with pytest.raises(ImagingError) as raised:
            read_exclusion(path, image)
        assert raised.value.rule == rule
