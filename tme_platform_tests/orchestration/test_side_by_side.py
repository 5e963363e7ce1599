"""Runs side by side: the tables of one run after the other, and a process that is lost fails its own run only."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from tme_platform.orchestration.alive import end_gone_runs
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.carry_out import Carried, Carrier
from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.plan import PlannedRun
from tme_platform.orchestration.side_by_side import Crew
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.small_study import make_study

ASSETS = ("cohort_files", "cohorts", "patients", "populations", "cell_scores")
HERE, BESIDE = (PlannedRun(cohort, ASSETS, "first run") for cohort in ("reference", "mri"))
_PATIENCE = 120.0


def beside() -> list[BaseProcess]:
    """The processes that carry out runs; learning keeps some of its own."""
    return [child for child in multiprocessing.active_children() if child.name == "runs beside"]


@dataclass
class Heard:
    """The progress that arrives, and what is done at each table that the process beside has built."""

    at_each: Callable[[], None] = lambda: None
    tables: list[tuple[str, str | None]] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """See `Progress`."""

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        """See `Progress`."""

    def failed(self, asset: str, cohort: str | None) -> None:
        """See `Progress`."""

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        """See `Progress`."""
        self.tables.append((asset, cohort))
        if cohort == BESIDE.cohort:
            self.at_each()
            self.first.set()

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """See `Progress`."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[tuple[Workspace, dg.DagsterInstance]]:
    workspace = replace(make_study(tmp_path, imaged=0), workers=2)
    without = {name: text for name, text in os.environ.items() if not name.startswith("DAGSTER_")}
    with mock.patch.dict(os.environ, without, clear=True), open_instance(workspace.state) as opened:
        opened.add_dynamic_partitions("cohort", workspace.cohorts())
        yield workspace, opened


def carried_out(workspace: Workspace, instance: dg.DagsterInstance, heard: Heard) -> list[Carried]:
    """Two runs, of which this process carries out the first and begins when the other process has built a table."""
    job = build_definitions(workspace=workspace, progress=heard).resolve_implicit_global_asset_job_def()
    carrier = Carrier(job, workspace.state, instance, "stale", lambda: False)

    def here(run: PlannedRun) -> Carried:
        assert heard.first.wait(_PATIENCE)
        return carrier(run)

    with Crew(workspace, instance, here, heard, "stale") as crew:
        found = crew.carry_out([HERE, BESIDE])
    assert beside() == []
    return found


def test_tables_are_those_of_one_run_after_the_other(
    instance: tuple[Workspace, dg.DagsterInstance], small_run: Path
) -> None:
    workspace, opened = instance
    heard = Heard()
    found = carried_out(workspace, opened, heard)
    assert [one.built for one in found] == [frozenset(ASSETS)] * 2
    assert [one.failures for one in found] == [()] * 2
    assert sorted(heard.tables) == sorted((asset, run.cohort) for run in (HERE, BESIDE) for asset in ASSETS)
    alone = Workspace(lake_root=str(small_run / "lake")).lake
    for asset, cohort in heard.tables:
        assert workspace.lake.state(TABLES[asset], cohort).content == alone.state(TABLES[asset], cohort).content
    assert all(run.is_success for run in opened.get_runs())


def test_a_process_that_is_killed_fails_its_run(instance: tuple[Workspace, dg.DagsterInstance]) -> None:
    workspace, opened = instance
    heard = Heard(lambda: [child.kill() for child in beside()])
    here, there = carried_out(workspace, opened, heard)
    assert here.built == frozenset(ASSETS)
    (failure,) = there.failures
    assert (failure.asset, failure.cohort) == ("run", "mri")
    assert "was killed, or ran out of memory" in failure.message
    assert len(end_gone_runs(opened, workspace.state)) == 1
    assert {run.status.value for run in opened.get_runs()} == {"SUCCESS", "FAILURE"}


def test_a_history_in_memory_has_no_process_beside(small_run: Path) -> None:
    workspace = Workspace(lake_root=str(small_run / "lake"), workers=2)
    with dg.DagsterInstance.ephemeral() as opened:
        with Crew(workspace, opened, lambda run: Carried(frozenset(run.assets)), Heard(), "stale") as crew:
            assert [one.built for one in crew.carry_out([HERE, BESIDE])] == [frozenset(ASSETS)] * 2
        assert beside() == []
