"""The sensor `keep_up` and the weekly schedule: what they launch, when they wait, what they remember."""

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration.alive import carried_out
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.jobs import STUDY_TABLES
from tme_platform.orchestration.plan import Part, PartState, PlannedRun
from tme_platform.orchestration.schedules import make_schedules
from tme_platform.orchestration.sensors import Attempts, Memory
from tme_platform.tables.cohorts import COHORT_FILES
from tme_platform_tests.support.looking import Looking
from tme_platform_tests.support.platform import copied_platform
from tme_platform_tests.support.small_study import make_study

FILES = COHORT_FILES.name


def folders(looking: Looking) -> list[str | None]:
    """The cohorts whose landing folder is to be read."""
    return sorted(cohort for cohort, assets in looking.look().items() if FILES in assets)


def take(looking: Looking, *cohorts: str) -> None:
    """What the runs do that were requested: they read landing folders."""
    for name in cohorts:
        looking.take(name, [FILES])


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(make_study(tmp_path, imaged=0))


def edit(looking: Looking, cohort: str = "mri") -> None:
    path = looking.workspace.landing / cohort / "features.csv"
    path.write_text(path.read_text() + "\n")


def test_a_folder_is_read_once_it_has_settled(looking: Looking) -> None:
    assert folders(looking) == [], "the first look cannot know whether files are still being copied"
    assert folders(looking) == ["mri", "reference", "rna"]
    assert set(looking.instance.get_dynamic_partitions("cohort")) == {"mri", "reference", "rna"}
    take(looking, "mri", "reference", "rna")
    assert folders(looking) == [], "what was read is not read again"


def test_a_folder_that_still_grows_waits(looking: Looking) -> None:
    looking.look()
    edit(looking)
    assert folders(looking) == ["reference", "rna"]
    take(looking, "reference", "rna")
    assert folders(looking) == ["mri"]


def test_a_folder_that_changes_while_it_is_read_is_read_again(looking: Looking) -> None:
    looking.look()
    looking.look()
    take(looking, "mri", "reference", "rna")
    edit(looking)
    assert folders(looking) == [], "it has to settle"
    assert folders(looking) == ["mri"]


def test_touching_a_file_is_no_change(looking: Looking) -> None:
    looking.look()
    looking.look()
    take(looking, "mri", "reference", "rna")
    os.utime(looking.workspace.landing / "mri" / "features.csv", (1, 1))
    looking.look()
    assert folders(looking) == []


def test_what_keeps_failing_is_requested_ever_more_seldom(looking: Looking) -> None:
    looking.look()
    looking.look()
    take(looking, "reference", "rna")
    asked = [look for look in range(12) if "mri" in folders(looking)]
    assert asked == [0, 2, 6]
    take(looking, "mri")
    assert [folders(looking) for _ in range(8)] == [[]] * 8


def test_a_run_under_way_is_not_requested_twice(looking: Looking) -> None:
    looking.look()
    looking.look()
    take(looking, "reference", "rna")
    run = looking.instance.create_run_for_job(
        build_definitions().resolve_job_def(STUDY_TABLES),
        tags={"dagster/partition": "mri"},
        asset_selection=frozenset({dg.AssetKey(FILES)}),
        status=dg.DagsterRunStatus.STARTED,
    )
    with carried_out(looking.instance, looking.workspace.state, run.run_id):
        assert FILES not in looking.look().get("mri", set())
    assert folders(looking) == ["mri"], "its process is gone"
    assert [one.run_id for one in looking.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))] == [
        run.run_id
    ]


def test_a_finished_study_launches_nothing_and_says_so(small_run: Path, tmp_path: Path) -> None:
    platform = copied_platform(small_run, tmp_path)
    looking = Looking(platform.workspace, platform.instance)
    assert looking.look() == {}
    assert looking.look() == {}
    assert looking.said == "every table is current"


