"""Many outlines: order of rows, progress, failures as rows, dead workers, and equal results of all backends."""

import logging
import os
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.radiomics import (
    BatchOptions,
    ExtractionJob,
    ExtractionSettings,
    InProcess,
    ProcessPool,
    acquire_many,
    batch,
    describe_many,
    extract,
    extract_many,
    extract_perturbed,
    feature_names,
)
from tme_platform_tests.radiomics.conftest import FEW, write_job


@pytest.fixture(scope="module")
def jobs(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    image, mask = small
    good = []
    for number in range(3):
        shifted = sitk.GetImageFromArray(sitk.GetArrayFromImage(image) + 3 * number * np.sin(np.arange(28)))
        shifted.CopyInformation(image)
        identity = {"series": "dce", "reader": "r1", "row_key": f"key{number}"}
        good.append(write_job(folder, f"p{number}", sitk.Cast(shifted, sitk.sitkFloat32), mask, **identity))
    (folder / "bad.nii.gz").write_bytes(b"no image")
    bad_image = ExtractionJob("bad", folder / "bad.nii.gz", good[0].mask)
    bad_mask = ExtractionJob("worse", good[0].image, folder / "none.nii.gz")
    return [good[0], bad_image, good[1], bad_mask, good[2]]


def test_rows_keep_the_order_of_jobs_and_failures_become_rows(jobs):
    reports = []
    features, failures = extract_many(
        jobs, FEW, options=BatchOptions(workers=1, on_progress=lambda *state: reports.append(state))
    )
    assert features["patient_id"].to_list() == ["p0", "p1", "p2"]
    assert features["row_key"].to_list() == ["key0", "key1", "key2"]
    assert list(features.columns) == ["patient_id", "series", "reader", "session", "row_key", *feature_names(FEW)]
    assert np.isfinite(features[feature_names(FEW)].to_numpy()).all()
    assert failures["patient_id"].to_list() == ["bad", "worse"]
    assert failures["rule"].to_list() == ["image_unreadable", "mask_missing"]
    assert failures["file"].str.endswith(("bad.nii.gz", "none.nii.gz")).all()
    assert [state[:2] for state in reports] == [(n, 5) for n in range(1, 6)]
    assert all(rate > 0 and left >= 0 for _, _, rate, left in reports)
    assert reports[-1][3] == 0


def test_batch_values_equal_a_single_extraction(jobs, small):
    features, _ = extract_many(jobs[:1], FEW)
    pd.testing.assert_series_equal(
        features.loc[0, feature_names(FEW)].astype(float), extract(*small, FEW), check_names=False, rtol=1e-12
    )


def test_process_pool_equals_in_process(jobs):
    alone, pooled = (extract_many(jobs, FEW, options=BatchOptions(workers=number)) for number in (1, 2))
    for one, other in zip(alone, pooled, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_custom_backend(jobs):
    class Backwards:
        def map(self, function, jobs):
            yield from reversed(list(InProcess().map(function, jobs)))

    pd.testing.assert_frame_equal(
        extract_many(jobs, FEW, options=BatchOptions(backend=Backwards()))[0],
        extract_many(jobs, FEW, options=BatchOptions(workers=1))[0],
    )


def test_exclusion_mask_shrinks_the_ring(jobs):
    job = jobs[0]
    excluding = replace(job, exclusion_mask=job.mask)
    plain, without = (extract_many([one], FEW)[0] for one in (job, excluding))
    volume = "ring_original_shape_VoxelVolume"
    assert 0 < without.loc[0, volume] < plain.loc[0, volume]
    assert without.loc[0, "tumour_original_firstorder_Mean"] == plain.loc[0, "tumour_original_firstorder_Mean"]
    _, failures = extract_many([replace(job, exclusion_mask=job.mask.with_name("none.nii.gz"))], FEW)
    assert failures.loc[0, "rule"] == "exclusion_mask_missing"
    assert failures.loc[0, "file"].endswith("none.nii.gz")


def test_no_jobs_return_empty_tables():
    features, failures = extract_many([], FEW)
    assert list(features.columns)[5:] == feature_names(FEW)
    assert list(failures.columns) == ["patient_id", "file", "rule", "message", "row_key"]
    assert len(features) == len(failures) == 0


def test_unexpected_error_does_not_disclose_its_text(jobs):
    class Broken:
        def map(self, function, jobs):
            yield 0, KeyError("Doe^Jane")

    _, failures = extract_many(jobs[:1], FEW, options=BatchOptions(backend=Broken()))
    assert failures.loc[0, "rule"] == "extraction_failed"
    assert "KeyError" in failures.loc[0, "message"]
    assert "Doe" not in failures.to_csv()


def test_infinite_features_fail_only_their_own_job(jobs, monkeypatch):
    def overflowing(image, mask, settings, exclude):
        values = extract(image, mask, settings, exclude)
        if sitk.GetArrayViewFromImage(image)[0, 0, 1] > 100 and not tried:
            values["ring_original_firstorder_Energy"] = -np.inf
        tried.append(1)
        return values

    tried = []
    monkeypatch.setattr(batch, "extract", overflowing)
    features, failures = extract_many([jobs[0], jobs[2]], FEW, options=BatchOptions(workers=1))
    assert len(features) == len(failures) == 1
    assert failures["rule"].tolist() == ["feature_infinite"]
    assert "1 features are infinite (ring_original_firstorder_Energy)" in failures.loc[0, "message"]
    assert {features.loc[0, "row_key"], failures.loc[0, "row_key"]} == {"key0", "key1"}


def test_pyradiomics_logs_are_suppressed(jobs, caplog):
    with caplog.at_level(logging.DEBUG):
        extract_many(jobs[:1], ExtractionSettings.with_log(bin_width=25), options=BatchOptions(workers=1))
    assert [record for record in caplog.records if record.name.startswith("radiomics")] == []


def test_acquire_many_reads_images_only(jobs):
    rows, failures = acquire_many(jobs, options=BatchOptions(workers=1))
    assert rows["spacing_x_mm"].tolist() == [1, 1, 1, 1], "masks are not read"
    assert rows["slice_thickness_mm"].tolist() == [3, 3, 3, 3]
    assert failures["rule"].tolist() == ["image_unreadable"]


def test_describe_many_returns_quality_rows(jobs):
    rows, failures = describe_many(jobs, FEW, options=BatchOptions(workers=1))
    assert rows["patient_id"].to_list() == ["p0", "p1", "p2"]
    assert rows["components"].eq(1).all()
    assert len(failures) == 2


def test_extract_perturbed_is_reproducible(jobs):
    rows, _ = extract_perturbed(jobs[:1], FEW, seed=3)
    assert rows["perturbation"].str.rpartition("_")[0].unique().tolist() == [
        "contour",
        "position",
        "noise",
        "field_of_view",
    ]
    assert rows["patient_id"].eq("p0").all()
    again, _ = extract_perturbed(jobs[:1], FEW, seed=3)
    pd.testing.assert_frame_equal(rows, again)


def _dies_at_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        raise RuntimeError("five")
    return 10 * number


def test_dead_worker_fails_only_its_own_job():
    found = dict(ProcessPool(2).map(_dies_at_three, list(range(7))))
    assert {n: r for n, r in found.items() if n not in (3, 5)} == {0: 0, 1: 10, 2: 20, 4: 40, 6: 60}
    assert type(found[3]).__name__ == "WorkerCrashError"
    assert str(found[5]) == "five"
