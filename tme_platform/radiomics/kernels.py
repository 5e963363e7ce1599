"""Compilation of the functions that compute features, ahead of their first use. They belong in their own modules."""

import importlib

KERNELS = (
    "tme_platform.imaging._histogram",
    "tme_platform.imaging._nearest",
    "tme_platform.radiomics._intensities",
    "tme_platform.radiomics._surface",
)
"""Modules that import all of them, for processes that fork others."""


def compile_kernels() -> None:
    """Compile the functions that compute features, or load them from numba's cache.

    Otherwise their first use does so. Call it once before processes start that would each compile the same. The cache
    is in ``__pycache__`` beside the source or, if that cannot be written, in the user's cache folder;
    ``NUMBA_CACHE_DIR`` names another one. Without a folder that can be written, each process compiles for itself.
    """
    for module in KERNELS:
        importlib.import_module(module)
