"""Files that are incomplete and changed a short time ago are tried again; all others are rejected for good."""

import os
import time

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom import dcmread

from tme_platform.radiomics import TRANSIENT_RULES, ExtractionJob, describe_many
from tme_platform_tests.support.dicom_files import write_series

NOISE = np.random.default_rng(0).integers(0, 1000, (6, 8, 10)).astype("int16")


def whole(folder, suffix):
    path = folder / f"a{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(NOISE), str(path))
    return path


def cut(suffix, data=""):
    def make(folder):
        path = whole(folder, suffix)
        shortened = path.with_suffix(data or path.suffix)
        shortened.write_bytes(shortened.read_bytes()[:-200])
        return path, [path, shortened]

    return make


def series(change):
    def make(folder):
        write_series(folder / "series", NOISE, uid="1.2.3")
        files = sorted(
            (folder / "series").iterdir(), key=lambda path: dcmread(path, force=True).ImagePositionPatient[2]
        )
        change(files[len(files) // 2])  # names are drawn, and nobody misses a slice at the end
        return folder / "series", [folder / "series", *(folder / "series").iterdir()]

    return make


INCOMPLETE = {
    "NIfTI": (cut(".nii"), "image_truncated"),
    "gzip": (cut(".nii.gz"), "image_truncated"),
    "NRRD": (cut(".nrrd"), "image_truncated"),
    "data file": (cut(".mhd", ".raw"), "image_truncated"),
    "slice cut": (series(lambda path: path.write_bytes(path.read_bytes()[:-40])), "slices_unreadable"),
    "slice not there": (series(lambda path: path.unlink()), "slices_missing"),
}


@pytest.mark.parametrize("age_s", [0, 500, 700, 10**8, -700], ids=lambda age: f"{age} s")
@pytest.mark.parametrize("kind", INCOMPLETE)
def test_only_recent_files_are_tried_again(tmp_path, kind, age_s):
    make, rule = INCOMPLETE[kind]
    image, files = make(tmp_path)
    for file in files:
        os.utime(file, (time.time() - age_s,) * 2)
    _, failures = describe_many([ExtractionJob("P1", image, image, row_key="k")])
    found, message = failures[["rule", "message"]].iloc[0]
    if 0 <= age_s < 600:
        assert found == "incomplete_so_far"
        assert found in TRANSIENT_RULES
        assert f"({rule}) It changed less than 10 minutes ago" in message
    else:
        assert found == rule
        assert found not in TRANSIENT_RULES


def test_other_failures_are_no_matter_of_time(tmp_path):
    path = whole(tmp_path, ".nii")
    sitk.WriteImage(sitk.GetImageFromArray(NOISE * 0), str(path))
    _, failures = describe_many([ExtractionJob("P1", path, path)])
    assert failures["rule"].tolist() == ["image_constant"]
