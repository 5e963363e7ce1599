"""Bringing one table up to date: look whether anything changed, call the step, check, commit. No Dagster here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tme_platform.cohorts import refuse_unfinished
from tme_platform.lake import PartitionState
from tme_platform.steps.hidden import storable
from tme_platform.steps.scope import Scope, failure_counts
from tme_platform.steps.step import Finding, Step, StepResult, UnusableInputError
from tme_platform.steps.trace import to_records
from tme_platform.steps.warned import noted_warnings
from tme_platform.tables import rejections


@dataclass(frozen=True)
class Materialised:
    """What became of a table: its state, and whether anything was written."""

    state: PartitionState
    written: bool

    @property
    def summary(self) -> str:
        """One line: the counts of rows, why it was built, and why it is empty."""
        if not self.written:
            return NOTHING_CHANGED
        counts = ", ".join(f"{count} {name}" for name, count in self.state.changes.items() if count)
        note = self.state.details.get("note")
        return f"{counts or 'no rows'} ({self.state.reason})" + (f": {note}" if note else "")


NOTHING_CHANGED = "nothing changed"
"""Summary of a table that had nothing to do."""


def materialise(step: Step, scope: Scope) -> Materialised:
    """Build a table if it is not current.

    A lock keeps other processes from building the same part meanwhile; a process that had to wait finds it current.

    Raises
    ------
    TableError
        The rows break the table's schema; nothing was written.
    UnusableInputError
        Nothing of what the cohort declares can be used; the reasons are stored, the previous version is kept.
    LakeError
        The lake cannot be read or written; the previous version is kept.
    UnexpectedError
        A library raised an error in the step; `Scope.withhold` got its text.
    CohortError
        The cohort is being copied; the previous version is kept.
    """
    try:
        return _materialise(step, scope)
    except Exception as error:
        fit, withheld = storable(error, scope.hidden)
        if withheld:
            scope.withhold(withheld)
        raise fit from fit.__cause__


def _materialise(step: Step, scope: Scope) -> Materialised:
    lake = scope.world.lake
    with lake.lock(step.schema, scope.cohort, lambda: scope.report("another run builds this table; waiting")):
        reason = scope.reason_to_run(step.version)
        state = lake.state(step.schema, scope.cohort)
        if not reason and state is not None:
            return Materialised(state, written=False)
        if scope.cohort is not None:
            refuse_unfinished(scope.folder)
        try:
            with noted_warnings() as noted:
                result = step(scope)
        except UnusableInputError as error:
            if error.rejected is not None:
                _commit_rejected(step, scope, error.rejected, reason)
            raise
        noted = [scope.hidden(warning) for warning in noted]
        for warning in noted:
            scope.log.warning("%s: %s", step.name, warning)
        return _commit(step, scope, result, reason, {"warnings": noted} if noted else {})


def _commit(step: Step, scope: Scope, result: StepResult, reason: str, further: Mapping[str, object]) -> Materialised:
    lake, provenance = scope.world.lake, scope.provenance
    if result.rejected is not None:
        _commit_rejected(step, scope, result.rejected, reason)
    rows, checks = result.frame, {}
    if isinstance(rows, pd.DataFrame):
        rows = step.schema.select(rows)
        checks = {check.name: _checked(check(rows, scope)) for check in step.checks}
    elif step.checks:
        raise TypeError(f"{step.name} has content checks, which look at all rows, and gives its rows in blocks")
    commit = lake.commit(
        step.schema,
        rows,
        cohort=scope.cohort,
        provenance=provenance,
        expression_scale=scope.expression_scale,
        code_version=step.version,
        reads=to_records(scope.trace),
        reason=reason,
        details={**result.details, **further},
        checks=checks,
        by=scope.by,
    )
    return Materialised(commit.state, commit.written)


def _commit_rejected(step: Step, scope: Scope, found: pd.DataFrame, reason: str) -> None:
    messages = found["message"].map(scope.hidden, na_action="ignore").astype(found["message"].dtype)
    rejected = found.assign(step=step.name, message=messages)
    rejected["row_key"] = found.get("row_key")
    scope.world.lake.commit(
        rejections(step.schema),
        rejected,
        cohort=scope.cohort,
        provenance=scope.provenance,
        reason=reason,
        details=failure_counts(rejected),
        by=scope.by,
    )


def _checked(finding: Finding) -> Mapping[str, Any]:
    return {"passed": finding.passed, "description": finding.description, "metadata": dict(finding.metadata)}
