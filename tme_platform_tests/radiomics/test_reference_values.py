"""Published reference values: pyradiomics' regression baseline, and the IBSI consensus on the digital phantom."""

import importlib

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import read_mask, read_series, z_score
from tme_platform.radiomics import ExtractionSettings, extract
from tme_platform.radiomics._intensities import Region, intensity_features
from tme_platform.radiomics._shape import shape

extraction = importlib.import_module("tme_platform.radiomics.extraction")


def without_resampling(image, mask, settings):
    """Compute features as ``extract`` does, but on the image's own grid (which the study never uses)."""
    inside = sitk.GetArrayFromImage(mask) > 0
    values = sitk.GetArrayFromImage(image)
    box, spacing = extraction._bounding_box(inside), image.GetSpacing()[::-1]
    volume = spacing[0] * spacing[1] * spacing[2]
    families = {"shape": shape(inside[box], spacing)} | intensity_features(
        values[inside], Region(inside[box]), volume, settings.bin_width, settings.voxel_array_shift
    )
    return pd.Series({f"original_{f}_{n}": float(v) for f, values in families.items() for n, v in values.items()})


@pytest.fixture(scope="module")
def breast(reference):
    image = read_series(reference / "pyradiomics" / "breast1_image.nrrd")
    return image, read_mask(reference / "pyradiomics" / "breast1_label.nrrd", image, 1)


@pytest.fixture(scope="module")
def baseline(reference):
    table = pd.read_csv(reference / "pyradiomics" / "breast1_baseline.csv")
    return {variant: rows.set_index("feature")["value"] for variant, rows in table.groupby("variant")}


def computed(variant, image, mask):
    if variant == "plain":
        return without_resampling(image, mask, ExtractionSettings(bin_width=25, voxel_array_shift=2000))
    if variant == "normalization":
        return without_resampling(z_score(image, mask), mask, ExtractionSettings(voxel_array_shift=0))
    settings = ExtractionSettings(
        normalise="none", bin_width=25, voxel_array_shift=0, spacing_mm=2, image_types=("Original",)
    )
    return extract(image, mask, settings).filter(regex="^tumour_").rename(lambda name: name.removeprefix("tumour_"))


@pytest.mark.parametrize("variant", ["plain", "normalization", "resampling"])
def test_values_match_pyradiomics_baseline(variant, breast, baseline):
    expected = baseline[variant]
    found = computed(variant, *breast)[expected.index]
    assert len(expected) > 90
    assert (found - expected).abs().div(expected.abs().clip(lower=1e-3)).max() < 1e-6


