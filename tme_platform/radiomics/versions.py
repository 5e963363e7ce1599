"""The versions that decide the value of a feature: part of every row's key, and the same on every worker."""

from __future__ import annotations

import functools
from importlib.metadata import PackageNotFoundError, version

from tme_platform.radiomics.settings import FEATURE_VERSION

_PACKAGES = ("pyradiomics-bhklab", "SimpleITK", "numpy", "scipy")


@functools.cache
def value_versions() -> dict[str, str]:
    """Versions of our own feature code and of the packages that compute with it, by name."""
    found = {"features": FEATURE_VERSION}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found
