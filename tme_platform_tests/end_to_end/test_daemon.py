"""Dagster's daemon keeps up with what lands: everything is current after each change, with few runs and none twice."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml

from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.daemon import Daemon, daemon, twice
from tme_platform_tests.support.many_cohorts import STUDY, land_cohort, make_many

pytestmark = pytest.mark.deployment
COHORT = "dagster/partition"
_WAVES = 5
"""Runs of a cohort at most: as many as there are tables of all cohorts between its own."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A finished study of four cohorts, `c00` and `c01` among them."""
    workspace = make_many(tmp_path_factory.mktemp("daemon"), 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        with open_instance(workspace.state) as instance:
            outcome = run_study(workspace, instance, LoggedProgress())
    assert outcome.success, outcome.failures
    return workspace


@pytest.fixture
def keeping_up(study: Workspace) -> Iterator[Daemon]:
    """The study with a daemon that keeps up with it."""
    with daemon(study) as started:
        started.new_runs()
        yield started


def of(runs: list[dg.DagsterRun], cohort: str | None) -> int:
    return sum(run.tags.get(COHORT) == cohort for run in runs)


def rows(keeping_up: Daemon, cohort: str, table: str = "patients") -> int:
    return len(keeping_up.workspace.lake.read(TABLES[table], cohort))


def clinical(keeping_up: Daemon, cohort: str) -> tuple[Path, pd.DataFrame]:
    path = keeping_up.workspace.landing / cohort / "clinical.csv"
    return path, pd.read_csv(path)


def test_the_daemon_keeps_up_with_every_kind_of_change(keeping_up: Daemon) -> None:
    landing = keeping_up.workspace.landing
    # a new patient, an edited value that another cohort reads, and a new cohort, all at once
    path, table = clinical(keeping_up, "c00")
    pd.concat([table, table.tail(1).assign(id="added")]).to_csv(path, index=False)
    path, table = clinical(keeping_up, "reference")
    table.assign(days=table["days"] + 10).to_csv(path, index=False)
    land_cohort(landing / "new")
    runs = keeping_up.keeps_up()
    assert all(run.is_success for run in runs)
    assert twice(runs) == []
    assert rows(keeping_up, "c00") == rows(keeping_up, "new") + 1
    assert of(runs, "mri") >= 1, "it reads the value of `reference`"
    assert max(of(runs, cohort) for cohort in ("c00", "new", "reference", "mri", None)) <= _WAVES

    # a patient is deleted; the file of another cohort breaks, which is kept as it is
    broken = landing / "new" / "cohort.yaml"
    whole = broken.read_text()
    broken.write_text("title: [")
    path, table = clinical(keeping_up, "c00")
    table.iloc[:-1].to_csv(path, index=False)
    runs = keeping_up.keeps_up(without=["new"])
    assert all(run.is_success for run in runs)
    assert twice(runs) == []
    assert of(runs, "new") == 0
    assert rows(keeping_up, "c00") == rows(keeping_up, "new") == 4

    # the file is repaired, and the study's settings change
    broken.write_text(whole)
    Path(keeping_up.workspace.study_name).write_text(yaml.safe_dump({**STUDY, "survival": {"min_events": 2}}))
    runs = keeping_up.keeps_up()
    assert all(run.is_success for run in runs)
    assert twice(runs) == []
    assert {run.tags.get(COHORT) for run in runs} >= {"reference", "c00", "new"}


def test_what_a_killed_daemon_and_its_run_leave_is_taken_up(study: Workspace) -> None:
    path = study.landing / "c01" / "clinical.csv"
    table = pd.read_csv(path)
    with daemon(study) as first:
        before = {run.run_id for run in first.new_runs()}
        pd.concat([table, table.tail(1).assign(id="late")]).to_csv(path, index=False)
        first.kill_during_a_run()
        killed = [run.run_id for run in first.new_runs() if not run.is_finished]
    assert killed
    with daemon(study) as second:
        runs = [run for run in second.keeps_up() if run.run_id not in before]
        assert len(study.lake.read(TABLES["patients"], "c01")) == len(table) + 1
        assert {run.run_id for run in runs if not run.is_success} == set(killed), "ended, and no other failed"
        assert twice([run for run in runs if run.run_id not in killed]) == []
