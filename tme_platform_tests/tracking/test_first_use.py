"""MLflow's database comes into being whole: a process that is killed while it makes it leaves none."""

import sqlite3
from pathlib import Path

import mlflow
import pytest

from tme_platform.tracking.first_use import make_database


def test_half_a_database_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "mlflow" / "mlflow.db"

    def killed(client: mlflow.MlflowClient, **_: object) -> None:
        draft = Path(str(client.tracking_uri).removeprefix("sqlite:///"))
        draft.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "search_experiments", killed)
        with pytest.raises(KeyboardInterrupt):
            make_database(database)
    assert not database.exists()
    make_database(database)
    with sqlite3.connect(database) as connection:
        tables = {name for (name,) in connection.execute("select name from sqlite_master")}
    assert {"experiments", "runs", "model_versions"} <= tables
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


@pytest.mark.parametrize("links", [True, False], ids=["disk with links", "disk without"])
def test_the_first_of_two_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    database = tmp_path / "mlflow.db"

    def slower_than_another(client: mlflow.MlflowClient, **_: object) -> None:
        Path(str(client.tracking_uri).removeprefix("sqlite:///")).write_bytes(b"ours")
        database.write_bytes(b"theirs")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(mlflow.MlflowClient, "search_experiments", slower_than_another)
    if not links:
        monkeypatch.setattr("os.link", refuse)
    make_database(database)
    assert database.read_bytes() == b"theirs"