# IBSI name -> ours, for the features that IBSI and pyradiomics define identically. The others are kurtosis (IBSI
# subtracts 3) and the three axis lengths (covariance over n - 1 or n), tested below with the difference removed.
SHAPE = {
    "morph_volume": "MeshVolume",
    "morph_vol_approx": "VoxelVolume",
    "morph_area_mesh": "SurfaceArea",
    "morph_av": "SurfaceVolumeRatio",
    "morph_sphericity": "Sphericity",
    "morph_diam": "Maximum3DDiameter",
    "morph_pca_elongation": "Elongation",
    "morph_pca_flatness": "Flatness",
}
FIRST_ORDER = {
    "stat_mean": "Mean",
    "stat_var": "Variance",
    "stat_skew": "Skewness",
    "stat_median": "Median",
    "stat_min": "Minimum",
    "stat_p10": "10Percentile",
    "stat_p90": "90Percentile",
    "stat_max": "Maximum",
    "stat_iqr": "InterquartileRange",
    "stat_range": "Range",
    "stat_mad": "MeanAbsoluteDeviation",
    "stat_rmad": "RobustMeanAbsoluteDeviation",
    "stat_energy": "Energy",
    "stat_rms": "RootMeanSquared",
    "ih_entropy": "Entropy",
    "ih_uniformity": "Uniformity",
}
GLCM = {
    "joint_max": "MaximumProbability",
    "joint_avg": "JointAverage",
    "joint_var": "SumSquares",
    "joint_entr": "JointEntropy",
    "diff_avg": "DifferenceAverage",
    "diff_var": "DifferenceVariance",
    "diff_entr": "DifferenceEntropy",
    "sum_avg": "SumAverage",
    "sum_var": "ClusterTendency",
    "sum_entr": "SumEntropy",
    "energy": "JointEnergy",
    "contrast": "Contrast",
    "inv_diff": "Id",
    "inv_diff_norm": "Idn",
    "inv_diff_mom": "Idm",
    "inv_diff_mom_norm": "Idmn",
    "inv_var": "InverseVariance",
    "corr": "Correlation",
    "auto_corr": "Autocorrelation",
    "clust_tend": "ClusterTendency",
    "clust_shade": "ClusterShade",
    "clust_prom": "ClusterProminence",
    "info_corr1": "Imc1",
    "info_corr2": "Imc2",
}
RUNS = {
    "sre": "ShortRunEmphasis",
    "lre": "LongRunEmphasis",
    "lgre": "LowGrayLevelRunEmphasis",
    "hgre": "HighGrayLevelRunEmphasis",
    "srlge": "ShortRunLowGrayLevelEmphasis",
    "srhge": "ShortRunHighGrayLevelEmphasis",
    "lrlge": "LongRunLowGrayLevelEmphasis",
    "lrhge": "LongRunHighGrayLevelEmphasis",
    "glnu": "GrayLevelNonUniformity",
    "glnu_norm": "GrayLevelNonUniformityNormalized",
    "rlnu": "RunLengthNonUniformity",
    "rlnu_norm": "RunLengthNonUniformityNormalized",
    "r_perc": "RunPercentage",
    "gl_var": "GrayLevelVariance",
    "rl_var": "RunVariance",
    "rl_entr": "RunEntropy",
}
ZONES = {
    "sze": "SmallAreaEmphasis",
    "lze": "LargeAreaEmphasis",
    "lgze": "LowGrayLevelZoneEmphasis",
    "hgze": "HighGrayLevelZoneEmphasis",
    "szlge": "SmallAreaLowGrayLevelEmphasis",
    "szhge": "SmallAreaHighGrayLevelEmphasis",
    "lzlge": "LargeAreaLowGrayLevelEmphasis",
    "lzhge": "LargeAreaHighGrayLevelEmphasis",
    "glnu": "GrayLevelNonUniformity",
    "glnu_norm": "GrayLevelNonUniformityNormalized",
    "zsnu": "SizeZoneNonUniformity",
    "zsnu_norm": "SizeZoneNonUniformityNormalized",
    "z_perc": "ZonePercentage",
    "gl_var": "GrayLevelVariance",
    "zs_var": "ZoneVariance",
    "zs_entr": "ZoneEntropy",
}
DEPENDENCES = {
    "lde": "SmallDependenceEmphasis",
    "hde": "LargeDependenceEmphasis",
    "lgce": "LowGrayLevelEmphasis",
    "hgce": "HighGrayLevelEmphasis",
    "ldlge": "SmallDependenceLowGrayLevelEmphasis",
    "ldhge": "SmallDependenceHighGrayLevelEmphasis",
    "hdlge": "LargeDependenceLowGrayLevelEmphasis",
    "hdhge": "LargeDependenceHighGrayLevelEmphasis",
    "glnu": "GrayLevelNonUniformity",
    "dcnu": "DependenceNonUniformity",
    "dcnu_norm": "DependenceNonUniformityNormalized",
    "gl_var": "GrayLevelVariance",
    "dc_var": "DependenceVariance",
    "dc_entr": "DependenceEntropy",
}
TONES = {name.lower(): name for name in ("Coarseness", "Contrast", "Busyness", "Complexity", "Strength")}
IBSI = {
    **{tag: f"original_shape_{name}" for tag, name in SHAPE.items()},
    **{tag: f"original_firstorder_{name}" for tag, name in FIRST_ORDER.items()},
    **{f"cm_{tag}_3D_avg": f"original_glcm_{name}" for tag, name in GLCM.items()},
    **{f"rlm_{tag}_3D_avg": f"original_glrlm_{name}" for tag, name in RUNS.items()},
    **{f"szm_{tag}_3D": f"original_glszm_{name}" for tag, name in ZONES.items()},
    **{f"ngl_{tag}_3D": f"original_gldm_{name}" for tag, name in DEPENDENCES.items()},
    **{f"ngt_{tag}_3D": f"original_ngtdm_{name}" for tag, name in TONES.items()},
}


@pytest.fixture(scope="module")
def phantom(reference):
    image = read_series(reference / "ibsi" / "phantom.nii.gz")
    mask = read_mask(reference / "ibsi" / "mask.nii.gz", image)
    return without_resampling(image, mask, ExtractionSettings(bin_width=1, voxel_array_shift=0))


@pytest.fixture(scope="module")
def consensus(reference):
    return pd.read_csv(reference / "ibsi" / "ibsi_1_dig_phantom.csv", sep=";").set_index("tag")


def printed_tolerance(consensus, tag):
    """Consensus value and tolerance, the latter at least half a unit of the third digit, the last one printed."""
    value, tolerance = consensus.loc[tag, ["reference value", "tolerance"]].astype(float)
    return value, max(tolerance, 0.5 * 10 ** (np.floor(np.log10(abs(value))) - 2))


@pytest.mark.parametrize("tag", IBSI)
def test_values_match_ibsi_consensus(tag, phantom, consensus):
    value, tolerance = printed_tolerance(consensus, tag)
    assert phantom[IBSI[tag]] == pytest.approx(value, abs=tolerance)


def test_ibsi_kurtosis_is_excess_kurtosis(phantom, consensus):
    value, tolerance = printed_tolerance(consensus, "stat_kurt")
    assert phantom["original_firstorder_Kurtosis"] - 3 == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize(("tag", "name"), [("maj", "MajorAxis"), ("min", "MinorAxis"), ("least", "LeastAxis")])
def test_ibsi_axes_use_the_unbiased_covariance(tag, name, phantom, consensus):
    value, tolerance = printed_tolerance(consensus, f"morph_pca_{tag}_axis")
    voxels = 74
    assert phantom["original_shape_VoxelVolume"] == voxels * 8
    unbiased = phantom[f"original_shape_{name}Length"] * np.sqrt(voxels / (voxels - 1))
    assert unbiased == pytest.approx(value, abs=tolerance)
