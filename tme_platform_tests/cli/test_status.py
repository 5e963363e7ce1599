"""`tme status` and `tme housekeeping` as a user types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tme_platform.cli.app import app
from tme_platform.tables import TABLES
from tme_platform_tests.support.platform import Platform, copied_platform


@pytest.fixture(scope="module")
def platform(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A small study that has run. Read only."""
    return copied_platform(small_run, tmp_path_factory.mktemp("status"))


@pytest.fixture
def status(platform: Platform, monkeypatch: pytest.MonkeyPatch):
    workspace = platform.workspace
    for name in ("TME_LAKE", "TME_STATE", "TME_LANDING", "TME_STUDY", "TME_BACKEND"):
        monkeypatch.setenv(name, "")  # the command sets them for Dagster's processes
    options = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*options, "status", *arguments])

    return run


def test_a_finished_study_is_current_and_looking_writes_nothing(status, platform: Platform) -> None:
    root = Path(platform.workspace.lake_root).parent
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    found = status()
    assert found.exit_code == 0, found.output
    assert "everything is current" in found.output
    assert "(whole study)" in found.output
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before
    assert not (root / "lake" / "dagster").exists()


def test_status_as_json_and_of_one_cohort(status) -> None:
    found = status("--json", "--cohort", "mri")
    assert found.exit_code == 0, found.output
    listed = json.loads(found.stdout)
    assert {one["asset"] for one in listed} == {name for name, schema in TABLES.items() if schema.per_cohort}
    assert {(one["cohort"], one["state"], one["reason"]) for one in listed} == {("mri", "current", "")}


def test_status_of_a_cohort_that_is_not_there(status) -> None:
    found = status("--cohort", "nobody")
    assert found.exit_code != 0
    assert "there are: images, mri" in str(found.exception)


def test_housekeeping_from_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TME_LAKE", "TME_STATE", "TME_LANDING", "TME_STUDY", "TME_BACKEND"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "hashes").mkdir()
    gone = tmp_path / "hashes" / "gone.json"
    gone.write_text("{}")
    said = "0 file(s), 0 run(s), 1 list(s) of hashes"
    for option, verb in (("--dry-run", "would be removed"), ("--older-than-days=7", "removed")):
        assert gone.exists()
        found = CliRunner().invoke(app, ["--lake", str(tmp_path), "housekeeping", option])
        assert found.exit_code == 0, found.output
        assert f"{said} {verb}" in found.output
    assert not gone.exists()
    assert CliRunner().invoke(app, ["--lake", str(tmp_path), "housekeeping", "--older-than-days", "0"]).exit_code == 2


def test_another_studys_lake_is_named(status, platform: Platform, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(Path(platform.workspace.study_name).read_text().replace("name: small", "name: other"))
    found = status("--study", str(other))
    assert "was last built by study small (cohorts images, mri, reference, rna)" in found.stderr
    assert "what study other would have to build there" in found.stderr
    assert "another study" not in status().stderr


def test_a_lake_from_before_studies_were_recorded_is_known_by_its_cohorts(
    status, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tme_platform.lake.Lake.audit", lambda *_: ())
    assert "another study" not in status().stderr
    assert "was last built by another study" in status("--landing", str(tmp_path)).stderr
