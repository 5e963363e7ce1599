"""The versions that decide the value of a feature: part of every row's key, and compared with every Dask worker's.

Packages that only schedule work or pass voxels on unchanged (Dask, pandas, pydicom) are not listed.
"""

import functools
from importlib.metadata import version

from tme_platform.radiomics.settings import FEATURE_VERSION

PACKAGES = ("pyradiomics-bhklab", "SimpleITK", "numba", "numpy", "scipy", "PyWavelets")
"""Definitions, LoG and wavelet; filters and N4; compiled code; arithmetic; smoothing; wavelets."""


@functools.cache
def value_versions() -> dict[str, str]:
    """Return ``FEATURE_VERSION`` (as ``features``) and the installed version of each package, by name."""
    return {"features": FEATURE_VERSION} | {name: version(name) for name in PACKAGES}
