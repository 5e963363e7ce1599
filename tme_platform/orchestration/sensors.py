"""Sensors: `keep_up` launches what the plan says, `catalog_after_runs` shows queries the result.

Both are on by default. A sensor was chosen over Dagster's automation conditions: these react to events, so a change
during a run or after a failure is lost, a new cohort asks every other one to look again, and they would be a second
answer to the question of what is stale. The plan compares content, so whatever was missed is found at the next look.
"""

import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import dagster as dg

from tme_platform.cohorts.stamp import folder_stamp
from tme_platform.lake import build_catalog, catalog_is_current
from tme_platform.orchestration.alive import runs_under_way
from tme_platform.orchestration.jobs import STUDY_TABLES
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.plan import Part, PartState, PlannedRun
from tme_platform.orchestration.requests import new_cohorts, run_requests
from tme_platform.orchestration.survey import survey
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import COHORT_FILES

SECONDS_BETWEEN_LOOKS = 30
"""Of everything, while nothing happens."""
SECONDS_BETWEEN_GLANCES = 5
"""At what tells cheaply whether to look: landing folders, and runs that ended. Dagster's daemon is no faster."""
_SECONDS_TO_SETTLE = 10
_LONGEST_WAIT = 2880
"""Times 30 seconds that pass before something that keeps failing is tried again: a day."""


def make_sensors() -> list[dg.SensorDefinition]:
    """Make the two sensors."""
    return [_keep_up(), _catalog_after_runs()]


@dataclass(frozen=True)
class Attempts:
    """How often a part was requested without being built, and how many looks to wait before the next request.

    Attributes
    ----------
    version
        Version of the part at the last request: once a run has built it, what makes it stale is another change.
    """

    times: int = 0
    wait: int = 0
    version: int = -1

    def after_request(self, version: int = -1) -> "Attempts":
        """The next request may follow at once, then after ever longer waits."""
        return Attempts(self.times + 1, min(2**self.times - 1, _LONGEST_WAIT), version)

    def after_look(self) -> "Attempts":
        """One look less to wait."""
        return replace(self, wait=max(self.wait - 1, 0))


@dataclass(frozen=True)
class Memory:
    """What the sensor remembers between looks.

    Attributes
    ----------
    stamps
        Names, sizes and times in each landing folder, as one hash.
    attempts
        Of each part that was requested and is not current yet.
    since
        When each stamp was first seen, in seconds since 1970.
    runs
        The runs that were under way.
    looked
        When everything was last looked at.
    """

    stamps: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[Part, Attempts] = field(default_factory=dict)
    since: Mapping[str, float] = field(default_factory=dict)
    runs: Collection[str] = ()
    looked: float = 0.0

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Memory":
        """Read the cursor of the last look."""
        found = json.loads(cursor or "{}")
        attempts = {Part(asset, cohort): Attempts(*counts) for asset, cohort, *counts in found.get("attempts", [])}
        runs = tuple(found.get("runs", ()))
        return cls(found.get("stamps", {}), attempts, found.get("since", {}), runs, found.get("looked", 0.0))

    def to_cursor(self) -> str:
        """Write the cursor for the next look."""
        attempts = [[*part, one.times, one.wait, one.version] for part, one in self.attempts.items()]
        kept = {"stamps": dict(self.stamps), "since": dict(self.since), "runs": sorted(self.runs)}
        return json.dumps({**kept, "looked": self.looked, "attempts": attempts}, sort_keys=True)

    def glance(self, stamps: Mapping[str, str], runs: Collection[str], now: float) -> "Memory":
        """The memory with the folders and runs as they are now."""
        since = {name: self.since.get(name, 0.0) if self.stamps.get(name) == stamps[name] else now for name in stamps}
        return replace(self, stamps=stamps, since=since, runs=runs)

    def unsettled(self, now: float) -> list[Part]:
        """The landing folders that changed just now: files may still be being copied."""
        return [Part(COHORT_FILES.name, name) for name, at in self.since.items() if now - at < _SECONDS_TO_SETTLE]

    def is_due(self, before: "Memory", now: float) -> bool:
        """Whether to look at everything: a folder has changed and settled, a run has ended, or it is time."""
        settled = any(self.looked < at + _SECONDS_TO_SETTLE <= now for at in self.since.values())
        return settled or not set(before.runs) <= set(self.runs) or now - self.looked >= SECONDS_BETWEEN_LOOKS

    def waiting(self, state: Mapping[Part, PartState]) -> list[Part]:
        """The parts that are not to be requested yet."""
        return [part for part, one in self._pending(state).items() if one.wait > 0]

    def after(self, state: Mapping[Part, PartState], requested: Iterable[PlannedRun], now: float) -> "Memory":
        """The memory after a look; waits are counted by the time that has passed."""
        asked = {Part(asset, run.cohort) for run in requested for asset in run.assets}
        known, attempts = self._pending(state), {}
        passed = now - self.looked >= SECONDS_BETWEEN_LOOKS
        for part in (part for part, found in state.items() if found.reason):
            one = known.get(part, Attempts())
            if part in asked:
                attempts[part] = one.after_request(state[part].version)
            elif one.times:
                attempts[part] = one.after_look() if passed else one
        return replace(self, attempts=attempts, looked=now)

    def _pending(self, state: Mapping[Part, PartState]) -> dict[Part, Attempts]:
        """The attempts at what no run has built since; what was built and is stale again is another matter."""
        return {
            part: one
            for part, one in self.attempts.items()
            if (found := state.get(part)) is not None and found.version == one.version
        }


