"""The decorator of compiled functions. The functions belong in the modules of their families.

numba keeps compiled code in ``__pycache__`` beside the source or, if that cannot be written, in the user's cache
folder (``NUMBA_CACHE_DIR`` names another one). An entry is renewed when its own source file changes, not when another
one does: a compiled function may call only compiled functions of its own file.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Compile a function as a part of those that call it."""
    compiled: Function = njit(nogil=True, error_model="numpy")(function)
    return compiled


def compiled(signature: str) -> Callable[[Function], Function]:
    """Compile a function for one signature at import, or load it from the cache. It releases the GIL."""

    def compile_now(function: Function) -> Function:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            dispatcher: Function = njit(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder for the cache can be written
            dispatcher = njit(signature, **options)(function)
        return dispatcher

    return compile_now
