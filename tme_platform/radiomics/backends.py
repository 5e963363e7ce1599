"""Run jobs on this machine, in this process or in a pool of processes. Clusters belong in `dask_backend`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from tme_platform.radiomics.jobs import Job, Result, WorkerCrashError, available_processors, prepare_worker
from tme_platform.workers import process_context


class InProcess:
    """Runs jobs one after the other in this process."""

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (index, result or exception) in the order of the jobs."""
        for number, job in enumerate(jobs):
            try:
                yield number, function(job)
            except Exception as error:
                yield number, error


def local_backend(workers: int | None, jobs: int, preload: Sequence[str]) -> InProcess | ProcessPool:
    """Return a pool of processes, or `InProcess` if one processor or fewer than two jobs make a pool pointless."""
    workers = workers or available_processors()
    return InProcess() if workers == 1 or jobs < 2 else ProcessPool(workers, preload)


class ProcessPool:
    """Runs jobs in single-threaded processes; if a process dies, only the job that killed it fails.

    Parameters
    ----------
    workers
        Number of processes; None takes one per processor that this process may use.
    preload
        Modules to import before the processes are forked.
    """

    def __init__(self, workers: int | None = None, preload: Sequence[str] = ()) -> None:
        self.workers = workers or available_processors()
        self._context = process_context(preload)

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (index, result or exception) as jobs finish.

        When a process dies, the pool is replaced. The jobs that were running are repeated one at a time, each in its
        own process, which identifies the job that kills its process and completes the others.
        """
        waiting = list(enumerate(jobs))[::-1]
        while waiting:
            suspects: list[tuple[int, Job]] = []
            with self._pool(min(self.workers, len(waiting))) as pool:
                running: dict[Future[Result], tuple[int, Job]] = {}
                while (waiting or running) and not suspects:
                    # Only the jobs submitted when a process dies are suspects, so few are submitted in advance.
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

    @contextmanager
    def _pool(self, workers: int) -> Iterator[ProcessPoolExecutor]:
        with ProcessPoolExecutor(workers, mp_context=self._context, initializer=prepare_worker) as pool:
            try:
                yield pool
            except BaseException:  # stopped: no need to wait for what was only submitted
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _outcome(future: Future[Result]) -> Result | Exception:
    try:
        return future.result()
    except Exception as error:
        return error
