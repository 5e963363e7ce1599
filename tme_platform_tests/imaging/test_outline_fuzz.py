"""Damaged files: whatever the damage, only `ImagingError` is raised. Deterministic, and short."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, read_exclusion, read_mask, read_series
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.support.outline_files import at, disc, write_contours, write_frames

IMAGE = as_image(np.random.default_rng(0).normal(100, 9, (6, 8, 10)).astype("float32"), (0.5, 0.6, 2), (-10, -20, 30))
INSIDE = np.zeros((6, 8, 10), "uint8")
INSIDE[2:4, 3:6, 3:7] = 1
MUTATIONS = 12


def label_map(suffix):
    def write(folder):
        mask = sitk.GetImageFromArray(INSIDE)
        mask.CopyInformation(IMAGE)
        sitk.WriteImage(mask, str(folder / f"a{suffix}"))
        return folder / f"a{suffix}"

    return write


def structure(folder):
    drawn = [contour for z in (32, 34, 36) for contour in at(z, disc(1.5, (-8, -18)), disc(0.7, (-8, -18)))]
    return write_contours(folder / "rs.dcm", drawn, frame="1.2.3", images=["1.2.3.4"])


def segmentation(folder):
    frames = [((-10, -20, 30 + 2 * z), frame) for z, frame in enumerate(INSIDE)]
    return write_frames(folder / "seg.dcm", frames, spacing=(0.5, 0.6), between=2.0, frame="1.2.3", images=["1.2"])


FORMATS = {
    "nii": label_map(".nii"),
    "nii.gz": label_map(".nii.gz"),
    "nrrd": label_map(".nrrd"),
    "mha": label_map(".mha"),
    "RTSTRUCT": structure,
    "SEG": segmentation,
}


def damaged(data, rng):
    kind, place = rng.integers(4), int(rng.integers(min(len(data), 1500)))
    if kind == 0:
        return data[: int(rng.integers(len(data)))]
    if kind == 1:
        return data[:place] + rng.bytes(int(rng.integers(1, 8))) + data[place:]
    if kind == 2:
        return data[:place] + data[place + int(rng.integers(1, 20)) :]
    changed = bytearray(data)
    for _ in range(rng.choice([1, 2, 8])):
        changed[rng.integers(min(len(data), 1500))] = rng.choice([0, 255, 45, 48, rng.integers(256)])
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_raise_nothing_else(kind, tmp_path):
    path = FORMATS[kind](tmp_path)
    whole = path.read_bytes()
    assert sitk.GetArrayViewFromImage(read_mask(path, IMAGE)).any()
    rng = np.random.default_rng(list(kind.encode()))
    messages = []
    for _ in range(MUTATIONS):
        path.write_bytes(damaged(whole, rng))
        for read in (lambda: read_mask(path, IMAGE), lambda: read_exclusion(path, IMAGE), lambda: read_series(path)):
            try:
                read()
            except ImagingError as error:
                messages.append(error.message)
    assert len(messages) > MUTATIONS
    assert str(tmp_path) not in "".join(messages)
