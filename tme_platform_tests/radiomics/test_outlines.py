import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import overlap
from tme_platform.radiomics import ExtractionJob, compare_outlines
from tme_platform_tests.radiomics.conftest import write_job


def test_all_pairs_of_outlines_are_compared(small, tmp_path):
    image, mask = small
    sitk.WriteImage(image, str(tmp_path / "image.nii.gz"))
    jobs, masks = [], {}
    for patient in ("p1", "p2"):
        for reader, session, shift in (("r1", "1", 0), ("r1", "2", 1), ("r2", "1", 3)):
            moved = sitk.GetImageFromArray(np.roll(sitk.GetArrayFromImage(mask), shift, axis=2))
            moved.CopyInformation(mask)
            path = tmp_path / f"{patient}{reader}{session}.nii.gz"
            sitk.WriteImage(moved, str(path))
            masks[reader, session] = moved
            jobs.append(ExtractionJob(patient, tmp_path / "image.nii.gz", path, reader=reader, session=session))
    jobs.append(ExtractionJob("p2", tmp_path / "image.nii.gz", tmp_path / "none.nii.gz", reader="r3", session="1"))
    pairs, failures = compare_outlines(jobs[::-1])
    assert len(pairs) == 2 * 3
    assert failures[["patient_id", "rule"]].to_numpy().tolist() == [["p2", "mask_missing"]]
    row = pairs[(pairs["patient_id"] == "p1") & (pairs["reader_b"] == "r2") & (pairs["session_a"] == "2")].iloc[0]
    expected = overlap(masks["r1", "2"], masks["r2", "1"])
    assert (row["dice"], row["hausdorff_mm"]) == (expected.dice, expected.hausdorff_mm)
    assert row["hausdorff_mm"] == pytest.approx(2.0)


def test_single_reading_gives_no_pairs(small, tmp_path):
    pairs, failures = compare_outlines([write_job(tmp_path, "p", *small)])
    assert len(pairs) == len(failures) == 0
    assert "dice" in pairs.columns
