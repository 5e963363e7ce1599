"""A backup is a lake that gives the same answers, taken while others write, readable for its owner only."""

import contextlib
import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.lake import Lake, ask
from tme_platform.orchestration.attempts import parts_of
from tme_platform.orchestration.backup import BackupError, back_up
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.orchestration.survey import survey
from tme_platform.steps.reproduce import reproduce
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform_tests.support.platform import history
from tme_platform_tests.support.small_study import copy_study, report_made

COUNTED = "select cohort, phenotype, count(*) as n from tme_phenotypes group by 1, 2 order by 1, 2"


@pytest.fixture(scope="module")
def original(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A study that has run, one table of it in a run that its history knows."""
    workspace = copy_study(small_run, tmp_path_factory.mktemp("original"))
    with history(workspace) as instance:
        report_made(workspace, instance)
        outcome = run_study(workspace, instance, LoggedProgress(), select="key:estimate_scores", refresh="all")
    assert outcome.success, outcome.failures
    return workspace


@pytest.fixture(scope="module")
def restored(original: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The backup of it, as a lake."""
    target = tmp_path_factory.mktemp("disk") / "2026-11-30"
    back_up(original.lake, target)
    assert not target.with_name("2026-11-30.part").exists()
    return replace(original, lake_root=str(target))


def test_a_restored_copy_gives_the_same_answers(original: Workspace, restored: Workspace) -> None:
    for schema in TABLES.values():
        before, after = (workspace.lake.states(schema) for workspace in (original, restored))
        assert {cohort: state.content for cohort, state in after.items()} == {
            cohort: state.content for cohort, state in before.items()
        }
    assert ask(restored.lake, COUNTED).equals(ask(original.lake, COUNTED))
    with history(original) as there, history(restored) as here:
        runs = [[(run.run_id, parts_of(run)) for run in one.get_runs()] for one in (there, here)]
        assert runs[0] == runs[1] != []
        assert not [part for part, state in survey(restored, here).state.items() if state.reason]


def test_its_models_are_there_and_are_reproduced(original: Workspace, restored: Workspace) -> None:
    (record,) = restored.tracker.versions()
    assert record == original.tracker.versions()[0]
    assert restored.tracker.aliases() == original.tracker.aliases()
    assert reproduce(restored.tracker, restored.lake, record).identical


def test_nothing_of_it_leads_back_to_the_original(original: Workspace, restored: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(restored.lake_root, elsewhere)
    away = Path(original.lake_root).with_name("away")
    Path(original.lake_root).rename(away)
    try:
        workspace = replace(restored, lake_root=str(elsewhere))
        (record,) = workspace.tracker.versions()
        assert reproduce(workspace.tracker, workspace.lake, record).identical
        assert len(ask(workspace.lake, COUNTED))
    finally:
        away.rename(original.lake_root)


def test_only_its_owner_can_read_it(restored: Workspace) -> None:
    found = [Path(restored.lake_root), *Path(restored.lake_root, "tables").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}


def test_what_is_being_written_is_not_half_in_it(original: Workspace, tmp_path: Path) -> None:
    database = Path(original.state, "mlflow", "mlflow.db")
    with contextlib.closing(sqlite3.connect(database)) as writer:
        writer.execute("update experiments set name = 'half' where name != 'Default'")
        back_up(original.lake, tmp_path / "copy")
        writer.rollback()
    with contextlib.closing(sqlite3.connect(tmp_path / "copy" / "mlflow" / "mlflow.db")) as copy:
        assert "half" not in {name for (name,) in copy.execute("select name from experiments")}
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_commit_during_the_copy_is_in_it_whole_or_not_at_all(
    original: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = TABLES["estimate_scores"]
    cohort, state = next(iter(original.lake.states(schema).items()))
    frame = original.lake.read(schema, cohort)

    def commit_meanwhile(part: str) -> None:
        if part == schema.name:
            original.lake.commit(schema, frame.head(1), cohort=cohort)

    try:
        back_up(original.lake, tmp_path / "copy", commit_meanwhile)
    finally:
        original.lake.commit(schema, frame, cohort=cohort, code_version=state.code_version, reads=state.reads)
    assert len(Lake(tmp_path / "copy").read(schema, cohort)) in (1, len(frame))


def test_a_table_with_a_checkpoint_is_read_without_its_hint(original: Workspace, tmp_path: Path) -> None:
    table = original.lake.table(TME_PHENOTYPES)
    assert table is not None
    table.create_checkpoint()
    hint = Path(original.lake.uri(TME_PHENOTYPES)) / "_delta_log" / "_last_checkpoint"
    assert hint.is_file()
    back_up(original.lake, tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob("_last_checkpoint"))
    copied = Lake(tmp_path / "copy").read(TME_PHENOTYPES)
    assert copied.equals(original.lake.read(TME_PHENOTYPES))
    assert len(copied)


def test_the_command_says_what_it_copied_and_refuses_to_do_it_twice(original: Workspace, tmp_path: Path) -> None:
    words = ["--lake", original.lake_root, "backup", str(tmp_path / "copy")]
    first, second = (CliRunner().invoke(app, words) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert " tables, " in first.output
    assert "Landing folders are not in it" in first.output
    assert not (tmp_path / "copy" / "landing").exists()
    assert isinstance(second.exception, BackupError)


@pytest.mark.parametrize(
    ("target", "said"),
    [("", "exists"), ("inside/lake", "is inside the lake")],
)
def test_a_folder_that_cannot_be_used_is_refused(original: Workspace, target: str, said: str) -> None:
    with pytest.raises(BackupError, match=said):
        back_up(original.lake, Path(original.lake_root, target))


def test_a_folder_without_a_lake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(Lake(tmp_path / "lake"), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
