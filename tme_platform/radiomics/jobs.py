"""The protocol of a backend that runs jobs, its errors, and helpers that every backend needs."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import SimpleITK as sitk  # noqa: N813
from threadpoolctl import threadpool_limits

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerCrashError(RuntimeError):
    """The process that ran a job died (killed for memory, or a crash in native code)."""


class BackendError(RuntimeError):
    """The place where jobs should run cannot be used; no job is to blame, and none is given up."""


class Backend(Protocol):
    """Runs one function over many jobs: `InProcess`, `ProcessPool`, `DaskCluster`; a batch queue would be another."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (number of the job, its result or the exception it ended with) as they finish, in any order."""
        ...


def available_processors() -> int:
    """Count the processors this process may use (its affinity, not the machine's)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_thread() -> None:
    """Keep native libraries of this process to one thread: there is a process per processor."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    threadpool_limits(1)
