"""A cheap look whether Dagster's run history has runs in given states, for commands that only look.

Dagster's SQLite database in the lake is read as it is, because importing Dagster takes longer than all else that such a
command does. The answer is only whether asking Dagster can be of use: what it says of runs is in `attempts`. The column
is that of Dagster 1.13.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection
from pathlib import Path

import yaml

UNDER_WAY = frozenset({"QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "CANCELING"})
FAILED = frozenset({"FAILURE", "CANCELED"})
STORAGE_KEYS = frozenset({"storage", "run_storage", "event_log_storage", "schedule_storage"})
"""Keys of `dagster.yaml` by which an operator names another place for the run history."""


def may_have(home: Path, states: Collection[str]) -> bool:
    """Whether there may be runs in any of these states.

    Parameters
    ----------
    home
        Dagster's home of the lake.

    Returns
    -------
    True also where a cheap look cannot know: there is no such database, as with a server's, or it cannot be read.
    """
    with contextlib.suppress(OSError, yaml.YAMLError, TypeError, sqlite3.Error):
        config = home / "dagster.yaml"
        given = yaml.safe_load(config.read_text(encoding="utf-8")) if config.exists() else None
        if STORAGE_KEYS.isdisjoint(given or ()):
            return not set(states).isdisjoint(_states(home / "history" / "runs.db"))
    return True


def _states(database: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as opened:
        return {state for (state,) in opened.execute("SELECT DISTINCT status FROM runs")}
