"""A workspace with a Dagster instance of its own, and a record of what a run of it built."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration.instance import dagster_home, open_instance
from tme_platform.orchestration.run import Outcome, run_study
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.small_study import copy_study, make_study, report_made


@dataclass
class Recorded:
    """Progress as a list: (asset, cohort, what became of it)."""

    lines: list[tuple[str, str | None, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What a terminal would have been told of failures."""
    plans: list[list[tuple[str, str | None]]] = field(default_factory=list)
    failures: list[tuple[str, str | None]] = field(default_factory=list)

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        pass

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        self.plans.append(sorted(parts, key=str))

    def failed(self, asset: str, cohort: str | None) -> None:
        self.failures.append((asset, cohort))

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        self.lines.append((asset, cohort, text))

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        self.told.append(f"{asset} {cohort}: {text}")

    def made(self) -> list[tuple[str, str | None]]:
        return [(asset, cohort) for asset, cohort, text in self.lines if text != "nothing changed"]


@dataclass
class Platform:
    """A workspace with a Dagster instance of its own."""

    workspace: Workspace
    instance: dg.DagsterInstance
    patch: pytest.MonkeyPatch | None = None
    """Undoes what a test patches for this platform."""

    def run(self, **options: object) -> tuple[Outcome, Recorded]:
        recorded = Recorded()
        return run_study(self.workspace, self.instance, recorded, **options), recorded


def open_platform(root: Path, **options: int) -> Platform:
    return Platform(make_study(root, **options), dg.DagsterInstance.ephemeral())


def copied_platform(source: Path, root: Path) -> Platform:
    """A copy of a study that has run, with a Dagster instance that knows what was made."""
    workspace, instance = copy_study(source, root), dg.DagsterInstance.ephemeral()
    report_made(workspace, instance)
    return Platform(workspace, instance)


@contextmanager
def history(workspace: Workspace) -> Iterator[dg.DagsterInstance]:
    """The run history in the lake itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(dagster_home(workspace.state)))
        with open_instance(workspace.state) as instance:
            yield instance


@contextmanager
def everything_logged(path: Path) -> Iterator[None]:
    """Write whatever any library says into a file; of our own and of pydicom's loggers the details, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    wanted = {"": logging.INFO, "pydicom": logging.DEBUG, "tme_platform": logging.DEBUG}
    before = {name: logging.getLogger(name).level for name in wanted}
    logging.getLogger().addHandler(handler)
    try:
        for name, level in wanted.items():
            logging.getLogger(name).setLevel(level)
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        logging.getLogger().removeHandler(handler)
        handler.close()
