"""Masks whose header does not fit the image are refused; rounding in headers changes nothing."""

import struct

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, onto_grid, read_exclusion, read_mask, read_series
from tme_platform.radiomics import ExtractionSettings, extract
from tme_platform_tests.imaging.conftest import as_image

SPACING, ORIGIN = (0.5, 0.6, 2.0), (-10.0, -20.0, 30.0)
TURNED = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
VALUES = np.random.default_rng(0).normal(100, 10, (6, 8, 10)).astype("float32")
INSIDE = np.zeros((6, 8, 10), dtype="uint8")
INSIDE[2:4, 3:6, 3:7] = 1
IMAGE = as_image(VALUES, SPACING, ORIGIN)


def made(values=INSIDE, spacing=SPACING, origin=ORIGIN, direction=None):
    image = as_image(values, spacing, origin)
    if direction:
        image.SetDirection(direction)
    return image


def refused(call, *arguments):
    with pytest.raises(ImagingError) as raised:
        call(*arguments)
    return raised.value


OTHER_GEOMETRY = {
    "no geometry": (made(spacing=(1, 1, 1), origin=(0, 0, 0)), "saved without geometry"),
    "NIfTI identity": (
        made(spacing=(1, 1, 1), origin=(0, 0, 0), direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1)),
        "saved without geometry",
    ),
    "no position": (made(origin=(0, 0, 0)), "saved without position"),
    "other spacing": (made(spacing=(0.5, 0.6, 2.5)), "0.5 x 0.6 x 2.5 mm, image 0.5 x 0.6 x 2 mm"),
    "spacing exchanged": (made(spacing=(2.0, 0.6, 0.5)), "One of the headers"),
    "one slice further": (made(origin=(-10, -20, 32)), r"displaced by up to 2\.000 mm"),
    "axes turned": (made(direction=TURNED), "axes"),
    "axes mirrored in place": (made(direction=(-1, 0, 0, 0, 1, 0, 0, 0, 1)), "axes RPS, image LPS"),
    "oblique by a degree": (
        made(direction=(0.99984770, -0.01745241, 0, 0.01745241, 0.99984770, 0, 0, 0, 1)),
        "turned by 1.0 degrees",
    ),
}


@pytest.mark.parametrize("kind", OTHER_GEOMETRY)
def test_same_voxel_count_with_other_geometry_is_refused(kind):
    mask, text = OTHER_GEOMETRY[kind]
    error = refused(onto_grid, mask, IMAGE, "m.nii.gz")
    assert error.rule == "geometry_mismatch"
    assert "m.nii.gz" in error.message
    assert " mm" in error.message
    with pytest.raises(ImagingError, match=text):
        onto_grid(mask, IMAGE)


def test_an_image_without_geometry_is_named_as_the_cause():
    assert "The image was saved without geometry" in refused(onto_grid, made(), as_image(VALUES)).message


def test_advice_names_the_call_that_corrects_the_mask():
    message = refused(onto_grid, OTHER_GEOMETRY["no geometry"][0], IMAGE).message
    assert "CopyInformation" in message
    assert "nibabel" in message


@pytest.mark.parametrize("flips", [(True, False, False), (False, True, True), (True, True, True)])
def test_the_same_voxels_stored_in_another_direction_are_kept(flips):
    stored = sitk.Flip(made(), flips)
    assert np.array_equal(sitk.GetArrayFromImage(onto_grid(stored, IMAGE)), INSIDE)


def test_the_same_voxels_stored_along_other_axes_are_kept():
    stored = sitk.PermuteAxes(made(), (2, 0, 1))
    kept = onto_grid(stored, IMAGE)
    assert np.array_equal(sitk.GetArrayFromImage(kept), INSIDE)
    assert kept.GetMetaData("geometry_note").startswith("voxels of the image's grid")


def test_part_of_the_grid_keeps_its_place():
    part = made()[2:9, 2:8, 1:5]
    kept = onto_grid(part, IMAGE)
    assert np.array_equal(sitk.GetArrayFromImage(kept), INSIDE)
    assert float(kept.GetMetaData("geometry_mismatch_mm")) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("direction", [None, (-1, 0, 0, 0, -1, 0, 0, 0, 1)])
def test_part_of_the_grid_without_position_is_refused(direction):
    part = made(INSIDE[1:5], origin=(0, 0, 0), direction=direction)
    assert refused(onto_grid, part, IMAGE).rule == "geometry_mismatch"


