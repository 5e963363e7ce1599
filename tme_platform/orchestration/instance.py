"""Dagster's instance of a lake: where its state is kept, and how it is opened. Dagster is imported to open it only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tme_platform.lake.locks import locked
from tme_platform.orchestration.run_states import STORAGE_KEYS
from tme_platform.whole_file import write_if_changed

if TYPE_CHECKING:
    import dagster as dg

FAST_HISTORY = "TME_FAST_HISTORY"
"""Environment variable: 0 opens the run history with Dagster's own classes, see `fast_history`."""
_DAGSTER_YAML = """\
# Written once by tme_platform; yours to change (see the deployment notes for PostgreSQL and run queues).
telemetry:
  enabled: false
nux:                  # the page's first dialog, which asks for an e-mail address
  enabled: false
retention:            # of ticks; runs and their events are removed by `tme housekeeping`
  schedule: {purge_after_days: 90}
  sensor: {purge_after_days: {skipped: 7, failure: 30, success: 90}}
"""
_FAST_YAML = "tme_run.yaml"
_SERVED = "served"
"""Folder below Dagster's home: the home of the processes that `tme ui` starts, with the same databases."""
_FORMER_STORAGE = "tme_platform.orchestration.run_history"
_LOGS = "dagster.core.storage.local_compute_log_manager"


def dagster_home(state: Path) -> Path:
    """Folder of Dagster's own state in a lake's state folder, created on first use."""
    home = (state / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    # Put in place whole: several runs may begin in a new lake at once. Earlier versions named a class of theirs.
    if not config.exists() or _FORMER_STORAGE in config.read_text(encoding="utf-8"):
        write_if_changed(config, _DAGSTER_YAML.encode())
    return home


def open_instance(state: Path) -> dg.DagsterInstance:
    """Open Dagster's instance of a lake; `DAGSTER_HOME` wins where it is set."""
    import dagster as dg

    if "DAGSTER_HOME" not in os.environ:
        os.environ["DAGSTER_HOME"] = str(dagster_home(state))
    # Events of a step are stored together: an SQLite commit for each would take longer than light assets do.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")
    home = Path(os.environ["DAGSTER_HOME"])
    with locked(home, "history"):  # Dagster fails if two processes create its tables at once
        if _fast() and (config := _fast_config(home)):
            return dg.DagsterInstance.from_config(str(home), config)
        return dg.DagsterInstance.get()


def served_home(state: Path) -> Path:
    """The `DAGSTER_HOME` of servers over a lake: Dagster's own programs read nothing but its `dagster.yaml`.

    They use the databases, logs and artifacts of `dagster_home`, opened as commands open them.
    """
    home = dagster_home(state)
    if not _fast():
        return home
    given = _given(home)
    if STORAGE_KEYS & set(given):
        return home
    logs = {"module": _LOGS, "class": "LocalComputeLogManager", "config": {"base_dir": str(home / "storage")}}
    places = {"local_artifact_storage": _artifacts(home), "compute_logs": logs}
    served = home / _SERVED
    served.mkdir(exist_ok=True)
    config = {**places, **given, "storage": _storage(home)}
    write_if_changed(served / "dagster.yaml", yaml.safe_dump(config).encode())
    return served


def _fast_config(home: Path) -> str | None:
    """The operator's configuration with the fast storage; None where it names a storage of its own."""
    given = _given(home)
    if STORAGE_KEYS & set(given):
        return None
    write_if_changed(home / _FAST_YAML, yaml.safe_dump({**given, "storage": _storage(home)}).encode())
    return _FAST_YAML


def _fast() -> bool:
    return os.environ.get(FAST_HISTORY, "1") != "0"


def _given(home: Path) -> dict[str, Any]:
    path = home / "dagster.yaml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None) or {}


def _storage(home: Path) -> dict[str, Any]:
    fast = {"module": "tme_platform.orchestration.fast_history", "class": "FastHistory"}
    return {"custom": {**fast, "config": {"base_dir": str(home)}}}


def _artifacts(home: Path) -> dict[str, Any]:
    return {"module": "dagster.core.storage.root", "class": "LocalArtifactStorage", "config": {"base_dir": str(home)}}
