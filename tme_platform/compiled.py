"""The decorator of compiled functions. The functions belong in modules of their own, imported where they are called.

Importing numba takes 0.4 s and 50 MB, so no package does so when it is imported itself. Compiled code is kept in
``__pycache__`` beside its source, or in the user's cache folder (``NUMBA_CACHE_DIR`` names another one).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
"""One thread, IEEE arithmetic; other Python threads may go on."""


def inlined(function: Function) -> Function:
    """Compile a function only as a part of the compiled functions of its file that call it."""
    found: Function = njit(**_OPTIONS)(function)
    return found


def compiled(signature: str | None = None) -> Callable[[Function], Function]:
    """Compile a function of arrays and numbers, and keep the compiled code in the cache.

    Parameters
    ----------
    signature
        Types for which it is compiled when its module is imported; None compiles at the first call, for its types.

    Notes
    -----
    The cache is renewed when the file of the function changes, so a compiled function calls none of another file.
    """
    given = () if signature is None else (signature,)

    def compile_now(function: Function) -> Function:
        try:
            found: Function = njit(*given, cache=True, **_OPTIONS)(function)
        except RuntimeError:  # no folder of the cache can be written
            found = njit(*given, **_OPTIONS)(function)
        return found

    return compile_now
