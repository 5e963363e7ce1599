"""What the commits of a table say of themselves: who made each, how, when and why. No data.

The commits are the only record of it: the view `audit` lists what is read here. What a commit says of its content is in
`store`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable

from tme_platform.environment import operator

STATE_KEY = "tme"
"""Key of a commit's metadata: what the platform recorded of the content."""
_BY_KEY = "tme_by"
"""Key of a commit's metadata: who made it, how (`via`), in which Dagster run and of which study."""


@dataclass(frozen=True)
class Entry:
    """One commit in the audit: one row of the view `audit`."""

    time: datetime
    who: str | None
    via: str | None
    action: str
    table_name: str
    cohort: str | None
    version: int
    model_version: int | None
    rows_new: int | None
    rows_changed: int | None
    rows_removed: int | None
    reason: str | None
    study: str | None
    dagster_run: str | None


def commit_properties(by: Mapping[str, str], state: Mapping[str, Any] | None = None) -> CommitProperties:
    """Metadata of a commit; without a name in `by` (`who`), that of the operator."""
    metadata = {_BY_KEY: json.dumps({"who": operator(), **by}, sort_keys=True)}
    if state is not None:
        metadata[STATE_KEY] = json.dumps(state, sort_keys=True)
    return CommitProperties(custom_metadata=metadata)


def commits_after(table: DeltaTable, folder: Path | None, version: int) -> Iterator[dict[str, Any]]:
    """The commits of a table after a version, newest first, as Delta stores them, with their `version`.

    Parameters
    ----------
    folder
        The table's folder; None for an object store. The library finds no commits in a folder with `#` in its path, and
        of a folder its own files are read faster.
    """
    if folder is None:
        yield from table.history(int(table.version()) - version)
        return
    for number in range(int(table.version()), version, -1):
        path = folder / "_delta_log" / f"{number:020}.json"
        if not path.exists():  # cleaned up with what a checkpoint holds
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith('{"commitInfo"'):
                yield {**json.loads(line)["commitInfo"], "version": number}


def audit_entry(table: str, commit: Mapping[str, Any]) -> Entry | None:
    """A commit as a row of the audit; None for the empty first version and for the announcement of a vacuum."""
    state, operation = json.loads(commit.get(STATE_KEY, "{}")), str(commit.get("operation", ""))
    if (commit["version"] == 0 and not state) or operation == "VACUUM START":
        return None
    by, changes = json.loads(commit.get(_BY_KEY, "{}")), state.get("changes", {})
    details = state.get("details", {})
    own = {"VACUUM END": "removed old versions", "SET TBLPROPERTIES": "changed the table's settings"}
    other = own.get(operation, f"not by tme_platform: {operation.lower()}")
    return Entry(
        time=datetime.fromtimestamp(int(commit["timestamp"]) / 1000, UTC),
        who=by.get("who"),
        via=by.get("via"),
        action=str(details.get("decision", "wrote")) if state else other,
        table_name=table,
        cohort=state.get("cohort"),
        version=int(commit["version"]),
        model_version=details.get("model_version"),
        rows_new=changes.get("new"),
        rows_changed=changes.get("changed"),
        rows_removed=changes.get("removed"),
        reason=details.get("decision_reason") or state.get("reason") or by.get("reason"),
        study=by.get("study"),
        dagster_run=by.get("run"),
    )