def test_a_mask_at_origin_is_believed_if_its_image_lies_there_and_is_as_long():
    image = as_image(VALUES, (1.0, 1.0, 2.0))
    fine = as_image(INSIDE.repeat(2, axis=0), (1.0, 1.0, 1.0))
    assert sitk.GetArrayFromImage(onto_grid(fine, image)).sum() == INSIDE.sum()
    shorter = as_image(INSIDE[:4], (1.0, 1.0, 2.0))
    assert refused(onto_grid, shorter, image).rule == "geometry_mismatch"


def test_resampled_masks_say_how_far_voxels_moved():
    coarse = made(INSIDE[::2], (0.5, 0.6, 4.0), (-10.0, -20.0, 31.0))
    moved = onto_grid(coarse, IMAGE)
    assert "moved by up to 1.00 mm" in moved.GetMetaData("geometry_note")


def test_exclusion_masks_are_held_to_the_same_geometry(tmp_path):
    for name, (mask, _) in OTHER_GEOMETRY.items():
        path = tmp_path / f"{name}.nrrd"
        sitk.WriteImage(mask, str(path))
        assert refused(read_exclusion, path, IMAGE).rule == "geometry_mismatch", name
    for name, mask in {
        "unplaced": made(INSIDE[1:5], origin=(0, 0, 0)),
        "elsewhere": made(INSIDE[1:5], origin=(300, 0, 0)),
    }.items():
        path = tmp_path / f"{name}.nrrd"
        sitk.WriteImage(mask, str(path))
        assert refused(read_exclusion, path, IMAGE).rule in ("geometry_mismatch", "exclusion_mask_outside_image")


# Affines of NIfTI files, patched in the header: sform rows, codes of qform and sform.
LPS = np.array([[-0.5, 0, 0, 10], [0, -0.6, 0, 20], [0, 0, 2, 30]])


def nifti(path, rows=LPS, *, qform=0, sform=1, pixdim=SPACING):
    sitk.WriteImage(IMAGE, str(path))
    data = bytearray(path.read_bytes())
    struct.pack_into("<2h", data, 252, qform, sform)
    struct.pack_into("<12f", data, 280, *np.ravel(rows))
    struct.pack_into("<3f", data, 80, *pixdim)
    path.write_bytes(data)
    return path


def changed(row, column, value):
    rows = LPS.copy()
    rows[row, column] = value
    return rows


AFFINES = {
    "sheared": (changed(0, 1, 0.06), {}, "geometry_not_orthonormal", "degrees from perpendicular"),
    "sheared a little": (changed(0, 2, 0.004), {}, "geometry_not_orthonormal", "not orthonormal"),
    "sheared, with a qform": (changed(0, 1, 0.06), {"qform": 1}, "geometry_not_orthonormal", "Resample"),
    "axis of length 0": (LPS * [1, 1, 0, 1], {}, "geometry_not_orthonormal", "length 0"),
    "two parallel axes": (changed(0, 1, -0.5) * [1, 1, 1, 1], {}, "geometry_not_orthonormal", "orthonormal"),
    "NaN": (LPS * np.nan, {}, "geometry_not_orthonormal", "not finite"),
    "two voxel sizes": (LPS * [2, 2, 2, 1], {}, "geometry_ambiguous", "pixdim"),
    "two voxel sizes, with a qform": (LPS, {"pixdim": (0.5, 0.6, 3.0), "qform": 1}, "geometry_ambiguous", "sform"),
}


@pytest.mark.parametrize("kind", AFFINES)
def test_affines_without_perpendicular_axes_or_one_size_are_named(kind, tmp_path):
    rows, options, rule, text = AFFINES[kind]
    error = refused(read_series, nifti(tmp_path / "a.nii", rows, **options))
    assert error.rule == rule
    assert text in error.message


@pytest.mark.parametrize("rows", [changed(0, 1, 6e-5), LPS * [-1, 1, 1, 1] * [[1], [1], [1]]])
def test_rounded_and_left_handed_affines_are_read(rows, tmp_path):
    image = read_series(nifti(tmp_path / "a.nii", rows))
    direction = np.array(image.GetDirection()).reshape(3, 3)
    assert direction.T @ direction == pytest.approx(np.eye(3), abs=1e-12)
    assert np.array_equal(sitk.GetArrayFromImage(image), VALUES)


def test_a_sheared_nrrd_is_refused(tmp_path):
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(IMAGE, str(path))
    path.write_bytes(path.read_bytes().replace(b"(0,0.59999999999999998,0)", b"(0.1,0.59999999999999998,0)"))
    assert refused(read_series, path).rule == "geometry_not_orthonormal"


