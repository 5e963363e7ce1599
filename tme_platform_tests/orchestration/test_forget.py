"""A patient who left the study is named nowhere any more: not in old versions, logs, models, run history or pages."""

import contextlib
import gzip
import io
import re
import shutil
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.lake import ask
from tme_platform.lake.forgotten import forgotten
from tme_platform.naming import FORGOTTEN, Named
from tme_platform.orchestration.forget import ForgetError, forget, named
from tme_platform.orchestration.instance import dagster_home
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.orchestration.survey import survey
from tme_platform.steps.reproduce import reproduce
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.planted import texts
from tme_platform_tests.support.platform import history
from tme_platform_tests.support.small_study import copy_study, report_made

GONE = ("P007", "R003", "I001")
"""One with phenotype and features, in training; one with RNA; one with an image."""


def files_with(folder: Path, name: str) -> set[str]:
    """Files of a folder that name a patient, also in what is packed in them."""
    pattern = re.compile(rb"(?<![A-Za-z0-9])" + name.encode() + rb"(?![A-Za-z0-9])")
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and (pattern.search(path.name.encode()) or any(map(pattern.search, texts(path))))
    }


def leave(landing: Path) -> None:
    """The operator removes the patients from the landing folders."""
    for file, column in (
        ("reference/clinical.csv", "id"),
        ("mri/features.csv", "patient_id"),
        ("rna/clinical.csv", "id"),
    ):
        table = pd.read_csv(landing / file, dtype=str)
        table[~table[column].isin(GONE)].to_csv(landing / file, index=False)
    scores = pd.read_csv(landing / "reference/scores.tsv", sep="\t", dtype=str)
    scores[scores["patient_id"] != "P007"].to_csv(landing / "reference/scores.tsv", sep="\t", index=False)
    matrix = pd.read_csv(landing / "rna/expression.tsv", sep="\t", dtype=str)
    matrix.drop(columns="R003").to_csv(landing / "rna/expression.tsv", sep="\t", index=False)
    rows = pd.read_csv(landing / "images/imaging.csv", dtype=str)
    rows[rows["patient_id"] != "I001"].to_csv(landing / "images/imaging.csv", index=False)
    for path in (landing / "images/images").glob("I001*"):
        path.unlink()


