"""The same work on many inputs, in processes that end with this one. What is computed belongs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

from tme_platform.workers import end_with

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerDiedError(RuntimeError):
    """A process that worked for this one is gone, and with it the result."""


def no_report(done: int, of: int) -> None:
    """Report nothing of the progress."""


def delayed(function: Callable[Arguments, Result]) -> Callable[Arguments, Call]:
    """Note a call of a function for `in_processes`."""
    import joblib

    noted: Callable[Arguments, Call] = joblib.delayed(function)
    return noted


def in_processes(calls: Sequence[Call], n_jobs: int, report: Callable[[int, int], None] = no_report) -> list[Any]:
    """Carry out calls that `delayed` noted, and return their results in order.

    The calls state their seeds, so the results do not depend on the number of processes. Every process works on one
    thread. Processes are kept for the next calls, since starting one takes seconds; five idle minutes end them.

    Parameters
    ----------
    n_jobs
        Processes, as in joblib: -1 takes one per processor. With one, the calls are carried out in this process.
    report
        Called with the number of results so far and of all calls.

    Raises
    ------
    WorkerDiedError
        A process was killed, by the system for its memory or by somebody.
    """
    import joblib

    results: list[Any] = []
    if joblib.effective_n_jobs(n_jobs) == 1:
        with threadpool_limits(limits=1):
            for function, positional, named in calls:
                results.append(function(*positional, **named))
                report(len(results), len(calls))
        return results
    with joblib.parallel_config("loky", inner_max_num_threads=1, initializer=end_with, initargs=(os.getpid(),)):
        try:
            for result in joblib.Parallel(n_jobs=n_jobs, return_as="generator")(calls):
                results.append(result)
                report(len(results), len(calls))
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                "a worker process was killed, most often because memory ran out; try again, or use fewer processes "
                "(TME_WORKERS)"
            ) from error
    return results
