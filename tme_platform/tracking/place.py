"""Where a lake keeps its models: MLflow's database and artifacts in its state folder. Light imports only, for `tme ui`.

What is stored there belongs in `tracker`.
"""

from __future__ import annotations

from pathlib import Path

from tme_platform.location import file_uri, sqlite_uri
from tme_platform.tracking.moved import follow_lake

EXPERIMENT = "rad-score"


def database_of(state: Path) -> Path:
    """MLflow's database."""
    return state / "mlflow" / "mlflow.db"


def local_uri(state: Path) -> str:
    """URI of the SQLite store in a lake's state folder (MLflow 3.17 refuses plain `file:` stores)."""
    return sqlite_uri(database_of(state))


def artifacts_of(state: Path) -> Path:
    """Folder of the files of runs and models."""
    return state.resolve() / "mlflow" / "artifacts"


def follow_state(state: Path) -> None:
    """Correct the addresses of the artifacts of a lake that was moved or copied; see `moved`."""
    follow_lake(database_of(state).resolve(), file_uri(artifacts_of(state)), EXPERIMENT)
