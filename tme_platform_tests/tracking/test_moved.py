"""Models of a lake that was moved, copied or mounted read-only: found and stored where the lake lies now."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.signature import SKOPS_TRUSTED_TYPES, SignatureSettings
from tme_platform.signature.pipeline import build_pipeline
from tme_platform.tracking import ModelRecord, Tracker
from tme_platform.tracking.moved import follow_lake
from tme_platform.tracking.reach import TrackingError
from tme_platform.tracking.records import ModelRun
from tme_platform_tests.support.hostile_names import EVERYTHING
from tme_platform_tests.support.small_study import empty_mlflow
from tme_platform_tests.support.trouble import no_right_to_write

ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
FEATURES = pd.DataFrame(np.random.default_rng(3).normal(size=(20, 2)), columns=["f0", "f1"])


def trained(seed: int) -> ModelRun:
    settings = SignatureSettings(n_trees=3, search_trees=2, seed=seed)
    model = build_pipeline(settings).fit(FEATURES, np.arange(20) % 2)
    return ModelRun(
        content_key=f"key {seed}",
        model=model,
        input_example=FEATURES.head(2),
        params={"seed": seed},
        metrics={"auc": 0.5},
        training_frame=FEATURES,
        trained_on=("signature_patients", 1, "0" * 16, "somewhere"),
        table_versions={"signature_patients": 1},
        tables={"out_of_fold": pd.DataFrame({"score": [seed]})},
        documents={"settings": {"seed": seed}},
        trusted_types=SKOPS_TRUSTED_TYPES,
    )


def lake(folder: Path) -> Tracker:
    """The tracker of a lake that has no models yet."""
    database = folder / "mlflow" / "mlflow.db"
    database.parent.mkdir(parents=True)
    shutil.copy(empty_mlflow(), database)
    return Tracker.of_lake(folder)


def assert_complete(tracker: Tracker, record: ModelRecord, seed: int) -> None:
    expected = trained(seed).model.predict_proba(FEATURES)
    np.testing.assert_array_equal(tracker.load(record).predict_proba(FEATURES), expected)
    assert tracker.read_document(record, "settings") == {"seed": seed}
    assert tracker.read_table(record, "out_of_fold")["score"].tolist() == [seed]


def recorded(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "mlflow" / "mlflow.db") as database:
        found = [row[0] for table, column in ADDRESSES for row in database.execute(f"SELECT {column} FROM {table}")]
    database.close()
    return [address for address in found if address.startswith("file:")]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one version, in a folder with many unusual characters. Read only."""
    folder = tmp_path_factory.mktemp("models") / EVERYTHING / "lake"
    tracker = lake(folder)
    tracker.log(trained(1))
    return folder


def test_a_version_is_stored_and_read_in_a_folder_of_any_name(original: Path) -> None:
    tracker = Tracker.of_lake(original)
    (record,) = tracker.versions()
    assert_complete(tracker, record, 1)
    with sqlite3.connect(original / "mlflow" / "mlflow.db") as database:
        (named,) = database.execute("SELECT name FROM runs WHERE run_uuid = ?", (record.run_id,)).fetchone()
    database.close()
    assert named == "version 1", "the runs in MLflow's list have the names of versions"
    assert {address.partition("/mlflow/artifacts")[0] for address in recorded(original)} == {original.as_uri()}
    assert [path.name for path in original.parents[1].iterdir()] == [EVERYTHING], "nothing is written anywhere else"


