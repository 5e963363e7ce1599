"""Jobs on the workers of a Dask cluster that is running already. Starting one, and securing it, is `deploy/`'s affair.

Whoever reaches a Dask scheduler can run any code on its workers: it belongs on a network of its own, or behind TLS.
"""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from tme_platform.radiomics.jobs import BackendError, Job, Result, WorkerCrashError, one_thread
from tme_platform.radiomics.versions import value_versions

if TYPE_CHECKING:
    from distributed import Client, Future

_JOBS_AHEAD = 2  # per worker thread: enough to keep it busy, few enough that a death makes few suspects


class DaskCluster:
    """Runs jobs on the workers of a Dask cluster; a worker that dies costs nothing but the time of its jobs.

    Parameters
    ----------
    address
        The scheduler's, as Dask writes it: `tcp://host:8786`, or `tls://host:8786` with the certificates that Dask's
        own configuration names (`DASK_DISTRIBUTED__COMM__TLS__...`).
    patience_s
        How long to wait for the scheduler to answer, and for a worker where none is left.
    """

    def __init__(self, address: str, *, patience_s: float = 60.0) -> None:
        self.address = address
        self.patience_s = patience_s

    def map(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """Yield (number, result or exception) as jobs finish.

        Dask gives the jobs of a dead worker to others. A job that was under way on several workers that died is run
        again alone, so that the one that kills its worker is told from those that only stood beside it.

        Raises
        ------
        BackendError
            The scheduler does not answer, no worker is left, or a worker computes with other versions.
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
        """Hand out a few jobs per worker at a time and yield them as they come back."""
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

        alone_since: float | None = None
        while True:
            try:
                with client.as_current():
                    return set(wait(futures, timeout=1.0, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                if client.status != "running":
                    raise BackendError(
                        f"the Dask scheduler at {self.address} was lost; nothing of this table was written. Run again."
                    ) from None
                alone_since = None if self._threads(client) else alone_since or time.monotonic()
                if alone_since is not None and time.monotonic() - alone_since > self.patience_s:
                    raise BackendError(
                        f"the Dask scheduler at {self.address} has no worker: start workers and run again"
                    ) from None

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
                return error  # the job's own: a file it could not read
            raise BackendError(
                f"the Dask scheduler at {self.address} was lost; nothing of this table was written. Run again."
            ) from error
        except BackendError:
            raise
        except Exception as error:
            return error
        finally:
            future.release()
        return result


@dataclass(frozen=True)
class _Call(Generic[Job, Result]):
    """What is sent to a worker: the function, and the versions its values must come from."""

    function: Callable[[Job], Result]
    expected: Mapping[str, str]

    def __call__(self, job: Job) -> Result:
        """Run one job on a worker, in one thread."""
        other = {
            name: f"{here} there, {self.expected[name]} here"
            for name, here in value_versions().items()
            if here != self.expected[name]
        }
        if other:
            # Rows are kept by the versions of this side; values of another version under that key would stay for ever.
            told = "; ".join(f"{name} {text}" for name, text in sorted(other.items()))
            raise BackendError(f"a Dask worker computes with other versions ({told}): install the same on all")
        _limit_threads()
        return self.function(job)


@functools.cache
def _limit_threads() -> None:
    one_thread()
