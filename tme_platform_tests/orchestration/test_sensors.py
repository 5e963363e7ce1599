"""The landing sensor: new folders are registered, files still being copied are not taken, content decides."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.lake.tables import COHORT_FILES
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.workspace import Workspace
from tme_platform_tests.small_study import make_study


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
        return [request.partition_key for request in found.run_requests or []]


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(make_study(tmp_path, imaged=0))


def test_a_folder_is_taken_once_it_has_settled(looking: Looking) -> None:
    assert looking.tick() == [], "the first look cannot know whether files are still being copied"
    assert looking.tick() == ["mri", "reference", "rna"]
    assert set(looking.instance.get_dynamic_partitions("cohort")) == {"mri", "reference", "rna"}
    assert looking.tick() == [], "what was taken is not taken again"


def test_a_folder_that_still_grows_waits(looking: Looking) -> None:
    looking.tick()
    folder = looking.workspace.landing / "mri"
    (folder / "features.csv").write_text((folder / "features.csv").read_text() + "\n")
    assert looking.tick() == ["reference", "rna"]
    assert looking.tick() == ["mri"]


def test_touching_a_file_is_no_change(looking: Looking) -> None:
    looking.tick()
    looking.tick()
    workspace = looking.workspace
    scope = workspace.scope(COHORT_FILES, "mri")
    workspace.lake.commit(scope.schema, scope.landing_files(), cohort="mri", code_version="1", reads=scope.reads)
    os.utime(workspace.landing / "mri" / "features.csv", (1, 1))
    looking.tick()
    assert looking.tick() == []


def test_the_cursor_is_plain(looking: Looking) -> None:
    looking.tick()
    assert set(json.loads(looking.cursor)) == {"mri", "reference", "rna"}


def test_every_sensor_is_on_and_says_what_it_does() -> None:
    sensors = list(build_definitions().sensors)
    assert {sensor.name for sensor in sensors} == {"landing", "content", "catalog_after_runs"}
    for sensor in sensors:
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert len(sensor.description) > 40
