"""The landing sensor: new folders are registered, files still being copied are not taken, content decides."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.jobs import LOOK_AT_LANDING
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.steps.workspace import Workspace
from tme_platform.steps.cohorts import COHORT_FILES_VERSION
from tme_platform.tables.cohorts import COHORT_FILES
from tme_platform_tests.support.small_study import make_study


class Looking:
    """The landing sensor of a workspace, looked at tick by tick."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None

    def tick(self) -> list[str]:
        """The cohorts for which a run is requested."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        (landing,) = [sensor for sensor in make_sensors() if sensor.name == "landing"]
        found = landing(context, workspace=self.workspace)
        self.cursor = found.cursor
        for request in found.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions("cohort", request.partition_keys)
        self.keys = [request.run_key for request in found.run_requests or []]
        return [request.partition_key for request in found.run_requests or []]

    def take(self, *cohorts: str) -> None:
        """What the run does that was asked for."""
        for name in cohorts:
            scope = self.workspace.scope(COHORT_FILES, name)
            found, version = scope.landing_files(), COHORT_FILES_VERSION
            self.workspace.lake.commit(scope.schema, found, cohort=name, code_version=version, reads=scope.reads)


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(make_study(tmp_path, imaged=0))


def test_a_folder_is_taken_once_it_has_settled(looking: Looking) -> None:
    assert looking.tick() == [], "the first look cannot know whether files are still being copied"
    assert looking.tick() == ["mri", "reference", "rna"]
    assert set(looking.instance.get_dynamic_partitions("cohort")) == {"mri", "reference", "rna"}
    looking.take("mri", "reference", "rna")
    assert looking.tick() == [], "what was taken is not taken again"


def test_what_was_not_taken_is_asked_for_again_and_again_but_ever_more_seldom(looking: Looking) -> None:
    looking.tick()
    looking.tick()
    looking.take("reference", "rna")
    keys = set(looking.keys)
    asked = []
    for look in range(12):
        if looking.tick():
            asked.append(look)
            assert not keys & set(looking.keys), "Dagster launches nothing twice under one key"
            keys |= set(looking.keys)
    assert asked == [0, 2, 6]
    looking.take("mri")
    assert [looking.tick() for _ in range(8)] == [[]] * 8


def test_a_folder_that_changes_while_it_is_taken_is_taken_again(looking: Looking) -> None:
    looking.tick()
    looking.tick()
    looking.take("mri", "reference", "rna")
    folder = looking.workspace.landing / "mri"
    (folder / "features.csv").write_text((folder / "features.csv").read_text() + "\n")
    assert looking.tick() == [], "it has to settle"
    assert looking.tick() == ["mri"]


def test_a_run_under_way_is_not_asked_for_twice(looking: Looking) -> None:
    looking.tick()
    looking.tick()
    looking.take("reference", "rna")
    run = looking.instance.create_run_for_job(
        dg.job(name=LOOK_AT_LANDING)(lambda: None),
        tags={"dagster/partition": "mri"},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert looking.tick() == []
    looking.instance.report_run_failed(run)
    assert looking.tick() == ["mri"]


def test_a_folder_that_still_grows_waits(looking: Looking) -> None:
    looking.tick()
    folder = looking.workspace.landing / "mri"
    (folder / "features.csv").write_text((folder / "features.csv").read_text() + "\n")
    assert looking.tick() == ["reference", "rna"]
    looking.take("reference", "rna")
    assert looking.tick() == ["mri"]


def test_touching_a_file_is_no_change(looking: Looking) -> None:
    looking.tick()
    looking.tick()
    looking.take("mri", "reference", "rna")
    os.utime(looking.workspace.landing / "mri" / "features.csv", (1, 1))
    looking.tick()
    assert looking.tick() == []


def test_the_cursor_is_plain(looking: Looking) -> None:
    looking.tick()
    assert set(json.loads(looking.cursor)) == {"mri", "reference", "rna"}


def test_every_sensor_is_on_and_says_what_it_does() -> None:
    sensors = list(build_definitions().sensors)
    assert {sensor.name for sensor in sensors} == {"landing", "content", "catch_up", "catalog_after_runs"}
    for sensor in sensors:
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert len(sensor.description) > 40


def test_every_schedule_is_on_and_says_what_it_does() -> None:
    definitions = build_definitions()
    schedules = list(definitions.schedules)
    assert {schedule.job_name for schedule in schedules} == {"whole_study", "housekeeping"}
    for schedule in schedules:
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        assert len(schedule.description) > 40


def test_catching_up_waits_while_anything_runs(looking: Looking) -> None:
    (catch_up,) = [sensor for sensor in make_sensors() if sensor.name == "catch_up"]
    job = dg.job(name="any")(lambda: None)
    looking.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    found = catch_up(dg.build_sensor_context(instance=looking.instance), workspace=looking.workspace)
    assert not found.run_requests
    assert "under way" in found.skip_reason.skip_message
