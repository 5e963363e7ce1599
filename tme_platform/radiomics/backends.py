"""Where many jobs are run: in this process, in a pool, or on a cluster. What a job does is not known here."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

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


class InProcess:
    """Runs jobs one after the other in this process."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (number, result or exception) in the order of the jobs."""
        for number, job in enumerate(jobs):
            try:
                yield number, function(job)
            except Exception as error:
                yield number, error


class ProcessPool:
    """Runs jobs in processes of one thread each; a process that dies costs its own job only.

    Parameters
    ----------
    workers
        Number of processes; None takes the processors this process may use.
    preload
        Modules that the processes have imported before they start.
    """

    def __init__(self, workers: int | None = None, preload: Sequence[str] = ()) -> None:
        self.workers = workers or available_processors()
        # A forked child of a process with threads (Dagster, a notebook) may deadlock; a fork server has none.
        forkserver = "forkserver" in multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if forkserver else "spawn")
        if forkserver:
            self._context.set_forkserver_preload(list(preload))

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (number, result or exception) as jobs finish.

        When a process dies the pool is made anew. The jobs that were under way are repeated one at a time, each in a
        process of its own, so that the one that kills its process is known and the others are done.
        """
        waiting = list(enumerate(jobs))[::-1]
        while waiting:
            suspects: list[tuple[int, Job]] = []
            with self._pool(min(self.workers, len(waiting))) as pool:
                running: dict[Future[Result], tuple[int, Job]] = {}
                while (waiting or running) and not suspects:
                    # Few jobs are handed over in advance: a death makes suspects of those only.
                    while waiting and len(running) < 2 * self.workers and not suspects:
                        numbered = waiting.pop()
                        try:
                            running[pool.submit(function, numbered[1])] = numbered
                        except BrokenProcessPool:
                            suspects.append(numbered)
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        numbered = running.pop(future)
                        outcome = _outcome(future)
                        if isinstance(outcome, BrokenProcessPool):
                            suspects.append(numbered)
                        else:
                            yield numbered[0], outcome
                if suspects:
                    suspects += running.values()
            yield from self._one_by_one(function, suspects)

    def _one_by_one(
        self, function: Callable[[Job], Result], suspects: Iterable[tuple[int, Job]]
    ) -> Iterator[tuple[int, Result | Exception]]:
        for number, job in suspects:
            with self._pool(1) as pool:
                outcome = _outcome(pool.submit(function, job))
            if isinstance(outcome, BrokenProcessPool):
                outcome = WorkerCrashError("the process died twice on this job")
            yield number, outcome

    def _pool(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, mp_context=self._context, initializer=one_thread)


def _outcome(future: Future[Result]) -> Result | Exception:
    try:
        return future.result()
    except Exception as error:
        return error


def available_processors() -> int:
    """Count the processors this process may use (its affinity, not the machine's)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def make_backend(name: str) -> Backend | None:
    """The backend that a setting names.

    Parameters
    ----------
    name
        `processes` (as many processes as the caller says: None is given back), `in_process`, or the address of a Dask
        scheduler: `dask://host:port`, with TLS `dask+tls://host:port`.

    Raises
    ------
    ValueError
        The name is none of these.
    """
    if name == "processes":
        return None
    if name == "in_process":
        return InProcess()
    scheme, _, place = name.partition("://")
    protocol = {"dask": "tcp", "dask+tls": "tls"}.get(scheme)
    if protocol is None or not place.rpartition(":")[2].isdigit():
        raise ValueError(
            f"no backend {name!r}: say in_process, processes, or dask://host:port (dask+tls://host:port with TLS)"
        )
    from tme_platform.radiomics.dask_backend import DaskCluster

    return DaskCluster(f"{protocol}://{place}")


def one_thread() -> None:
    """Keep native libraries of this process to one thread: there is a process per processor."""
    import SimpleITK as sitk  # noqa: N813
    from threadpoolctl import threadpool_limits

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    threadpool_limits(1)
