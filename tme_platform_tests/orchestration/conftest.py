"""A small study, run once for the tests that only look; those that change something make their own."""

from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration.runner import Outcome, run_study
from tme_platform.orchestration.workspace import Workspace
from tme_platform_tests.small_study import make_study


@dataclass
class Recorded:
    """Progress as a list: (asset, cohort, what became of it)."""

    lines: list[tuple[str, str | None, str]] = field(default_factory=list)

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        pass

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        self.lines.append((asset, cohort, text))

    def made(self) -> list[tuple[str, str | None]]:
        return [(asset, cohort) for asset, cohort, text in self.lines if text != "nothing changed"]


@dataclass
class Platform:
    """A workspace with a Dagster instance of its own."""

    workspace: Workspace
    instance: dg.DagsterInstance

    def run(self, **options: object) -> tuple[Outcome, Recorded]:
        recorded = Recorded()
        return run_study(self.workspace, self.instance, recorded, **options), recorded


def open_platform(root: Path, **options: int) -> Platform:
    return Platform(make_study(root, **options), dg.DagsterInstance.ephemeral())


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, Outcome, Recorded]:
    """The small study after its first run. Read only."""
    platform = open_platform(tmp_path_factory.mktemp("finished"), all_genes=True)
    return (platform, *platform.run())