def test_the_memory_survives_the_cursor() -> None:
    scores, model = Part("scores", "a"), Part("model", None)
    attempts = {scores: Attempts(2, 3, 7), model: Attempts(1, 0, 1)}
    memory = Memory({"a": "1"}, attempts, {"a": 5.0}, ("run",), 100.0)
    assert Memory.from_cursor(memory.to_cursor()) == memory
    assert Memory.from_cursor(None) == Memory()
    stale = {scores: PartState("changed", version=7), model: PartState("changed", version=1)}
    assert memory.waiting(stale) == [scores]
    glanced = memory.glance({"a": "2", "b": "1"}, (), 120.0)
    assert glanced.unsettled(125.0) == [Part(FILES, "a"), Part(FILES, "b")]
    assert glanced.glance({"a": "2", "b": "1"}, (), 125.0).unsettled(130.0) == []
    after = memory.after({scores: stale[scores]}, [], 130.0)
    assert after.attempts == {scores: Attempts(2, 2, 7)}, "what became current is forgotten"
    assert memory.after({scores: stale[scores]}, [], 105.0).attempts[scores].wait == 3, "waits are counted by time"
    after = memory.after({model: stale[model]}, [PlannedRun(None, ("model",), "changed")], 130.0)
    assert after.attempts == {model: Attempts(2, 1, 1)}


def test_what_was_built_and_changed_again_does_not_wait() -> None:
    scores = Part("scores", "a")
    memory = Memory(attempts={scores: Attempts(5, 15, 7)})
    again = {scores: PartState("changed: table patients", version=8)}
    assert memory.waiting(again) == []
    after = memory.after(again, [PlannedRun("a", ("scores",), "changed")], 30.0)
    assert after.attempts == {scores: Attempts(1, 0, 8)}


def test_everything_is_looked_at_when_a_run_ends_and_not_at_each_glance(looking: Looking) -> None:
    looking.look()
    looking.look()
    take(looking, "mri", "reference", "rna")
    run = looking.instance.create_run_for_job(
        build_definitions().resolve_job_def(STUDY_TABLES),
        tags={"dagster/partition": "mri"},
        asset_selection=frozenset({dg.AssetKey("patients")}),
        status=dg.DagsterRunStatus.STARTED,
    )
    with carried_out(looking.instance, looking.workspace.state, run.run_id):
        looking.look()
        assert looking.look(after=5) == {}
        assert "nothing has ended" in looking.said
    looking.instance.report_run_failed(run)
    assert "patients" in looking.look(after=5)["mri"]


def test_a_cohort_that_is_being_copied_has_not_landed(small_run: Path, tmp_path: Path) -> None:
    platform = copied_platform(small_run, tmp_path)
    looking = Looking(platform.workspace, platform.instance)
    looking.look()
    looking.look()
    shutil.copytree(platform.workspace.landing / "rna", platform.workspace.landing / "second")
    assert looking.look() == {}, "neither its own tables nor those of the whole study"
    assert "second" in looking.said
    assert looking.look(after=5) == {}
    asked = looking.look(after=5)
    assert set(asked) == {"second"}
    assert {FILES, "cohorts", "cell_scores", "rejected_inputs", "harmonised_features"} <= set(asked["second"])


def test_waits_grow_and_end_at_a_day() -> None:
    attempts, waits = Attempts(), []
    for _ in range(14):
        attempts = attempts.after_request()
        waits.append(attempts.wait)
    assert waits[:5] == [0, 1, 3, 7, 15]
    assert waits[-1] == 24 * 3600 // 30


def test_the_weekly_schedule_requests_the_next_wave(looking: Looking, tmp_path: Path) -> None:
    (weekly,) = [one for one in make_schedules() if one.name == "weekly_study"]
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        found = weekly(dg.build_schedule_context(instance=instance), workspace=looking.workspace)
    assert {request.partition_key for request in found} == {"mri", "reference", "rna"}
    assert all(dg.AssetKey(FILES) in request.asset_selection for request in found)


def test_every_sensor_is_on_and_describes_itself() -> None:
    sensors = list(build_definitions().sensors)
    assert {sensor.name for sensor in sensors} == {"keep_up", "catalog_after_runs"}
    for sensor in sensors:
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert len(sensor.description) > 40


def test_every_schedule_is_on_and_describes_itself() -> None:
    schedules = list(build_definitions().schedules)
    assert {schedule.name for schedule in schedules} == {"weekly_study", "daily_housekeeping"}
    for schedule in schedules:
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        assert len(schedule.description) > 40