@pytest.mark.parametrize("original_stays", [True, False], ids=["copied", "moved"])
def test_models_follow_their_lake(original: Path, tmp_path: Path, original_stays: bool) -> None:
    first = tmp_path / "first"
    shutil.copytree(original, first)
    Tracker.of_lake(first).versions()  # follows; the next move starts here
    second = tmp_path / "second #2"
    shutil.copytree(first, second) if original_stays else first.rename(second)
    before = sorted(path for path in first.rglob("*"))
    tracker = Tracker.of_lake(second)
    (record,) = tracker.versions()
    assert_complete(tracker, record, 1)
    new = tracker.log(trained(2))
    tracker.attach(new, {"model_card.md": b"text"})
    assert_complete(tracker, new, 2)
    assert sorted(path for path in first.rglob("*")) == before, "nothing is written where the lake was"
    assert {address.partition("/mlflow/artifacts")[0] for address in recorded(second)} == {second.as_uri()}
    if original_stays:
        assert [one.version for one in Tracker.of_lake(first).versions()] == ["1"]
        assert {address.partition("/mlflow/artifacts")[0] for address in recorded(first)} == {first.as_uri()}


def test_a_moved_lake_that_cannot_be_written_says_so(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    (tmp_path / "copy" / "mlflow" / "mlflow.db").chmod(0o444)
    with (
        no_right_to_write(tmp_path / "copy"),
        pytest.raises(TrackingError, match=r"was moved or copied: .* give this user the right to write there, or copy"),
    ):
        Tracker.of_lake(tmp_path / "copy").versions()


def addresses(folder: Path, *locations: str) -> Path:
    """A database with MLflow's columns and these addresses in each of them; the first is that of the experiment."""
    database = folder / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE experiments (name TEXT, artifact_location TEXT)")
        connection.execute("INSERT INTO experiments VALUES ('rad-score', ?)", locations[:1])
        for statement in (
            "CREATE TABLE runs (artifact_uri TEXT)",
            "CREATE TABLE logged_models (artifact_location TEXT)",
            "CREATE TABLE model_versions (source TEXT, storage_location TEXT)",
        ):
            connection.execute(statement)
        connection.executemany("INSERT INTO runs VALUES (?)", [(one,) for one in locations])
        connection.executemany("INSERT INTO model_versions VALUES (?, NULL)", [(one,) for one in locations])
    connection.close()
    return database


def values(database: Path, column: str, table: str) -> list[str]:
    with sqlite3.connect(database) as connection:
        found = [row[0] for row in connection.execute(f"SELECT {column} FROM {table}")]
    connection.close()
    return found


def test_only_addresses_inside_the_lake_change(tmp_path: Path) -> None:
    others = ["file:///a/lake2/x", "s3://bucket/a/lake", "models:/m-1", "file:///a/lak_/x"]
    database = addresses(tmp_path, "file:///a/lake", "file:///a/lake/1/artifacts", *others)
    follow_lake(database, "file:///a/lake/deeper", "rad-score")
    expected = ["file:///a/lake/deeper", "file:///a/lake/deeper/1/artifacts", *others]
    assert values(database, "artifact_uri", "runs") == values(database, "source", "model_versions") == expected
    follow_lake(database, "file:///a/lake/deeper", "rad-score")
    assert values(database, "artifact_uri", "runs") == expected, "once is enough"


def test_all_addresses_change_or_none(tmp_path: Path) -> None:
    database = addresses(tmp_path, "file:///a")
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE model_versions")
    connection.close()
    with pytest.raises(TrackingError, match="model_versions"):
        follow_lake(database, "file:///b", "rad-score")
    assert values(database, "artifact_location", "experiments") == ["file:///a"]


def test_a_database_without_models_or_tables_needs_nothing(tmp_path: Path) -> None:
    follow_lake(tmp_path / "none.db", "file:///b", "rad-score")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    follow_lake(tmp_path / "empty.db", "file:///b", "rad-score")
    database = addresses(tmp_path, "file:///a")
    follow_lake(database, "file:///b", "another experiment")
    assert values(database, "artifact_uri", "runs") == ["file:///a"]


def test_a_servers_database_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tme_platform.tracking.tracker.follow_lake", pytest.fail)
    Tracker.of_lake(tmp_path, "http://127.0.0.1:5000").follow_lake()
    Tracker.of_lake(tmp_path, f"sqlite:///{tmp_path}/shared/mlflow.db").follow_lake()