def test_a_nifti_without_position_does_not_fit_an_image_with_one(tmp_path):
    """Codes 0 of qform and sform: ITK places the file at the origin."""
    sitk.WriteImage(made(), str(tmp_path / "m.nii"))
    data = bytearray((tmp_path / "m.nii").read_bytes())
    struct.pack_into("<2h", data, 252, 0, 0)
    (tmp_path / "m.nii").write_bytes(data)
    assert "saved without position" in refused(read_mask, tmp_path / "m.nii", IMAGE).message


# Noise as single precision leaves it.
def test_noise_in_headers_does_not_change_features(tmp_path):
    rng = np.random.default_rng(3)
    values = rng.normal(100, 20, (12, 16, 16)).astype("float32")
    inside = np.zeros(values.shape, "uint8")
    inside[2:10, 3:13, 4:12] = 1
    settings = ExtractionSettings(image_types=("Original",), bin_width=25)
    rows = []
    for number, (spacing, origin) in enumerate(
        (
            ((2.0, 0.9765625, 2.0), (-142.3, 50.7, 12.0)),
            ((1.99999988, 0.97656244, 2.0000002), (-142.3000030, 50.70000076, 12.0000009)),
            ((2.000003, 0.9765625, 1.999996), (-142.30001, 50.7, 12.0)),
        )
    ):
        image, mask = tmp_path / f"{number}.nii.gz", tmp_path / f"{number}_mask.nii.gz"
        sitk.WriteImage(as_image(values, spacing, origin), str(image))
        sitk.WriteImage(as_image(inside, spacing, origin), str(mask))
        volume = read_series(image)
        rows.append(extract(volume, read_mask(mask, volume), settings))
    assert volume.GetSpacing() == (2.0, 0.9765625, 2.0)
    assert rows[0].equals(rows[1])
    assert rows[0].equals(rows[2])


@pytest.mark.parametrize("spacing", [0.703125, 0.9765625, 0.664062, 0.5, 3.27, 1 / 3, 0.48828125, 5.0, 1e-4])
def test_rounding_keeps_what_headers_state(spacing, tmp_path):
    """Six decimals and binary fractions stay; single precision leads to the same value."""
    for name, value in (("a.nrrd", spacing), ("b.nrrd", float(np.float32(spacing)))):
        sitk.WriteImage(as_image(VALUES, (value, 1.0, 1.0)), str(tmp_path / name))
    first, second = (read_series(tmp_path / name).GetSpacing()[0] for name in ("a.nrrd", "b.nrrd"))
    assert first == second == pytest.approx(spacing, abs=5e-7)


# Layers of 3D Slicer.
def layered(path, segments, layers):
    volume = sitk.GetImageFromArray(np.stack(layers, axis=-1), isVector=True)
    volume.CopyInformation(IMAGE)
    for number, (layer, label) in enumerate(segments):
        volume.SetMetaData(f"Segment{number}_Layer", str(layer))
        volume.SetMetaData(f"Segment{number}_LabelValue", str(label))
        volume.SetMetaData(f"Segment{number}_Name", "Doe^Jane")
    sitk.WriteImage(volume, str(path))
    return path


def test_the_layer_of_a_label_is_read(tmp_path):
    path = layered(tmp_path / "a.seg.nrrd", [(0, 1), (1, 2)], [INSIDE * 1, np.roll(INSIDE, 1, axis=2) * 2])
    assert np.array_equal(sitk.GetArrayFromImage(read_mask(path, IMAGE, 1)), INSIDE)
    assert np.array_equal(sitk.GetArrayFromImage(read_mask(path, IMAGE, 2)), np.roll(INSIDE, 1, axis=2))
    assert refused(read_mask, path, IMAGE, 3).rule == "mask_label_missing"
    assert refused(read_mask, path, IMAGE).rule == "mask_label_ambiguous"


@pytest.mark.parametrize(
    ("segments", "rule"),
    [([(0, 1), (1, 1)], "mask_label_ambiguous"), ([], "mask_layers"), ([(5, 1)], "mask_unreadable")],
)
def test_layers_that_cannot_be_told_apart_are_refused(segments, rule, tmp_path):
    path = layered(tmp_path / "a.seg.nrrd", segments, [INSIDE, np.roll(INSIDE, 1, axis=2)])
    error = refused(read_mask, path, IMAGE, 1)
    assert error.rule == rule
    assert "Doe" not in error.message
    if rule != "mask_unreadable":
        assert "3D Slicer" in error.message
