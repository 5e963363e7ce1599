"""Make MLflow's database whole or not at all. What is stored in it belongs in `tracker`."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from tme_platform.location import sqlite_uri


def make_database(database: Path) -> None:
    """Create MLflow's SQLite database if there is none.

    MLflow creates its tables in many steps. A process that is killed during them leaves a file on which every later
    process fails. So they are made in another file, which then gets its name unless somebody else was first.

    Raises
    ------
    OSError
        The folder cannot be written.
    mlflow.exceptions.MlflowException, sqlalchemy.exc.SQLAlchemyError
        The disk is full.
    """
    if database.exists():
        return
    from mlflow import MlflowClient

    quiet_mlflow()
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=database.parent) as folder:
        draft = Path(folder) / database.name
        uri = sqlite_uri(draft)
        MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments(max_results=1)
        try:
            os.link(draft, database)
        except OSError:  # somebody else was first, or the disk knows no second names
            if not database.exists():
                draft.rename(database)


def quiet_mlflow() -> None:
    """Let MLflow and the migrations of its database report errors only; after its import, which sets levels itself."""
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
