"""Contours of an RTSTRUCT become voxels by stated rules; what is broken or cannot be trusted is refused."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, read_mask, region_quality
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.support.outline_files import at, disc, write_contours

SLICES = (-6, -4, -2, 0, 2, 4, 6)
IMAGE = as_image(np.random.default_rng(0).normal(100, 9, (20, 32, 32)).astype("float32"), (1, 1, 2), (-16, -15, -20))
RADIUS, CENTRE = 7.0, (0.0, 1.0)


def sphere(planes=SLICES, centre=CENTRE, shift=0.0):
    return [
        contour
        for z in planes
        if abs(z - shift) < RADIUS
        for contour in at(z, disc(np.sqrt(RADIUS**2 - (z - shift) ** 2), centre))
    ]


def voxels(tmp_path, contours, image=IMAGE, **options):
    mask = read_mask(write_contours(tmp_path / "rs.dcm", contours, **options), image)
    return sitk.GetArrayFromImage(mask), mask


def refused(tmp_path, contours, image=IMAGE, **options):
    path = write_contours(tmp_path / "rs.dcm", contours, **options)
    with pytest.raises(ImagingError) as raised:
        read_mask(path, image)
    return raised.value


PLAIN = 696
"""Voxels of the sphere, one contour on each slice."""


def test_contours_on_slices(tmp_path):
    found, mask = voxels(tmp_path, sphere())
    assert found.sum() == PLAIN
    assert mask.GetMetaDataKeys() == ()


@pytest.mark.parametrize("jitter", [0.0, 0.01, -0.01, 0.09])
@pytest.mark.parametrize("step", [1, -1])
def test_contours_midway_between_slices_stay_as_many(step, jitter, tmp_path):
    """Rounding would draw two contours on one slice, and none on the next."""
    wobble = [jitter, -jitter, jitter, -jitter, jitter]
    planes = [z + w for z, w in zip((-3, -1, 1, 3, 5), wobble, strict=True)][::step]
    contours = [contour for z in planes for contour in at(z, disc(5.0, (0.1, 0.2)))]
    found, mask = voxels(tmp_path, contours)
    assert found.sum() == 5 * found[9].sum() > 350
    assert np.flatnonzero(found.any(axis=(1, 2))).tolist() == [9, 10, 11, 12, 13]
    assert "contours lie up to 1.0" in region_quality(IMAGE, mask)["warnings"]


@pytest.mark.parametrize(("distance", "offset"), [(1.0, 0.3), (0.5, 0.2), (1.0, 0.0), (1.4, 0.1), (0.25, 0.1)])
def test_contours_finer_than_slices_sample_the_structure(distance, offset, tmp_path):
    planes = np.arange(-7 + offset, 7, distance)
    found, mask = voxels(tmp_path, sphere(planes))
    assert abs(found.sum() - PLAIN) < 0.06 * PLAIN
    assert "planes between slices were left out" in mask.GetMetaData("geometry_note")


def test_two_lesions_on_planes_of_their_own_are_both_kept(tmp_path):
    second = [contour for z in (-1.2, 0.8, 2.8) for contour in at(z, disc(2.0, (10, 10)))]
    found, _ = voxels(tmp_path, sphere() + second)
    assert found.sum() == PLAIN + voxels(tmp_path, second)[0].sum()
    single, _ = voxels(tmp_path, [*at(0, disc(3, (-6, 0))), *at(1.0, disc(3, (6, 0)))])
    assert single.any(axis=(0, 1))[:16].any()
    assert single.any(axis=(0, 1))[16:].any()


def test_a_contour_stored_twice_counts_once(tmp_path):
    again = sphere((-2,))
    turned = [(kind, np.roll(points[::-1], 17, axis=0)) for kind, points in again]
    rounded = [(kind, np.round(points, 1)) for kind, points in again]
    for copy in (again, turned, rounded):
        found = voxels(tmp_path, sphere() + copy)[0]
        assert abs(found.sum() - PLAIN) <= 2


def test_contours_that_overlap_are_joined(tmp_path):
    left, right = sphere(centre=(-1.0, 1.0)), sphere(centre=(1.0, 1.0))
    found, _ = voxels(tmp_path, left + right)
    expected = voxels(tmp_path, left)[0] | voxels(tmp_path, right)[0]
    assert np.array_equal(found, expected)


def test_a_hole_an_island_and_a_hole_that_two_contours_share(tmp_path):
    outer, hole, island = disc(10), disc(6), disc(3)
    found = voxels(tmp_path, [*at(0, island, outer, hole), *at(2, outer)])[0]
    area = found[10].sum()
    assert abs(area - np.pi * (100 - 36 + 9)) < 8
    assert not found[10, 15, 16 + 4]
    assert found[10, 15, 16]
    two = voxels(tmp_path, [*at(0, disc(8, (-2, 0)), disc(8, (2, 0)), disc(3)), *at(2, outer)])[0]
    assert not two[10, 15, 16]
    assert two[10, 15, 16 + 9]


def test_keyhole_and_exclusive_contours_have_holes(tmp_path):
    outer, inner = disc(10), disc(5)
    keyhole = np.vstack([outer, outer[:1], inner[::-1][-1:], inner[::-1], outer[:1]])
    one = voxels(tmp_path, [*at(0, keyhole), *at(2, disc(4))])[0]
    exclusive = [contour for z in (0,) for contour in at(z, outer, inner, kind="CLOSEDPLANAR_XOR")]
    two = voxels(tmp_path, [*exclusive, *at(2, disc(4))])[0]
    expected = np.pi * (100 - 25)
    assert abs(one[10].sum() - expected) < 12
    assert abs(two[10].sum() - expected) < 8


@pytest.mark.parametrize("kind", ["OPEN_PLANAR", "POINT", "OPEN_NONPLANAR"])
def test_contours_that_are_not_closed_are_left_out(kind, tmp_path):
    line = at(0, np.array([[-9.0, -9.0], [9.0, 9.0], [9.0, -9.0]]), kind=kind)
    found, mask = voxels(tmp_path, sphere() + line)
    assert found.sum() == PLAIN
    assert "not closed" in region_quality(IMAGE, mask)["warnings"]
    assert refused(tmp_path, line).rule == "contours_not_closed"


def _cut(number, contour):
    if number == 2:
        contour.ContourData = contour.ContourData[:-1]


def _shorter(number, contour):
    if number == 2:
        contour.ContourData = contour.ContourData[:-3]


def _without(number, contour):
    if number == 2:
        del contour.ContourData


def _empty(number, contour):
    if number == 2:
        contour.ContourData = None


def _infinite(number, contour):
    if number == 2:
        contour.ContourData = ["1e999", *contour.ContourData[1:]]


@pytest.mark.parametrize("change", [_cut, _shorter, _without, _empty, _infinite])
def test_broken_contours_are_named(change, tmp_path):
    error = refused(tmp_path, sphere(), change=change)
    assert error.rule == "mask_unreadable"
    assert "contour 3 of structure 1 of rs.dcm" in error.message


@pytest.mark.parametrize("name", ["RS.1.2.840.3", "structures"])
def test_a_dicom_file_is_known_by_its_mark(name, tmp_path):
    """Workstations name files by their UID, without a suffix."""
    assert sitk.GetArrayViewFromImage(read_mask(write_contours(tmp_path / name, sphere()), IMAGE)).sum() == PLAIN
    (tmp_path / "notes").write_text("no outline")
    with pytest.raises(ImagingError) as raised:
        read_mask(tmp_path / "notes", IMAGE)
    assert raised.value.rule == "mask_format_unknown"


def test_a_contour_without_type_is_closed(tmp_path):
    def without(_, contour):
        del contour.ContourGeometricType

    assert voxels(tmp_path, sphere(), change=without)[0].sum() == PLAIN


@pytest.mark.parametrize("planes", [(-6, -2, 2, 6), (-6, -3, 0, 3, 6)])
def test_contours_that_skip_slices_are_refused(planes, tmp_path):
    error = refused(tmp_path, sphere(planes))
    assert error.rule == "contours_skip_slices"
    assert "slices of its image 2.00 mm" in error.message


def test_contours_beyond_the_volume_are_refused(tmp_path):
    last = -20 + 19 * 2
    inside, _ = voxels(tmp_path, [contour for z in (last - 2, last, last + 0.9) for contour in at(z, disc(5))])
    assert inside[19].any()
    for planes in ((last, last + 1.2), (-21.3, -20)):
        assert refused(tmp_path, [c for z in planes for c in at(z, disc(5))]).rule == "mask_outside_image"
    assert refused(tmp_path, [c for z in (0, 2) for c in at(z, disc(5, (14, 0)))]).rule == "mask_outside_image"


def test_contours_of_an_oblique_image(tmp_path):
    """The image turned with its contours gives the same voxels."""
    angle = np.radians(25)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    oblique = sitk.Image(IMAGE)
    oblique.SetDirection(turn.ravel().tolist())
    oblique.SetOrigin((turn @ np.array(IMAGE.GetOrigin())).tolist())
    contours = [(kind, points @ turn.T) for kind, points in sphere()]
    assert voxels(tmp_path, contours, oblique)[0].sum() == PLAIN
    assert refused(tmp_path, contours).rule == "geometry_mismatch"
