"""Carrying out the plan from a command: wave after wave, the runs of a wave side by side.

After each wave the rest is looked at again, because a table that is rebuilt with the same content changes nothing
after it. A failure stops what depends on it within its cohort; everything else goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from tme_platform.cohorts import check_landed
from tme_platform.lake import LakeError, build_catalog, catalog_is_current
from tme_platform.orchestration.attempts import parts_built_elsewhere
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.carry_out import Carried, Carrier, Failure
from tme_platform.orchestration.plan import DECLARATIONS, Part, PartState, Plan, PlannedRun
from tme_platform.orchestration.progress import Progress
from tme_platform.orchestration.requests import new_cohorts
from tme_platform.orchestration.selection import select_assets
from tme_platform.orchestration.side_by_side import Crew
from tme_platform.orchestration.survey import CATALOG, Survey, nodes, survey
from tme_platform.steps.materialise import NOTHING_CHANGED
from tme_platform.steps.registry import STEPS
from tme_platform.steps.scope import Refresh
from tme_platform.steps.workspace import Workspace


@dataclass
class Outcome:
    """What a run of the study came to.

    Attributes
    ----------
    built
        Parts that were built or found current by a run.
    waiting
        Cohorts that are being copied, and what to do: nothing of them was read. That is no failure.
    """

    runs: int = 0
    built: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: list[Part] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


@dataclass
class _Session:
    """One carrying out of the plan: what was attempted, and what must not be read by what comes after."""

    workspace: Workspace
    instance: dg.DagsterInstance
    refresh: Refresh
    outcome: Outcome
    attempted: set[Part] = field(default_factory=set)
    held: set[Part] = field(default_factory=set)
    skipped: set[Part] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)

    def note(self, run: PlannedRun, carried: Carried) -> None:
        """Note what of a planned run was built and what failed."""
        self.outcome.runs += 1
        self.outcome.built += len(carried.built)
        self.outcome.failures += carried.failures
        failed = {Part(failure.asset, run.cohort) for failure in carried.failures}
        parts = {Part(asset, run.cohort) for asset in run.assets}
        not_built = {part for part in parts if part.asset not in carried.built}
        # Dagster skips what depends on a failure; what collects the reasons gets a run of its own.
        later = {part for part in not_built - failed if part != Part(CATALOG, None) and STEPS[part.asset].collects}
        parts, not_built = parts - later, not_built - later
        self.attempted |= parts
        self.held |= failed | not_built
        self.skipped |= not_built - failed

    def note_blocked(self, plan: Plan) -> None:
        """Note what cannot be built; of a cohort that cannot be read, or is being copied, that says enough."""
        noted = {*self.unreadable, *self.outcome.waiting}
        self.skipped |= {part for part in plan.blocked if part.cohort not in noted} - self.attempted

    def look(self, refresh: Refresh, parts: Collection[Part]) -> Survey:
        """Survey parts; one that another process of this machine builds is waited for at its lock, not left out."""
        running = parts_built_elsewhere(self.instance, self.workspace.state)
        found = survey(self.workspace, self.instance, refresh=refresh, parts=parts, running=running, ask_server=True)
        self.outcome.waiting |= found.copied
        return found

    def look_again(self, parts: Iterable[Part]) -> Survey:
        """Survey what is left; what was attempted is not attempted twice."""
        found = self.look(self.refresh, set(parts) - self.attempted)
        checked = self.look("missing", self.attempted)
        done = {part: PartState(failed_check=known.failed_check) for part, known in checked.state.items()}
        return Survey(found.cohorts, {**found.state, **done}, found.unreadable, found.copied)


def run_study(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    progress: Progress,
    *,
    cohorts: Sequence[str] | None = None,
    select: str | None = None,
    refresh: Refresh = "stale",
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Bring the study, or a part of it, up to date.

    Parameters
    ----------
    cohorts
        Only these cohorts' tables (and those of the whole study); all cohorts of the study if None.
    select
        Assets such as `group:s3_phenotypes` or `radiomic_features+`, see `selection`.
    refresh
        See `RefreshConfig`.
    stop
        Whether this process was asked to stop.

    Raises
    ------
    KeyboardInterrupt
        The process was asked to stop; the run that was under way is recorded as canceled.
    ValueError
        A cohort has not landed, or the selection cannot be used.
    """
    landed = workspace.cohorts()
    check_landed(workspace.landing, cohorts or ())
    if new := new_cohorts(instance, landed):
        instance.add_dynamic_partitions("cohort", new)
    definitions = build_definitions(workspace=workspace, progress=progress)
    only = _chosen(select_assets(definitions, select), cohorts or landed)
    job = definitions.resolve_implicit_global_asset_job_def()
    session = _Session(workspace, instance, refresh, Outcome())
    found = session.look(refresh, only)
    session.unreadable = found.unreadable
    session.outcome.failures += [Failure(DECLARATIONS, name, text) for name, text in found.unreadable.items()]
    plan = found.plan(only=only)
    here = Carrier(job, workspace.state, instance, refresh, stop)
    with Crew(workspace, instance, here, progress, refresh) as crew:
        while plan.next_wave:
            session.note_blocked(plan)
            progress.planned([part for part in plan.parts if part.asset != CATALOG])
            for run, carried in zip(plan.next_wave, crew.carry_out(plan.next_wave), strict=True):
                session.note(run, carried)
                for failure in carried.failures:
                    progress.failed(failure.asset, failure.cohort)
            plan = session.look_again(plan.parts).plan(held=session.held, only=only)
    progress.planned([])
    session.note_blocked(plan)
    session.outcome.skipped = sorted(session.skipped, key=str)
    for part in only:
        if part not in session.attempted | session.skipped and part.asset != CATALOG:
            progress.done(part.asset, part.cohort, NOTHING_CHANGED, 0.0, NOTHING_CHANGED, {})
    session.outcome.failures += _catalog(workspace, session.held)
    return session.outcome


def _chosen(selected: Collection[str], cohorts: Sequence[str]) -> list[Part]:
    return [
        Part(node.asset, cohort)
        for node in nodes()
        if node.asset in selected
        for cohort in (cohorts if node.per_cohort else (None,))
    ]


def _catalog(workspace: Workspace, held: Collection[Part]) -> list[Failure]:
    """Build it also if its asset was not chosen, or a run was killed before it: queries must see what was built."""
    try:
        if not catalog_is_current(workspace.lake):
            build_catalog(workspace.lake)
    except LakeError as error:
        return [] if Part(CATALOG, None) in held else [Failure(CATALOG, None, str(error))]
    return []
