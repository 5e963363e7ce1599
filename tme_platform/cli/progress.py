"""Progress on the terminal, of a run and of a simulation: a line per stage of a cohort, a bar for what is left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from tme_platform.cli.console import plain, shown
from tme_platform.counted import counted
from tme_platform.steps.materialise import NOTHING_CHANGED
from tme_platform.tables import TABLES

_WIDTH = 60
"""Longer reasons are cut in the line of a stage; `--verbose` and the metadata of the materialisation have all of it."""
_WHOLE = "(whole study)"
_COUNTED = ("new", "changed", "unchanged", "removed")


@dataclass
class _Tables:
    """What has become of the tables of one stage of one cohort since its last line."""

    built: int = 0
    empty: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, None] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Counts of tables, of their units (patients, mostly), and why they were built."""
        empty = f" ({self.empty:,} without rows)" if self.empty else ""
        counts = ", ".join(f"{self.changes[name]:,} {name}" for name in _COUNTED if self.changes[name])
        failed = f"{len(self.failed)} failed: {', '.join(self.failed)}" if self.failed else ""
        built = f"{counted(self.built, 'table')}{empty}{f': {counts}' if counts else ''}" if self.built else ""
        reason, *more = self.reasons or [""]
        others = f", and {counted(len(more), 'other reason')}" if more else ""
        why = f" ({_cut(reason)}{others})" if reason else ""
        return "; ".join(filter(None, (built + why, failed)))


class TerminalProgress:
    """See `orchestration.progress.Progress`; also a context manager that ends with a summary line.

    Parameters
    ----------
    console
        Where it is printed. A bar of the tables that are left moves on a terminal alone.
    verbose
        A line for each table, with the whole reason, instead of one for each stage of a cohort.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True)),
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn("tables, left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._lock = threading.RLock()  # cohorts are built side by side
        self._left: dict[tuple[str, str | None], set[str]] = {}
        self._stages: dict[tuple[str, str | None], _Tables] = {}
        self._carried = 0
        self.built = 0
        self._empty = 0
        self._unchanged = 0
        self._started = time.monotonic()
        self._withheld: list[str] = []

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.planned(())
        self._bar.stop()
        if kind is None:
            took = time.monotonic() - self._started
            empty = f" ({self._empty:,} without rows)" if self._empty else ""
            more = "" if self._verbose or not self.built else "; --verbose lists the tables"
            self._console.print(
                f"{self.built:,} partitions built{empty}, {self._unchanged:,} unchanged, in {took:.0f} s{more}",
                highlight=False,
                soft_wrap=True,
            )
        for text in self._withheld if self._console.is_terminal else ():  # what is piped may be stored
            self._console.print(f"[yellow]shown only here[/yellow]  {shown(text)}", soft_wrap=True, highlight=False)

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        """Show how much is left; what is no longer planned gets its line."""
        with self._lock:
            self._left = {}
            for asset, cohort in parts:
                self._left.setdefault((_stage(asset), cohort), set()).add(asset)
            for key in [key for key in self._stages if key not in self._left]:
                self._print_stage(key)
            self._move()

    def say(self, text: str) -> None:
        """Show a text on the moving line."""
        self._bar.update(self._task, description=plain(text))

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Report progress of long work inside an asset."""
        self.say(f"{asset} {cohort or ''}: {text}")

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        """Report that an asset is done: a line of its own if verbose, counted in that of its stage otherwise."""
        with self._lock:
            key = (_stage(asset), cohort)
            self._carried += asset in self._left.get(key, ())
            self._left.get(key, set()).discard(asset)
            if text == NOTHING_CHANGED:
                self._unchanged += 1
                self.step(asset, cohort, text)
            else:
                self._count(key, seconds, reason, changes)
                if self._verbose:
                    self._print_line("green", "✓", f"{asset:<26} {cohort or '':<18}", text, seconds)
            if key in self._stages and not self._left.get(key):
                self._print_stage(key)
            self._move()

    def failed(self, asset: str, cohort: str | None) -> None:
        """Report that an asset failed."""
        with self._lock:
            key = (_stage(asset), cohort)
            self._stages.setdefault(key, _Tables()).failed.append(asset)

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Keep until the end: Dagster stores what is printed while a step runs."""
        self._withheld.append(f"{asset}{f' of {cohort}' if cohort else ''}: {text}")

    def _count(self, key: tuple[str, str | None], seconds: float, reason: str, changes: Mapping[str, int]) -> None:
        tables = self._stages.setdefault(key, _Tables())
        empty = not any(changes.get(name, 0) for name in ("new", "changed", "unchanged"))
        self.built += 1
        self._empty += empty
        tables.built += 1
        tables.empty += empty
        tables.changes.update(changes)
        tables.reasons[reason] = None
        tables.seconds += seconds

    def _print_stage(self, key: tuple[str, str | None]) -> None:
        tables = self._stages.pop(key)
        if self._verbose and not tables.failed:
            return
        stage, cohort = key
        colour, mark = ("red", "✗") if tables.failed else ("green", "✓")
        self._print_line(colour, mark, f"{cohort or _WHOLE:<20} {stage:<11}", tables.text, tables.seconds)

    def _print_line(self, colour: str, mark: str, where: str, text: str, seconds: float) -> None:
        self._console.print(
            f"[{colour}]{mark}[/{colour}] {shown(where)} {shown(text)}  [dim]{seconds:.1f} s[/dim]",
            highlight=False,
            soft_wrap=not self._console.is_terminal,
        )

    def _move(self) -> None:
        left = sum(map(len, self._left.values()))
        self._bar.update(self._task, completed=self._carried, total=self._carried + left or None)


def _stage(asset: str) -> str:
    return TABLES[asset].stage.value if asset in TABLES else ""


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


class SimulationProgress:
    """Progress of `tme simulate`: a bar for each cohort whose images are being written; also a context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> SimulationProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._progress.stop()

    def update(self, cohort: str, done: int, total: int) -> None:
        """Report how many of a cohort's images are done."""
        if not self._bars:  # with nothing to show it would leave an empty line
            self._progress.start()
        if cohort not in self._bars:
            self._bars[cohort] = self._progress.add_task(cohort, total=total)
        self._progress.update(self._bars[cohort], completed=done)
