import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.radiomics import (
    BatchOptions,
    ExtractionSettings,
    extract,
    extract_many,
    ring_width_change,
    ring_width_features,
)
from tme_platform_tests.radiomics.conftest import FEW, write_job


def test_features_depend_on_the_ring_width(small, tmp_path):
    image, mask = small
    jobs = []
    for number in range(3):
        stronger = sitk.Cast(image, sitk.sitkFloat32) + float(number) * 40 * sitk.Cast(mask, sitk.sitkFloat32)
        jobs.append(write_job(tmp_path, f"p{number}", stronger, mask))
    own, failures = extract_many(jobs, FEW, options=BatchOptions(workers=1))
    assert failures.empty
    change = ring_width_change(ring_width_features(jobs, FEW, options=BatchOptions(workers=1))[0], own)
    table = change.set_index(["feature", "width_mm"])
    volume = table.loc["ring_original_shape_VoxelVolume"]
    assert (np.diff(volume["median"]) > 0).all()
    assert volume.loc[2.0, "median_change"] == 0
    assert table.loc[("ring_original_firstorder_Mean", 2.0), "rank_correlation"] == pytest.approx(1)
    assert change["patients"].eq(3).all()
    assert set(change["width_mm"]) == {1.0, 2.0, 3.0, 5.0}


def test_values_equal_an_extraction_at_that_width(small, tmp_path):
    settings = ExtractionSettings(image_types=("Original", "Square"), bin_width=25)
    rows, _ = ring_width_features(
        [write_job(tmp_path, "p", *small)], settings, widths_mm=(3.0,), options=BatchOptions(workers=1)
    )
    expected = extract(*small, settings.model_copy(update={"inner_mm": 3.0, "outer_mm": 3.0}))
    ring = [name for name in expected.index if name.startswith("ring_")]
    assert rows["width_mm"].tolist() == [3.0]
    np.testing.assert_allclose(rows.loc[0, ring].astype(float), expected[ring], rtol=1e-12)
