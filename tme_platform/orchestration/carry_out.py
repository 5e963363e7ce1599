"""One planned run, carried out in this process: what was built, and what failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dagster as dg

from tme_platform.orchestration.alive import claimed
from tme_platform.orchestration.attempts import failure_message, failure_of_run
from tme_platform.orchestration.plan import PlannedRun
from tme_platform.orchestration.requests import COMMAND_TAG
from tme_platform.orchestration.survey import CATALOG
from tme_platform.steps.scope import Refresh

STOPPED = "stopped by a signal; what was finished is kept"
"""What is recorded of a run whose process was asked to stop."""


@dataclass(frozen=True)
class Failure:
    """One asset (of one cohort) that failed, and why."""

    asset: str
    cohort: str | None
    message: str


@dataclass(frozen=True)
class Carried:
    """What a planned run came to: the assets that it built or found current, and what failed."""

    built: frozenset[str] = frozenset()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Carrier:
    """Carries out planned runs in this process, one after the other.

    Attributes
    ----------
    job
        The job of all assets.
    state
        The workspace's state folder, where a run under way holds its lock.
    stop
        Whether this process was asked to stop.
    """

    job: dg.JobDefinition
    state: Path
    instance: dg.DagsterInstance
    refresh: Refresh
    stop: Callable[[], bool]

    def __call__(self, run: PlannedRun) -> Carried:
        """Execute a run.

        Raises
        ------
        KeyboardInterrupt
            The process was asked to stop; the run is recorded as canceled.
        """
        run_id = str(uuid4())
        with claimed(self.state, run_id):
            return self._executed(run, run_id)

    def _executed(self, run: PlannedRun, run_id: str) -> Carried:
        try:
            result = self.job.execute_in_process(
                instance=self.instance,
                partition_key=run.cohort,
                asset_selection=[dg.AssetKey(asset) for asset in run.assets],
                tags={COMMAND_TAG: "tme run"},
                run_config=_run_config(run.assets, self.refresh),
                raise_on_error=False,
                run_id=run_id,
            )
            # Dagster takes a signal for a failure of the run, and goes on behind it.
            if self.stop():
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            if (stopped := self.instance.get_run_by_id(run_id)) is not None and not stopped.is_success:
                self.instance.report_run_canceled(stopped, STOPPED)
            raise
        built = {event.asset_key for event in result.get_asset_materialization_events()}
        return Carried(frozenset(key.to_user_string() for key in built if key), _failures(result, run.cohort))


def _run_config(assets: Sequence[str], refresh: Refresh) -> dict[str, object]:
    ops = {asset: {"config": {"refresh": refresh}} for asset in assets if asset != CATALOG}
    return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _failures(result: dg.ExecuteInProcessResult, cohort: str | None) -> tuple[Failure, ...]:
    unmet = unmet_checks(result)
    found = [
        Failure(event.step_key or "?", cohort, unmet.get(event.step_key or "?") or failure_message(event))
        for event in result.all_events
        if event.is_step_failure
    ]
    if not result.success and not found:
        found.append(Failure("run", cohort, f"no asset was begun. {failure_of_run(result.all_events)}"))
    return tuple(found)


def unmet_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What blocking checks said that did not pass, by asset; Dagster's own message only names them."""
    said: dict[str, list[str]] = {}
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.blocking and check.description:
            text = f"check {check.check_name} does not pass: {check.description}"
            said.setdefault(check.asset_key.to_user_string(), []).append(text)
    return {asset: " ".join(texts) for asset, texts in said.items()}
