"""The protocol of backends that run jobs, their exceptions, and helpers that several of them need."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import SimpleITK as sitk  # noqa: N813
from threadpoolctl import threadpool_limits

from tme_platform.workers import end_with_parent

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerCrashError(RuntimeError):
    """The process that ran a job died (out of memory, or a crash in native code)."""


class BackendError(RuntimeError):
    """The backend cannot be used. No job caused this, and no job is marked as failed."""


class Backend(Protocol):
    """Runs one function on many jobs; implemented by `InProcess`, `ProcessPool` and `DaskCluster`."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (index of the job, its result or the exception it raised) as jobs finish, in any order."""
        ...


def available_processors() -> int:
    """Return the number of processors this process may use (its CPU affinity)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads() -> None:
    """Restrict native libraries in this process to one thread, since there is one process per processor."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    threadpool_limits(1)


def prepare_worker() -> None:
    """Prepare a process that only runs jobs of its parent."""
    limit_threads()
    end_with_parent()
