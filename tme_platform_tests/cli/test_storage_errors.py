"""Errors of the disk and of the run history end a command with a sentence; what only reads needs no right to write."""

import errno
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from tme_platform.cli import app as commands
from tme_platform.cli.storage_errors import of_database
from tme_platform.disk import of_system
from tme_platform_tests.support.small_study import make_study
from tme_platform_tests.support.trouble import no_file_larger_than, no_right_to_write


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EROFS, "right to write"),
        (errno.EACCES, "right to write"),
    ],
)
def test_an_error_of_the_system_names_the_file_and_what_to_do(number: int, advice: str) -> None:
    said = of_system(OSError(number, os.strerror(number), "/lake/x"))
    assert said.startswith(f"/lake/x: {os.strerror(number)}")
    assert advice in said


def test_an_error_of_the_system_without_a_file_or_an_advice() -> None:
    assert of_system(OSError("nothing there")) == "nothing there"
    assert of_system(FileNotFoundError(errno.ENOENT, "No such file", "/x")) == "/x: No such file"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("database or disk is full", "make room"),
        ("disk I/O error", "make room"),
        ("attempt to write a readonly database", "right to write"),
        ("unable to open database file", "right to write"),
        ("database is locked", "other process"),
        ("database disk image is malformed", "backup"),
        ("something new", "in order"),
    ],
)
def test_an_error_of_a_database_ends_main_with_a_sentence(
    text: str, advice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        try:
            raise OperationalError("INSERT INTO runs", {}, sqlite3.OperationalError(text))
        except OperationalError as error:
            raise AssertionError("a library's own error") from error

    monkeypatch.setenv("DAGSTER_HOME", "/lake/dagster")
    monkeypatch.setattr(commands, "app", fail)
    monkeypatch.setattr(commands, "keep_private", lambda: None)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"the run history in /lake/dagster could not be used: {text}." in said
    assert advice in said
    assert "INSERT" not in said


def test_a_sentence_of_our_own_about_a_database_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("MLflow failed") from sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(commands, "app", fail)
    monkeypatch.setattr(commands, "keep_private", lambda: None)
    with pytest.raises(SystemExit):
        commands.main()
    assert "MLflow failed" in capsys.readouterr().err


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise TypeError("ours")

    assert of_database(TypeError("ours")) is None
    monkeypatch.setattr(commands, "app", fail)
    monkeypatch.setattr(commands, "keep_private", lambda: None)
    with pytest.raises(TypeError, match="ours"):
        commands.main()


def test_status_of_a_lake_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = make_study(tmp_path, patients=6, imaged=0)
    for name in ("TME_LAKE", "TME_STATE", "TME_LANDING", "TME_STUDY", "TME_BACKEND"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (Path(workspace.lake_root) / "dagster").mkdir()
    options = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    with no_right_to_write(Path(workspace.lake_root)):
        found = CliRunner().invoke(commands.app, [*options, "status"])
    assert found.exit_code == 0, found.output
    assert "run history not read" in found.output
    assert "cohort_files of mri: first run" in found.output


def test_a_run_on_a_full_disk_says_so_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_study(tmp_path, patients=6, imaged=0)
    for name in [name for name in os.environ if name.startswith(("TME_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    place = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    command = ["tme", *place, "run", "--cohort", "mri", "--select", "key:cohort_files"]
    monkeypatch.setattr(sys, "argv", command)
    with no_file_larger_than(50_000), pytest.raises(SystemExit) as failed:
        commands.main()
    assert failed.value.code == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "make room on the disk" in " ".join(said.split())
    with pytest.raises(SystemExit) as again:
        commands.main()
    assert not again.value.code, capsys.readouterr().err