def _keep_up() -> dg.SensorDefinition:
    @dg.sensor(
        name="keep_up",
        job_name=STUDY_TABLES,
        minimum_interval_seconds=SECONDS_BETWEEN_GLANCES,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Compares every table with what it was built from (files, tables, settings, code) and launches "
        "what the plan says is next: as soon as a run has ended or a landing folder has changed, and every 30 "
        "seconds. A landing folder counts once names, sizes and times have stayed the same for 10 seconds. What keeps "
        "failing is tried again after ever longer waits, at least once a day.",
    )
    def keep_up(context: dg.SensorEvaluationContext, workspace: dg.ResourceParam[Workspace]) -> dg.SensorResult:
        now, before = time.time(), Memory.from_cursor(context.cursor)
        stamps = {name: folder_stamp(workspace.landing / name) for name in workspace.cohorts()}
        going, _ = runs_under_way(context.instance, workspace.state)
        memory = before.glance(stamps, [run.run_id for run in going], now)
        if not memory.is_due(before, now):
            return dg.SensorResult(cursor=memory.to_cursor(), skip_reason="nothing has ended or changed since")
        unsettled = memory.unsettled(now)
        copying = [name for _, name in unsettled if name and workspace.lake.state(COHORT_FILES, name) is None]
        found = survey(workspace, context.instance, without=copying)
        wave = found.plan(held=[*unsettled, *memory.waiting(found.state)]).next_wave
        new = [name for name in new_cohorts(context.instance, found.cohorts) if any(run.cohort == name for run in wave)]
        stale = [part for part, known in found.state.items() if known.reason]
        return dg.SensorResult(
            run_requests=run_requests(wave),
            dynamic_partitions_requests=[COHORTS.build_add_request(new)] if new else [],
            cursor=memory.after(found.state, wave, now).to_cursor(),
            skip_reason=None if wave else _why_nothing(stale, [*copying, *found.copied]),
        )

    return keep_up


def _why_nothing(stale: list[Part], copying: list[str]) -> str:
    copied = f"; still being copied: {', '.join(copying)}" if copying else ""
    if not stale:
        return f"every table is current{copied}"
    return f"{len(stale)} tables are not current and wait: for files to settle, for runs, or to be tried again{copied}"


def _catalog_after_runs() -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="catalog_after_runs",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Points the DuckDB catalog at the tables' current files once no run is under way any more.",
    )
    def catalog_after_runs(
        context: dg.RunStatusSensorContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.SkipReason | None:
        if runs_under_way(context.instance, workspace.state)[0]:
            return dg.SkipReason("the last run to end will do it")
        if catalog_is_current(workspace.lake):
            return dg.SkipReason("the catalog is current")
        build_catalog(workspace.lake)
        context.log.info("catalog rebuilt")
        return None

    return catalog_after_runs
