"""How every table stands, cohort by cohort: current, stale and why, missing, or failed. Looks only, writes nothing.

The lake decides: a table is current when everything it was made from is as it was (`Scope.why_run`). Dagster's event
log is asked for one thing only, whether the last run of a part that is not current failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Literal

import dagster as dg

from tme_platform.cohorts import CohortError
from tme_platform.orchestration import assets as _assets
from tme_platform.orchestration.failures import failed_attempts, failed_check
from tme_platform.orchestration.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import COHORTS
from tme_platform.tables.schema import CHECKS

State = Literal["current", "stale", "missing", "failed"]
STATES: tuple[State, ...] = ("current", "stale", "missing", "failed")


@dataclass(frozen=True)
class Standing:
    """How one table (of one cohort) stands.

    Attributes
    ----------
    reason
        Why it is not current; empty where it is.
    behind
        Names of the tables before it that are not current either; it can only be made after them.
    """

    asset: str
    cohort: str | None
    state: State
    reason: str
    behind: tuple[str, ...] = ()


@dataclass
class _Look:
    """What is asked once per look."""

    workspace: Workspace
    instance: dg.DagsterInstance | None
    cohorts: Sequence[str]
    unreadable: Mapping[str, str]
    late: dict[str, set[str | None]] = field(default_factory=dict)
    """Parts that are not current, by table."""


def standings(workspace: Workspace, instance: dg.DagsterInstance | None) -> list[Standing]:
    """How every table of every cohort stands, in the order in which they are made.

    Parameters
    ----------
    instance
        Where runs are recorded; None if nothing ever ran, then nothing can have failed.
    """
    look = _Look(workspace, instance, workspace.cohorts(), workspace.unreadable())
    return [standing for spec, checks in _tables() for standing in _of_asset(look, spec, checks)]


def _tables() -> list[tuple[dg.AssetSpec, list[str]]]:
    """The assets that are tables, parents first, each with its blocking checks beyond the schema's."""
    found: dict[dg.AssetKey, tuple[dg.AssetSpec, list[str]]] = {}
    for asset in dg.load_assets_from_package_module(_assets):
        if isinstance(asset, dg.AssetsDefinition):
            checks = [check.name for check in asset.check_specs if check.blocking and check.name not in CHECKS]
            found |= {spec.key: (spec, checks) for spec in asset.specs if spec.key.to_user_string() in TABLES}
    parents = {key: sorted(dep.asset_key for dep in spec.deps) for key, (spec, _) in sorted(found.items())}
    return [found[key] for key in TopologicalSorter(parents).static_order()]


def _of_asset(look: _Look, spec: dg.AssetSpec, checks: list[str]) -> Iterator[Standing]:
    name = spec.key.to_user_string()
    attempts: Mapping[str | None, str] | None = None
    for cohort in look.cohorts if spec.partitions_def is not None else [None]:
        behind = _behind(look, spec, cohort)
        state, reason = _lake_says(look, spec, cohort)
        if state == "current":
            failed = failed_check(look.instance, spec, checks) if look.instance and checks else None
            if failed:
                state, reason = "failed", f"its check {failed} does not pass; what comes after it waits"
        elif look.instance is not None:
            attempts = failed_attempts(look.instance, spec) if attempts is None else attempts
            state, reason = ("failed", attempts[cohort]) if cohort in attempts else (state, reason)
        if cohort is not None and cohort in look.unreadable and name == COHORTS.name:
            state, reason = "failed", look.unreadable[cohort]
        if state == "current" and behind:
            state, reason = "stale", f"behind {', '.join(behind)}"
        if state != "current":
            look.late.setdefault(name, set()).add(cohort)
        yield Standing(name, cohort, state, reason, behind)


def _lake_says(look: _Look, spec: dg.AssetSpec, cohort: str | None) -> tuple[State, str]:
    schema = TABLES[spec.key.to_user_string()]
    scope = look.workspace.scope(schema, cohort, leave_no_trace=True)
    try:
        reason = scope.why_run(spec.code_version or "")
    except (CohortError, OSError) as error:  # the cohort file broke before the first run
        return "failed", str(error)
    if reason is None:
        return "current", ""
    return ("missing" if scope.lake.state(schema, cohort) is None else "stale"), reason


def _behind(look: _Look, spec: dg.AssetSpec, cohort: str | None) -> tuple[str, ...]:
    """The parents of which a part that goes in is not current."""
    found = set()
    for dep in spec.deps:
        late = look.late.get(dep.asset_key.to_user_string(), set())
        every = spec.partitions_def is None or isinstance(dep.partition_mapping, dg.AllPartitionMapping)
        if late if every else late & {cohort, None}:
            found.add(dep.asset_key.to_user_string())
    return tuple(sorted(found))
