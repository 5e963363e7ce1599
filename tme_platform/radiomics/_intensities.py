"""All families of features of one region's intensities. Imports numba: import it where features are computed only."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._firstorder import first_order
from tme_platform.radiomics._glcm import glcm
from tme_platform.radiomics._grey_levels import Region, discretise
from tme_platform.radiomics._neighbours import neighbourhood
from tme_platform.radiomics._ngtdm import ngtdm
from tme_platform.radiomics._size_matrices import gldm, glrlm, glszm

__all__ = ["Region", "intensity_features"]


def intensity_features(
    values: NDArray[np.floating], region: Region, voxel_mm3: float, bin_width: float, shift: float
) -> dict[str, dict[str, float]]:
    """Compute the features of the intensities inside a region, by family.

    Parameters
    ----------
    values
        Intensities inside the region, in the order of its voxels.
    region
        The region; its array ``inside`` is its bounding box.
    voxel_mm3
        Volume of a voxel.
    bin_width
        Width of a grey level, in units of the intensities.
    shift
        Value added to an intensity before it is squared.
    """
    grey = discretise(values, region, bin_width)
    dependences, tones = neighbourhood(grey.grid, region.voxels, region.steps, grey.present)
    return {
        "firstorder": first_order(values, grey, voxel_mm3, shift),
        "glcm": glcm(grey),
        "gldm": gldm(dependences),
        "glrlm": glrlm(grey),
        "glszm": glszm(grey),
        "ngtdm": ngtdm(grey.present, tones),
    }
