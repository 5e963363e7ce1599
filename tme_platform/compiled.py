"""The decorator of compiled functions. The functions belong in modules of their own, imported where they are called.

Importing numba takes 0.4 s and 50 MB, so no package does so when it is imported itself. Compiled code is kept in
``__pycache__`` beside its source, or in the user's cache folder (``NUMBA_CACHE_DIR`` names another one).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Compile a function only as a part of the compiled functions of its file that call it."""
    found: Function = njit(nogil=True, error_model="numpy")(function)
    return found


def compiled(signature: str) -> Callable[[Function], Function]:
    """Compile a function of arrays and numbers for one signature, on one thread and with IEEE arithmetic.

    Notes
    -----
    The cache is renewed when the file of the function changes, so a compiled function calls none of another file.
    """

    def compile_now(function: Function) -> Function:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            found: Function = njit(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder of the cache can be written
            found = njit(signature, **options)(function)
        return found

    return compile_now
