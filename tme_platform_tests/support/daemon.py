"""Dagster's own daemon over a study, with sensors and runs as `tme ui` starts them: each run a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import dagster as dg

from tme_platform.orchestration.alive import UNDER_WAY
from tme_platform.orchestration.attempts import parts_of
from tme_platform.orchestration.instance import open_instance, served_home
from tme_platform.orchestration.plan import Part
from tme_platform.orchestration.survey import survey
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.killed import left_over, marked_environment, nothing_left, wait_for
from tme_platform_tests.support.servers import process

_PATIENCE = 600
"""Seconds: each wave of runs is a process that imports everything, beside the daemon that does."""


@dataclass
class Daemon:
    """A study that Dagster's daemon keeps up with.

    Attributes
    ----------
    environment
        Of the daemon and of every process that it starts, see `killed`.
    """

    workspace: Workspace
    instance: dg.DagsterInstance
    started: subprocess.Popen[bytes]
    environment: dict[str, str]
    _seen: set[str] = field(default_factory=set)

    def new_runs(self) -> list[dg.DagsterRun]:
        """The runs that were launched since this was last asked, oldest first."""
        runs = [run for run in self.instance.get_runs() if run.run_id not in self._seen]
        self._seen |= {run.run_id for run in runs}
        return runs[::-1]

    def late(self, without: Collection[str] = ()) -> list[Part]:
        """The tables that are not current, apart from those of some cohorts."""
        state = survey(self.workspace, self.instance, write=False).state
        return [part for part, known in state.items() if known.reason and part.cohort not in without]

    def keeps_up(self, without: Collection[str] = ()) -> list[dg.DagsterRun]:
        """Wait until everything is current and no run is under way; the runs that it took."""
        wait_for(
            lambda: not self._under_way() and not self.late(without), "everything is current", self.started, _PATIENCE
        )
        return self.new_runs()

    def kill_during_a_run(self) -> None:
        """Wait until a run has started, and kill the daemon and all that it started."""
        started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        wait_for(lambda: self.instance.get_run_records(started, limit=1), "a run has started", self.started, _PATIENCE)
        while left := left_over(self.environment):
            for number in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            self.started.wait()
            time.sleep(0.1)

    def _under_way(self) -> bool:
        return bool(self.instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY), limit=1))


def twice(runs: Collection[dg.DagsterRun]) -> list[Part]:
    """The parts that more than one of these runs was to build."""
    counted = Counter(part for run in runs for part in parts_of(run))
    return [part for part, times in counted.items() if times > 1]


@contextmanager
def daemon(workspace: Workspace) -> Iterator[Daemon]:
    """Dagster's daemon and code server over a lake; they and their runs end with the block."""
    with mock.patch.dict(os.environ):
        workspace.export()
        environment = {**marked_environment(), "DAGSTER_HOME": str(served_home(workspace.state))}
    command = [Path(sys.executable).with_name("dagster-daemon"), "run", "-m", "tme_platform.definitions"]
    log = workspace.state / "daemon.log"
    with (
        mock.patch.dict(os.environ, environment),
        open_instance(workspace.state) as instance,
        nothing_left(environment),
        process(command, log, env=environment, cwd=workspace.state) as started,
    ):
        yield Daemon(workspace, instance, started, environment)
