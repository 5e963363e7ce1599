"""Sensors: `keep_up` launches what the plan says, `catalog_after_runs` shows queries the result.

Both are on by default. A sensor was chosen over Dagster's automation conditions: these react to events, so a change
during a run or after a failure is lost, a new cohort asks every other one to look again, and they would be a second
answer to the question of what is stale. The plan compares content, so whatever was missed is found at the next look.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import dagster as dg

from tme_platform.cohorts.stamp import folder_stamp
from tme_platform.lake import build_catalog
from tme_platform.orchestration.jobs import STUDY_TABLES
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.plan import Part, PlannedRun
from tme_platform.orchestration.requests import new_cohorts, run_requests
from tme_platform.orchestration.survey import survey
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import COHORT_FILES

SECONDS_BETWEEN_LOOKS = 30
_LONGEST_WAIT = 2880
"""Looks that pass before something that keeps failing is tried again: a day."""


def make_sensors() -> list[dg.SensorDefinition]:
    """Make the two sensors."""
    return [_keep_up(), _catalog_after_runs()]


@dataclass(frozen=True)
class Attempts:
    """How often a part was requested without becoming current, and how many looks to wait before the next request."""

    times: int = 0
    wait: int = 0

    def after_request(self) -> "Attempts":
        """The next request may follow at once, then after ever longer waits."""
        return Attempts(self.times + 1, min(2**self.times - 1, _LONGEST_WAIT))

    def after_look(self) -> "Attempts":
        """One look less to wait."""
        return Attempts(self.times, max(self.wait - 1, 0))


@dataclass(frozen=True)
class Memory:
    """What the sensor remembers between looks.

    Attributes
    ----------
    stamps
        Names, sizes and times in each landing folder, as one hash.
    attempts
        Of each part that was requested and is not current yet.
    """

    stamps: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[Part, Attempts] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Memory":
        """Read the cursor of the last look."""
        found = json.loads(cursor or "{}")
        attempts = {
            Part(asset, cohort): Attempts(times, wait) for asset, cohort, times, wait in found.get("attempts", [])
        }
        return cls(found.get("stamps", {}), attempts)

    def to_cursor(self) -> str:
        """Write the cursor for the next look."""
        attempts = [[part.asset, part.cohort, one.times, one.wait] for part, one in self.attempts.items()]
        return json.dumps({"stamps": dict(self.stamps), "attempts": attempts}, sort_keys=True)

    def unsettled(self, stamps: Mapping[str, str]) -> list[Part]:
        """The landing folders that changed since the last look: files may still be being copied."""
        return [Part(COHORT_FILES.name, name) for name, stamp in stamps.items() if self.stamps.get(name) != stamp]

    def waiting(self) -> list[Part]:
        """The parts that are not to be requested yet."""
        return [part for part, one in self.attempts.items() if one.wait > 0]

    def after(self, stamps: Mapping[str, str], stale: Iterable[Part], requested: Iterable[PlannedRun]) -> "Memory":
        """The memory after a look."""
        asked = {Part(asset, run.cohort) for run in requested for asset in run.assets}
        attempts = {}
        for part in stale:
            known = self.attempts.get(part, Attempts())
            if part in asked:
                attempts[part] = known.after_request()
            elif known.times:
                attempts[part] = known.after_look()
        return Memory(stamps, attempts)


def _keep_up() -> dg.SensorDefinition:
    @dg.sensor(
        name="keep_up",
        job_name=STUDY_TABLES,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Every 30 seconds compares every table with what it was built from (files, tables, settings, code) "
        "and launches what the plan says is next. A landing folder counts once two looks in a row find the same names, "
        "sizes and times. What keeps failing is tried again after ever longer waits, at least once a day.",
    )
    def keep_up(context: dg.SensorEvaluationContext, workspace: dg.ResourceParam[Workspace]) -> dg.SensorResult:
        before = Memory.from_cursor(context.cursor)
        stamps = {name: folder_stamp(workspace.landing / name) for name in workspace.cohorts()}
        found = survey(workspace, context.instance)
        wave = found.plan(held=[*before.unsettled(stamps), *before.waiting()]).next_wave
        stale = [part for part, known in found.state.items() if known.reason]
        new = [name for name in new_cohorts(context.instance, found.cohorts) if any(run.cohort == name for run in wave)]
        return dg.SensorResult(
            run_requests=run_requests(wave),
            dynamic_partitions_requests=[COHORTS.build_add_request(new)] if new else [],
            cursor=before.after(stamps, stale, wave).to_cursor(),
            skip_reason=None if wave else _why_nothing(stale),
        )

    return keep_up


def _why_nothing(stale: list[Part]) -> str:
    if not stale:
        return "every table is current"
    return f"{len(stale)} tables are not current and wait: for files to settle, for runs, or to be tried again"


def _catalog_after_runs() -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="catalog_after_runs",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Points the DuckDB catalog at the tables' current files after every run.",
    )
    def catalog_after_runs(context: dg.RunStatusSensorContext, workspace: dg.ResourceParam[Workspace]) -> None:
        build_catalog(workspace.lake)
        context.log.info("catalog rebuilt")

    return catalog_after_runs
