"""Run jobs on the workers of an existing Dask cluster. Starting and securing a cluster belongs in `deploy/`.

Anyone who can connect to a Dask scheduler can run any code on its workers: use a private network, or TLS.
"""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from tme_platform.radiomics.jobs import BackendError, Job, Result, WorkerCrashError, limit_threads
from tme_platform.radiomics.versions import value_versions

if TYPE_CHECKING:
    from distributed import Client, Future

_JOBS_AHEAD = 2  # per worker thread: enough to keep it busy, few enough to leave few suspects when a worker dies


class DaskCluster:
    """Runs jobs on the workers of a Dask cluster; jobs of a worker that dies are repeated on other workers.

    Parameters
    ----------
    address
        Address of the scheduler as Dask writes it: `tcp://host:8786`, or `tls://host:8786` with the certificates set
        in Dask's own configuration (`DASK_DISTRIBUTED__COMM__TLS__...`).
    patience_s
        Seconds to wait for the scheduler to answer, and for a worker if none is left.
    """

    def __init__(self, address: str, *, patience_s: float = 60.0) -> None:
        self.address = address
        self.patience_s = patience_s

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (index, result or exception) as jobs finish.

        Dask moves the jobs of a dead worker to other workers. A job that was running on several workers when they died
        is repeated alone, which separates jobs that kill their worker from those that were merely running there.

        Raises
        ------
        BackendError
            If the scheduler does not answer, no worker is left, or a worker has other package versions.
        """
        from distributed import Client

        try:
            client = Client(self.address, timeout=self.patience_s, set_as_default=False, name="tme_platform")
        except OSError as error:
            raise BackendError(
                f"no Dask scheduler answers at {self.address} ({type(error).__name__}): start it, or set another "
                "backend (TME_BACKEND, --backend)"
            ) from error
        with client:
            call = _Call(function, value_versions())
            suspects: list[tuple[int, Job]] = []
            for number, job, outcome in self._spread(client, call, list(enumerate(jobs))):
                if isinstance(outcome, WorkerCrashError):
                    suspects.append((number, job))
                else:
                    yield number, outcome
            for suspect in suspects:
                for number, _, outcome in self._spread(client, call, [suspect]):
                    yield number, outcome

    def _spread(
        self, client: Client, call: _Call[Job, Result], jobs: Sequence[tuple[int, Job]]
    ) -> Iterator[tuple[int, Job, Result | Exception]]:
        """Submit a few jobs per worker at a time and yield them as they finish."""
        waiting = deque(jobs)
        running: dict[Future, tuple[int, Job]] = {}
        while waiting or running:
            ahead = max(1, _JOBS_AHEAD * self._threads(client))
            while waiting and len(running) < ahead:
                numbered = waiting.popleft()
                running[client.submit(call, numbered[1], pure=False)] = numbered
            for future in self._wait(client, list(running)):
                number, job = running.pop(future)
                yield number, job, self._outcome(future)

    def _wait(self, client: Client, futures: list[Future]) -> set[Future]:
        from distributed import wait

        idle_since: float | None = None
        while True:
            try:
                with client.as_current():
                    return set(wait(futures, timeout=1.0, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                if client.status != "running":
                    raise self._lost() from None
                idle_since = None if self._threads(client) else idle_since or time.monotonic()
                if idle_since is not None and time.monotonic() - idle_since > self.patience_s:
                    raise BackendError(
                        f"the Dask scheduler at {self.address} has no worker: start workers and run again"
                    ) from None

    def _lost(self) -> BackendError:
        return BackendError(
            f"the connection to the Dask scheduler at {self.address} was lost; no rows were written. Run again."
        )

    @staticmethod
    def _threads(client: Client) -> int:
        return sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())

    def _outcome(self, future: Future) -> Result | Exception:
        from distributed import CancelledError, KilledWorker

        try:
            result: Result = future.result()
        except KilledWorker:
            return WorkerCrashError("every worker that ran this job died")
        except (CancelledError, OSError) as error:
            if future.client.status == "running" and isinstance(error, OSError):
                return error  # raised by the job: a file it could not read
            raise self._lost() from error
        except BackendError:
            raise
        except Exception as error:
            return error
        finally:
            future.release()
        return result


@dataclass(frozen=True)
class _Call(Generic[Job, Result]):
    """The callable sent to a worker: the function, and the versions that the worker must have."""

    function: Callable[[Job], Result]
    expected: Mapping[str, str]

    def __call__(self, job: Job) -> Result:
        """Run one job on a worker, in one thread."""
        differences = [
            f"{name} {found} on the worker, {self.expected[name]} here"
            for name, found in sorted(value_versions().items())
            if found != self.expected[name]
        ]
        if differences:
            # Row keys contain the versions of the submitting side: the worker's values would be kept under a wrong key.
            raise BackendError(
                f"a Dask worker has other package versions ({'; '.join(differences)}): install the same on all workers"
            )
        _limit_threads_once()
        return self.function(job)


_limit_threads_once = functools.cache(limit_threads)
