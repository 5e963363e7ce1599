"""The sensor `keep_up`, look by look, on a clock that the test moves; requested runs are carried out here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg
import pytest

from tme_platform.lake import build_catalog
from tme_platform.orchestration import sensors
from tme_platform.orchestration.sensors import SECONDS_BETWEEN_LOOKS, make_sensors
from tme_platform.orchestration.survey import CATALOG
from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace

Wave = dict[str | None, list[str]]
"""The assets of each run that is requested, in order, by cohort; None: of the whole study."""
_LOOKS = 20


@dataclass
class Pass:
    """What it took to bring everything up to date: the waves that were requested, one after the other."""

    waves: list[Wave]

    @property
    def runs(self) -> list[str | None]:
        """The cohort of each run."""
        return [cohort for wave in self.waves for cohort in wave]

    @property
    def parts(self) -> list[tuple[str, str | None]]:
        """Every table that was requested, of which cohort."""
        return [(asset, cohort) for wave in self.waves for cohort, assets in wave.items() for asset in assets]

    def of(self, cohorts: Iterable[str | None]) -> set[str]:
        """The tables that were requested of these cohorts."""
        wanted = set(cohorts)
        return {asset for asset, cohort in self.parts if cohort in wanted}


class Looking:
    """The sensor of a workspace, look by look."""

    def __init__(self, workspace: Workspace, instance: dg.DagsterInstance | None = None) -> None:
        self.workspace = workspace
        self.instance = instance or dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None
        self.now = 1e9
        self.said = ""
        """Why the last look requested nothing."""

    def look(self, after: float = SECONDS_BETWEEN_LOOKS) -> Wave:
        """The assets that are requested, by cohort, so many seconds after the last look."""
        self.now += after
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sensors.time, "time", lambda: self.now)
            return self._look()

    def _look(self) -> Wave:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        (keep_up,) = [sensor for sensor in make_sensors() if sensor.name == "keep_up"]
        found = keep_up(context, workspace=self.workspace)
        self.cursor = found.cursor
        self.said = found.skip_reason.skip_message if found.skip_reason else ""
        for request in found.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions("cohort", request.partition_keys)
        requests = found.run_requests or []
        assert all(request.tags["tme/reason"] for request in requests)
        assert len({one.partition_key for one in requests}) == len(requests), "one run of each cohort at a time"
        return {one.partition_key: [key.to_user_string() for key in one.asset_selection] for one in requests}

    def take(self, cohort: str | None, assets: Iterable[str]) -> None:
        """What a run does that was requested, without Dagster around it."""
        for asset in assets:
            if asset == CATALOG:
                build_catalog(self.workspace.lake)
            else:
                step = STEPS[asset]
                materialise(step, self.workspace.scope(step.schema, cohort))
            self.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=cohort))

    def catch_up(self) -> Pass:
        """Look and carry out what is requested until nothing is: changed folders have settled at the second look."""
        waves: list[Wave] = []
        for number in range(_LOOKS):
            wave = self.look()
            waves += [wave] if wave else []
            for cohort, assets in wave.items():
                self.take(cohort, assets)
            if not wave and number:
                break
        assert self.said == "every table is current"
        return Pass(waves)
