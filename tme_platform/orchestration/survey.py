"""The survey: the state of every part, looked up in the lake and in Dagster, for the plan to decide on.

The lake says whether content is current (the trace of each table); Dagster says whether a part was recorded, whether
its last run failed, and what is running. Dagster is imported only where it is asked.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tme_platform.cohorts import CohortError
from tme_platform.lake import catalog_is_current
from tme_platform.orchestration.plan import Need, Node, Part, PartState, Plan, make_plan
from tme_platform.steps.registry import STEPS
from tme_platform.steps.scope import Refresh
from tme_platform.steps.workspace import Workspace
from tme_platform.steps.world import World
from tme_platform.tables.cohorts import COHORT_FILES

if TYPE_CHECKING:
    import dagster as dg

CATALOG = "catalog"


@functools.cache
def nodes() -> tuple[Node, ...]:
    """The graph of all assets: one for each step, and the catalog over their tables."""
    steps = [
        Node(
            step.name,
            step.schema.per_cohort,
            (
                *(Need(table.name) for table in step.reads),
                *(Need(table.name, every_cohort=True) for table in step.reads_all_cohorts),
            ),
            leads=step.schema is COHORT_FILES,
            collects=step.collects,
        )
        for step in STEPS.values()
    ]
    return (*steps, Node(CATALOG, per_cohort=False, needs=tuple(Need(name, every_cohort=True) for name in STEPS)))


@dataclass(frozen=True)
class Survey:
    """What a survey found: the state of parts, the cohorts that cannot be read and those that are being copied."""

    cohorts: tuple[str, ...]
    state: dict[Part, PartState]
    unreadable: dict[str, str]
    copied: dict[str, str]

    def plan(self, *, held: Collection[Part] = (), only: Collection[Part] | None = None) -> Plan:
        """Decide on this state what runs, in which order and why; see `make_plan`."""
        refused = {"unreadable": self.unreadable, "copied": self.copied}
        return make_plan(nodes(), self.cohorts, self.state, held=held, only=only, **refused)

    def with_runs(self, instance: dg.DagsterInstance, running: Collection[Part]) -> Survey:
        """Add what Dagster's run history says: what was recorded, whether the last run failed, what is running."""
        return replace(self, state=dict(_with_runs(instance, self.state, running)))


def survey(
    workspace: Workspace,
    instance: dg.DagsterInstance | None,
    *,
    refresh: Refresh = "stale",
    parts: Collection[Part] | None = None,
    running: Collection[Part] | None = None,
    write: bool = True,
    ask_server: bool = False,
    without: Collection[str] = (),
) -> Survey:
    """Look up the state of every part.

    Parameters
    ----------
    instance
        Where runs are recorded; None if nothing has run yet, or the lake alone is asked.
    refresh
        Which content counts as not current; see `RefreshConfig`.
    parts
        Only these parts; the others are taken as current.
    running
        Parts that runs under way build; None looks them up.
    write
        Whether hashes of landing files are remembered for the next look, and the end of killed runs is recorded.
    ask_server
        Whether a model registry on a server is also asked; whoever looks often does not.
    without
        Cohorts that are still being copied, and count as not landed.
    """
    # Before the lake: a run that ends in between counts as under way, and nothing is requested twice.
    if instance is not None:
        from tme_platform.orchestration.alive import end_gone_runs
        from tme_platform.orchestration.attempts import parts_under_way

        if write:
            end_gone_runs(instance, workspace.state)
        running = parts_under_way(instance, workspace.state) if running is None else running
    world = workspace.world(remember_hashes=write, snapshot=True, ask_server=ask_server)
    world.cohorts = [name for name in world.cohorts if name not in without]
    all_parts = [
        Part(node.asset, cohort) for node in nodes() for cohort in (world.cohorts if node.per_cohort else (None,))
    ]
    wanted = [part for part in all_parts if parts is None or part in parts]
    state = {part: _in_lake(workspace, world, part, refresh) for part in wanted}
    found = Survey(tuple(world.cohorts), state, workspace.unreadable(), workspace.being_copied())
    return found if instance is None else found.with_runs(instance, running or ())


def _in_lake(workspace: Workspace, world: World, part: Part, refresh: Refresh) -> PartState:
    if part.asset == CATALOG:
        built = catalog_is_current(workspace.lake)
        return PartState("" if built else "tables have newer versions, or the lake was moved", built)
    step = STEPS[part.asset]
    scope = workspace.scope(step.schema, part.cohort, world=world, refresh=refresh)
    state = world.states(step.schema).get(part.cohort)
    try:
        reason = scope.reason_to_run(step.version)
    except (CohortError, OSError) as error:  # the cohort file broke before the first run
        return PartState(str(error), built=state is not None, failure=str(error))
    checks = state.checks if state is not None else {}
    failed = next((c.name for c in step.checks if c.blocking and not checks.get(c.name, {}).get("passed", True)), "")
    version = state.version if state is not None else -1
    return PartState(reason, built=state is not None, failed_check=failed, version=version)


def _with_runs(
    instance: dg.DagsterInstance, state: dict[Part, PartState], running: Collection[Part]
) -> Iterable[tuple[Part, PartState]]:
    from tme_platform.orchestration.attempts import failed_attempts

    recorded = _recorded(instance, {part.asset for part in state})
    failures = failed_attempts(instance, [part for part, known in state.items() if known.reason])
    for part, known in state.items():
        found = replace(
            known,
            recorded=part.cohort in recorded[part.asset],
            failure=known.failure or failures.get(part, ""),
            running=part in running,
        )
        yield part, found


def _recorded(instance: dg.DagsterInstance, assets: set[str]) -> dict[str, Collection[str | None]]:
    """The parts of each asset that Dagster has seen built, with one question about all assets without cohorts."""
    import dagster as dg

    per_cohort = {node.asset for node in nodes() if node.per_cohort}
    of_study = {asset: dg.AssetKey(asset) for asset in assets if asset not in per_cohort}
    latest = instance.get_latest_materialization_events(of_study.values())
    found: dict[str, Collection[str | None]] = {
        asset: () if latest.get(key) is None else (None,) for asset, key in of_study.items()
    }
    for asset in assets - of_study.keys():
        found[asset] = instance.get_materialized_partitions(dg.AssetKey(asset))
    return found
