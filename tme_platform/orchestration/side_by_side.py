"""Runs of a wave side by side: a command carries out some, processes beside it take others as soon as they are ready.

Runs of a wave do not depend on one another, so their tables are the same in whatever order they are built. A process
takes seconds to import what it needs; this one does not wait for that, so little work takes no longer than without.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess, SpawnProcess
from types import TracebackType
from typing import Any

import dagster as dg

from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.carry_out import Carried, Carrier, Failure
from tme_platform.orchestration.plan import PlannedRun
from tme_platform.orchestration.progress import Progress
from tme_platform.radiomics import available_processors
from tme_platform.steps.scope import Refresh
from tme_platform.steps.workspace import Workspace
from tme_platform.stopping import stoppable
from tme_platform.workers import end_with_parent, process_context

_MOST = 4
"""Processes that carry out runs, at most: each has processes of its own for heavy work, and memory."""
_READY, _CARRIED = "ready", "carried"
_END_SECONDS = 30.0


@dataclass
class _Beside:
    """A process beside this one, and the end of the pipe to it."""

    process: ForkServerProcess | SpawnProcess
    pipe: Connection
    ready: bool = False


@dataclass
class Crew:
    """The process of a command and those beside it; a context manager that ends those.

    Attributes
    ----------
    here
        Carries out a run in this process.
    progress
        Receives the progress of all.
    """

    workspace: Workspace
    instance: dg.DagsterInstance
    here: Callable[[PlannedRun], Carried]
    progress: Progress
    refresh: Refresh
    _beside: list[_Beside] = field(default_factory=list)
    _said: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._beside:
            with contextlib.suppress(OSError):  # it is gone
                one.pipe.send(None)
            if kind is not None:
                one.process.terminate()
        for one in self._beside:
            one.process.join(_END_SECONDS)
            if one.process.is_alive():
                one.process.kill()
                one.process.join()
            one.pipe.close()

    def carry_out(self, runs: Sequence[PlannedRun]) -> list[Carried]:
        """Carry out runs that do not depend on one another; what each came to, in their order."""
        left = deque(enumerate(runs))
        found: dict[int, Carried] = {}
        self._call(len(runs) - 1)
        threads = [threading.Thread(target=self._attend, args=(one, left, found), daemon=True) for one in self._beside]
        for thread in threads:
            thread.start()
        while (taken := _taken(left)) is not None:
            found[taken[0]] = self.here(taken[1])
        for thread in threads:
            thread.join()
        return [found[number] for number in range(len(runs))]

    def _call(self, wanted: int) -> None:
        """Start processes, if there is work for them and they can write the run history that this one writes."""
        self._beside = [one for one in self._beside if one.process.is_alive()]
        if self.instance.is_ephemeral:
            return
        processors = self.workspace.workers or available_processors()
        wanted = min(wanted, processors - 1, _MOST - 1)
        for _ in range(wanted - len(self._beside)):
            self._beside.append(self._started(max(2, 2 * processors // (wanted + 1))))

    def _started(self, workers: int) -> _Beside:
        context = process_context([__name__])
        pipe, theirs = context.Pipe()
        arguments = (theirs, replace(self.workspace, workers=workers), self.instance.get_ref(), self.refresh)
        process = context.Process(target=_serve, args=(*arguments, dict(os.environ)), name="runs beside")
        process.start()
        theirs.close()
        return _Beside(process, pipe)

    def _attend(self, one: _Beside, left: deque[tuple[int, PlannedRun]], found: dict[int, Carried]) -> None:
        """Hand runs to a process while there are any, and pass on what it says."""
        while not one.ready:
            if not left:
                return
            try:
                one.ready = one.pipe.poll(0.1) and one.pipe.recv() == _READY
            except (EOFError, OSError):  # it could not start; the others do its work
                return
        while (taken := _taken(left)) is not None:
            number, run = taken
            try:
                one.pipe.send(run)
                found[number] = self._heard(one)
            except (EOFError, OSError):
                said = "the process that carried it out is gone: it was killed, or ran out of memory"
                found[number] = Carried(failures=(Failure("run", run.cohort, f"{said}. The next run goes on."),))
                return

    def _heard(self, one: _Beside) -> Carried:
        while True:
            kind, content = one.pipe.recv()
            if kind == _CARRIED:
                carried: Carried = content
                return carried
            with self._said:
                getattr(self.progress, kind)(*content)


def _taken(left: deque[tuple[int, PlannedRun]]) -> tuple[int, PlannedRun] | None:
    try:
        return left.popleft()
    except IndexError:
        return None


class _Told:
    """See `Progress`: passes it on through a pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        self._pipe.send(("planned", (list(parts),)))

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        self._pipe.send(("step", (asset, cohort, text)))

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        self._pipe.send(("done", (asset, cohort, text, seconds, reason, dict(changes))))

    def failed(self, asset: str, cohort: str | None) -> None:
        self._pipe.send(("failed", (asset, cohort)))

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        self._pipe.send(("withheld", (asset, cohort, text)))


def _serve(
    pipe: Connection,
    workspace: Workspace,
    instance: Any,
    refresh: Refresh,
    environment: Mapping[str, str],
) -> None:
    """Carry out the runs that come through a pipe."""
    os.environ.update(environment)
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which the command may ignore, but sends
    with stoppable() as stop:
        try:
            with dg.DagsterInstance.from_ref(instance) as own:
                definitions = build_definitions(workspace=workspace, progress=_Told(pipe))
                job = definitions.resolve_implicit_global_asset_job_def()
                carrier = Carrier(job, workspace.state, own, refresh, stop)
                pipe.send(_READY)
                while (run := pipe.recv()) is not None:
                    pipe.send((_CARRIED, carrier(run)))
        except (KeyboardInterrupt, EOFError, BrokenPipeError):
            return
