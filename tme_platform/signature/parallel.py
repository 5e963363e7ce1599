"""The same work on many inputs, in processes that end with this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from tme_platform.workers import end_with

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def delayed(function: Callable[Arguments, Result]) -> Callable[Arguments, Any]:
    """Note a call of a function for `in_processes`."""
    import joblib

    noted: Callable[Arguments, Any] = joblib.delayed(function)
    return noted


def in_processes(calls: Iterable[Any], n_jobs: int) -> list[Any]:
    """Carry out calls that `delayed` noted, and return their results in order.

    Parameters
    ----------
    n_jobs
        Processes, as in joblib: -1 takes one per processor, 1 works in this process.
    """
    import joblib

    end = {"initializer": end_with, "initargs": (os.getpid(),)}
    return list(joblib.Parallel(n_jobs=n_jobs, backend="loky", **end)(calls))
