"""Runs that are killed or stopped: what was finished is kept, and the next run makes everything current.

One lake, from empty to complete: two runs are killed, while tables are read and while workers compute features, one is
stopped, and the last one ends.
"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from tme_platform.lake import ask
from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.survey import survey
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.killed import left_over, marked_environment, nothing_left, wait_for
from tme_platform_tests.support.small_study import make_study

TME = Path(sys.executable).parent / "tme"
TABLES_BUILT = "+radiomic_features or +phenotype_model"
Built = list[tuple[str, str]]


@dataclass
class Run:
    """A run that has ended: how, and what it said."""

    code: int
    said: str

    @property
    def built(self) -> Built:
        """The tables that it says it has built, with their cohorts."""
        words = [line.split() for line in self.said.splitlines() if line.startswith("✓")]
        return [(line[1], line[2]) for line in words]


@dataclass
class Story:
    """What happened to the lake."""

    workspace: Workspace
    killed: list[Run]
    stopped: Run
    finished: Run


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Kill, kill, stop and finish runs of a new lake; after each, every table has the rows of its last commit."""
    workspace = make_study(tmp_path_factory.mktemp("killed"))
    for cohort in ("mri", "rna"):
        shutil.rmtree(workspace.landing / cohort)
    killed = [
        ended_by(workspace, signal.SIGKILL, ("cohort_files", "images")),
        ended_by(workspace, signal.SIGKILL, ("cell_scores", "images")),  # features are next
    ]
    stopped = ended_by(workspace, signal.SIGTERM)
    last = without_home(dict(os.environ))
    finished = subprocess.run(command(workspace), capture_output=True, text=True, check=False, timeout=300, env=last)
    return Story(workspace, killed, stopped, Run(finished.returncode, finished.stdout + finished.stderr))


def command(workspace: Workspace) -> list[str]:
    """The run of some tables."""
    where = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    return [str(TME), *where, "run", "--verbose", "--select", TABLES_BUILT]


def without_home(environment: dict[str, str]) -> dict[str, str]:
    """The environment without the run history of whatever test came before."""
    return {name: value for name, value in environment.items() if not name.startswith("DAGSTER_")}


def ended_by(workspace: Workspace, number: signal.Signals, after: tuple[str, str] | None = None) -> Run:
    """Start a run and send a signal after it has built a table, whichever comes first if none is named."""
    environment = without_home({**marked_environment(), "TME_WORKERS": "2"})
    said = Path(workspace.lake_root).parent / "said"
    with nothing_left(environment), said.open("w") as out:
        run = subprocess.Popen(command(workspace), env=environment, stdout=out, stderr=out, text=True)

        def reached() -> bool:
            built = Run(0, said.read_text()).built
            return after in built if after else bool(built)

        wait_for(reached, f"{after or 'a table'} is built", run)
        run.send_signal(number)
        code = run.wait(60)
        if sys.platform == "linux":
            wait_for(lambda: not left_over(environment), "what it started has ended")
    for schema in TABLES.values():
        for part, state in workspace.lake.states(schema).items():
            assert len(workspace.lake.read(schema, part)) == state.rows
    return Run(code, said.read_text())


def test_what_was_built_before_a_run_was_killed_is_kept(story: Story) -> None:
    assert [run.code for run in story.killed] == [-signal.SIGKILL] * 2
    built = [part for run in (*story.killed, story.stopped, story.finished) for part in run.built]
    assert len(built) == len(set(built)), "nothing is built twice"
    assert all(run.built for run in (*story.killed, story.stopped, story.finished))


def test_a_run_that_is_stopped_says_so(story: Story) -> None:
    assert story.stopped.code == 143
    assert story.stopped.said.endswith("stopped; what was finished is kept, and `tme run` goes on from there\n")
    assert "Dagster" not in story.stopped.said
    assert "Traceback" not in story.stopped.said


def test_afterwards_everything_is_current_and_no_run_under_way(story: Story) -> None:
    assert story.finished.code == 0, story.finished.said
    built = {asset for run in (*story.killed, story.stopped, story.finished) for asset, _ in run.built}
    assert {"radiomic_features", "phenotype_model"} < built
    assert len(ask(story.workspace.lake, "select * from cell_scores")) == 40
    with mock.patch.dict(os.environ, without_home(dict(os.environ)), clear=True):
        instance = open_instance(story.workspace.state)
    with instance:
        tables = survey(story.workspace, instance, write=False).plan().statuses
        statuses = [run.status.value for run in instance.get_runs()]
    assert {table.state for table in tables if table.asset in built} == {"current"}
    assert "CANCELED" in statuses
    assert set(statuses) == {"SUCCESS", "FAILURE", "CANCELED"}, "no run is under way"
