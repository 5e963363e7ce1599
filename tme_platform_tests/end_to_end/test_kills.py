"""Runs that are killed or stopped: what was finished is kept, and the next run makes everything current."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from tme_platform.lake import ask
from tme_platform.orchestration.instance import open_instance
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.killed import left_over, marked_environment, nothing_left, wait_for
from tme_platform_tests.support.small_study import copy_study, report_made

TME = Path(sys.executable).parent / "tme"


@pytest.fixture
def workspace(small_run: Path, tmp_path: Path) -> Workspace:
    """A small study that has run, of which a clinical table has changed since."""
    workspace = copy_study(small_run, tmp_path)
    with mock.patch.dict(os.environ), open_instance(workspace.state) as instance:
        report_made(workspace, instance)
    clinical = workspace.landing / "rna" / "clinical.csv"
    clinical.write_text(clinical.read_text().replace(",1\n", ",0\n", 4))
    return workspace


def command(workspace: Workspace, *arguments: str) -> list[str]:
    where = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    return [str(TME), *where, *arguments]


def stopped(workspace: Workspace, number: signal.Signals, after: int) -> tuple[int, str]:
    """Start a run, send a signal after it has built some tables; the exit code and what it said."""
    environment, said = {**marked_environment(), "TME_WORKERS": "2"}, Path(workspace.lake_root).parent / "said"
    with nothing_left(environment), said.open("w") as out:
        run = subprocess.Popen(command(workspace, "run"), env=environment, stdout=out, stderr=out, text=True)
        wait_for(lambda: said.read_text().count("✓") >= after, f"{after} tables are built", run)
        run.send_signal(number)
        code = run.wait(60)
        if sys.platform == "linux":
            wait_for(lambda: not left_over(environment), "what it started has ended")
    return code, said.read_text()


def finished(workspace: Workspace) -> str:
    """Run to the end; what it said."""
    run = subprocess.run(command(workspace, "run"), capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def built(said: str) -> list[tuple[str, str]]:
    """The tables that a run says it has built, each with its cohort or the first word of its counts."""
    words = [line.split() for line in said.splitlines() if line.startswith("✓")]
    return [(line[1], line[2]) for line in words]


def statuses(workspace: Workspace) -> set[str]:
    """The statuses of all tables."""
    shown = subprocess.run(command(workspace, "status", "--json"), capture_output=True, text=True, check=True)
    return {one["state"] for one in json.loads(shown.stdout)}


def runs(workspace: Workspace) -> list[str]:
    """The statuses of the runs in Dagster."""
    with mock.patch.dict(os.environ), open_instance(workspace.state) as instance:
        return [run.status.value for run in instance.get_runs()]


def test_after_kills_the_next_run_makes_everything_current(workspace: Workspace) -> None:
    before: list[tuple[str, str]] = []
    for after in (1, 2, 4):
        code, said = stopped(workspace, signal.SIGKILL, after)
        assert code == -signal.SIGKILL
        before += built(said)
        for schema in TABLES.values():
            for cohort, state in workspace.lake.states(schema).items():
                assert len(workspace.lake.read(schema, cohort)) == state.rows
        assert len(ask(workspace.lake, "select * from patients")) == 95
    assert len(before) == len(set(before)) >= 7
    assert not set(built(finished(workspace))) & set(before), "what was built before the kills is kept"
    assert statuses(workspace) == {"current"}
    assert set(runs(workspace)) == {"SUCCESS", "FAILURE"}, "no run is under way"


def test_a_run_that_is_stopped_says_so_and_goes_on_later(workspace: Workspace) -> None:
    code, said = stopped(workspace, signal.SIGTERM, 2)
    assert code == 143
    assert said.endswith("stopped; what was finished is kept, and `tme run` goes on from there\n")
    assert "Dagster" not in said
    assert "Traceback" not in said
    assert runs(workspace)[0] == "CANCELED"
    assert not set(built(finished(workspace))) & set(built(said))
    assert statuses(workspace) == {"current"}