@pytest.fixture(scope="module")
def left(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A study that ran twice, the second time without three patients; its runs are in its own history."""
    workspace = copy_study(small_run, tmp_path_factory.mktemp("left"))
    (workspace.state / "logs").mkdir(exist_ok=True)
    (workspace.state / "logs" / "dagster-daemon.log").write_text("row of P007 rejected\nall fine\n")
    leave(workspace.landing)
    with history(workspace) as instance:
        report_made(workspace, instance)
        outcome = run_study(workspace, instance, LoggedProgress())
        tagged = instance.get_runs(limit=1)[0]
        instance.add_run_tags(tagged.run_id, {"note": "without P007"})
    assert outcome.success, outcome.failures
    return workspace


def copy(workspace: Workspace, folder: Path) -> Workspace:
    root = Path(workspace.lake_root).parent
    shutil.copytree(root, folder, dirs_exist_ok=True)
    return Workspace(
        lake_root=str(folder / "lake"),
        landing_root=str(folder / "landing"),
        study_name=str(folder / "small.yaml"),
        workers=1,
    )


def test_nothing_names_them_any_more_and_the_study_is_current(left: Workspace, tmp_path: Path) -> None:
    workspace = copy(left, tmp_path)
    lake = Path(workspace.lake_root)
    assert all(files_with(lake, name) for name in GONE)
    versions = workspace.tracker.versions()
    with history(workspace) as instance:
        for name in GONE:
            done = forget(workspace, instance, named(workspace, name))
            assert done.left == []
            assert done.counts()["old data files"]
        assert {name: files_with(lake, name) for name in GONE} == {name: set() for name in GONE}
        assert not forget(workspace, instance, named(workspace, "P007")).found
        again = run_study(workspace, instance, LoggedProgress())
        assert again.success, again.failures
        stale = {str(part): state.reason for part, state in survey(workspace, instance).state.items() if state.reason}
        assert stale == {}
    assert "P008" in set(ask(workspace.lake, "select patient_id from patients")["patient_id"])
    record = ask(workspace.lake, "select who, via, reason from audit where action = 'forgot a patient'")
    assert len(record) == 3
    assert record["reason"].str.contains("old data files").all()
    assert [line.is_of("P007") for line in forgotten(workspace.state)] == [True, False, False]
    assert workspace.tracker.versions() == versions
    first, second = versions
    assert "cannot be trained again" in workspace.tracker.tag(first, "tme.forgotten")
    assert workspace.tracker.tag(second, "tme.forgotten") == ""
    assert reproduce(workspace.tracker, workspace.lake, second).identical
    with pytest.raises(LookupError, match="a patient were removed"):
        reproduce(workspace.tracker, workspace.lake, first)
    scores = workspace.tracker.read_table(first, "out_of_fold")
    assert len(scores), "rows of others are kept"
    assert "all fine" in (workspace.state / "logs" / "dagster-daemon.log").read_text()


def test_a_dry_run_changes_nothing(left: Workspace, tmp_path: Path) -> None:
    workspace = copy(left, tmp_path)
    before = {path: path.read_bytes() for path in Path(workspace.lake_root, "tables").rglob("*") if path.is_file()}
    with history(workspace) as instance:
        done = forget(workspace, instance, named(workspace, "P007"), dry_run=True)
    assert done.counts()["old data files"]
    assert done.counts()["artifacts of models"]
    assert done.counts()["runs"]
    assert {path: path.read_bytes() for path in before} == before
    assert forgotten(workspace.state) == []


def test_it_goes_on_where_it_was_interrupted(left: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = copy(left, tmp_path)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with history(workspace) as instance:
        for stage in ("purge_models", "_purge_runs", "_purge_files", "build_catalog"):
            with monkeypatch.context() as patch:
                patch.setattr(f"tme_platform.orchestration.forget.{stage}", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    forget(workspace, instance, named(workspace, "P007"))
            assert ask(workspace.lake, "select count(*) as n from patients")["n"].item() > 30
        assert forget(workspace, instance, named(workspace, "P007")).left == []
    assert files_with(Path(workspace.lake_root), "P007") == set()


def test_somebody_whom_landing_folders_name_is_refused_with_the_places(left: Workspace) -> None:
    with history(left) as instance, pytest.raises(ForgetError) as found:
        forget(left, instance, named(left, "P008"))
    for place in ("reference: clinical table clinical.csv", "mri: features", "tme run"):
        assert place in str(found.value)
    with history(left) as instance, pytest.raises(ForgetError, match=r"images/images/I000\.nii\.gz"):
        forget(left, instance, named(left, "I000"))


def test_somebody_who_is_still_in_current_tables_is_refused(small_run: Path, tmp_path: Path) -> None:
    workspace = copy_study(small_run, tmp_path)
    leave(workspace.landing)
    with history(workspace) as instance, pytest.raises(ForgetError, match=r"current tables .*patients \(1 rows\)"):
        forget(workspace, instance, named(workspace, "P007"))


def test_the_command(left: Workspace, tmp_path: Path) -> None:
    workspace = copy(left, tmp_path)
    given = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]

    def call(*words: str, answer: str = "") -> tuple[int, str]:
        found = CliRunner().invoke(app, [*given, "forget", *words], input=answer)
        return found.exit_code, f"{found.output}{found.exception or ''}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(dagster_home(workspace.state)))
        code, said = call("X999", "--yes")
        assert (code, "nothing in the lake names patient X999" in said) == (1, True)
        assert call("P007", answer="n\n")[0] == 1
        assert forgotten(workspace.state) == []
        code, said = call("P007", answer="y\n")
        assert code == 0, said
        assert "old data files removed or rewritten" in said
        assert "cannot be trained again: 1" in said
        code, said = call("P007", "--yes")
        assert code == 0
        assert "nothing names the patient any more" in said


def test_what_is_not_ours_to_rewrite_is_refused_before_anything_is_removed(left: Workspace) -> None:
    elsewhere = replace(left, tracking_uri="sqlite:////nowhere/elsewhere.db")
    before = files_with(Path(left.lake_root), "P007")
    with history(left) as instance:
        with pytest.raises(ForgetError, match="MLflow is a server"):
            forget(elsewhere, instance, named(left, "P007"))
        with pytest.raises(ForgetError, match="object store"):
            forget(replace(left, lake_root="s3://bucket/study"), instance, Named("P007"))
    assert files_with(Path(left.lake_root), "P007") == before


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("P1", True),
        ("P1-01A", True),
        ("rows of P1, P2", True),
        ('{"id": "P1"}', True),
        ("images/P1_mask.nii.gz", True),
        ("P12", False),
        ("XP1", False),
        ("P1-2", False),
        ("P1-2 and P1", True),
        ("p1", False),
    ],
)
def test_a_name_is_told_from_longer_ones(text: str, names: bool) -> None:
    person = Named("P1", ["P1", "P12", "P1-2", "XP1"])
    assert person.is_in(text) is names
    without = person.removed_from(text)
    assert person.is_in(without) is False
    assert (FORGOTTEN in without) is names
    assert ("P1-2" in text) == ("P1-2" in without)


def test_names_with_signs_are_found_in_json() -> None:
    person = Named('Ö "x"')
    assert person.is_in('{"a": "\\u00d6 \\"x\\""}')
    assert person.is_in('Ö "x"')


def test_what_is_packed_is_searched(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"row of P007"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.json", '"P007"')
    (tmp_path / "b.npz").write_bytes(packed.getvalue())
    with contextlib.closing(sqlite3.connect(tmp_path / "c.db")) as database:
        database.execute("create table t (x text)")
        database.execute("insert into t values ('P007')")
        database.commit()
    from tme_platform.orchestration.forget import _holds

    assert all(_holds(path, Named("P007")) for path in tmp_path.iterdir())
