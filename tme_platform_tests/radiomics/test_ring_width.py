import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.radiomics import ExtractionJob, ExtractionSettings, ring_width_run


def test_features_move_with_the_width(small, tmp_path):
    image, mask = small
    jobs = []
    for number in range(3):
        stronger = sitk.Cast(image, sitk.sitkFloat32) + float(number) * 40 * sitk.Cast(mask, sitk.sitkFloat32)
        paths = tmp_path / f"{number}.nii.gz", tmp_path / "mask.nii.gz"
        for volume, path in zip((stronger, mask), paths, strict=True):
            sitk.WriteImage(volume, str(path))
        jobs.append(ExtractionJob(f"p{number}", *paths))
    settings = ExtractionSettings(image_types=("Original",), bin_width=25)
    moved, failures = ring_width_run(jobs, settings, workers=1)
    assert failures.empty
    table = moved.set_index(["feature", "width_mm"])
    volume = table.loc["ring_original_shape_VoxelVolume"]
    assert (np.diff(volume["median"]) > 0).all()
    assert volume.loc[2.0, "median_change"] == 0
    assert table.loc[("ring_original_firstorder_Mean", 2.0), "rank_correlation"] == pytest.approx(1)
    assert moved["patients"].eq(3).all()
    assert set(moved["width_mm"]) == {1.0, 2.0, 3.0, 5.0}
