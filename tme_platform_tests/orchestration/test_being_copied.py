"""A cohort that is being copied waits, in a run, in the status, in a check and in the sensor; that is no failure."""

import json
import shutil
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from tme_platform.cli.app import app
from tme_platform.cohorts import CohortError
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.tables.cohorts import COHORT_FILES
from tme_platform_tests.support.platform import Platform, copied_platform

SAID = "there is a file .copying in the folder"


@pytest.fixture
def platform(small_run: Path, tmp_path: Path) -> Platform:
    """A study that has run; since then, two cohorts have changed, and one of these and a new one are being copied."""
    platform = copied_platform(small_run, tmp_path)
    landing = platform.workspace.landing
    shutil.copytree(landing / "rna", landing / "second")
    for cohort in ("second", "images"):
        (landing / cohort / ".copying").touch()
    for cohort in ("images", "rna"):
        (landing / cohort / "notes.txt").write_text("new")
    return platform


def test_the_other_cohorts_are_built_and_it_waits(platform: Platform) -> None:
    asked = {"select": 'key:"cohort_files" or key:"cohorts" or key:"patients" or key:"expression"'}
    outcome, recorded = platform.run(**asked)
    assert outcome.success
    assert outcome.skipped == []
    assert {cohort: SAID in text for cohort, text in outcome.waiting.items()} == {"images": True, "second": True}
    assert ("cohort_files", "rna") in recorded.made()
    assert not {"images", "second"} & {cohort for _, cohort in recorded.made()}
    for cohort in outcome.waiting:
        (platform.workspace.landing / cohort / ".copying").unlink()
    outcome, recorded = platform.run(**asked)
    assert (outcome.success, outcome.waiting) == (True, {})
    assert {("cohort_files", "images"), ("expression", "second")} <= set(recorded.made())


def test_a_marker_that_appears_during_a_run_holds_the_cohort(platform: Platform) -> None:
    scope = platform.workspace.scope(COHORT_FILES, "images")
    with pytest.raises(CohortError, match=SAID):
        materialise(STEPS[COHORT_FILES.name], scope)


def test_the_sensor_names_it(platform: Platform) -> None:
    (keep_up,) = [sensor for sensor in make_sensors() if sensor.name == "keep_up"]
    (platform.workspace.landing / "rna" / "notes.txt").unlink()
    first = keep_up(dg.build_sensor_context(instance=platform.instance), workspace=platform.workspace)
    settled = json.dumps({"stamps": json.loads(first.cursor)["stamps"]})
    found = keep_up(dg.build_sensor_context(instance=platform.instance, cursor=settled), workspace=platform.workspace)
    assert not found.run_requests
    assert "still being copied: images, second" in found.skip_reason.skip_message


def test_commands_say_so_and_succeed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = platform.workspace
    for name in ("TME_LAKE", "TME_STATE", "TME_LANDING", "TME_STUDY", "TME_BACKEND", "TME_WORKERS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    options = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]

    def said(*arguments: str) -> Result:
        found = CliRunner().invoke(app, [*options, *arguments])
        assert found.exit_code == 0, found.output
        return found

    assert f"waits  cohort second: files are being copied, because {SAID}" in said("check", "second").output
    assert "ready" not in said("check", "second").output
    listed = json.loads(said("status", "--json", "--cohort", "second", "--cohort", "images").stdout)
    states = {(one["cohort"], one["state"]) for one in listed if one["asset"] == "cohorts" and SAID in one["reason"]}
    assert states == {("second", "missing"), ("images", "stale")}
    done = said("run", "--select", "cohort_files")
    assert done.output.count("waits") == 2
    assert "Remove .copying when all files are there" in done.output
