"""Progress on the terminal, of a run and of a simulation: what was made, and a moving line for what is being made."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tme_platform.orchestration.progress import NOTHING_CHANGED

_WIDTH = 100
"""Longer reasons are cut on the terminal; they stand in full in the materialisation's metadata."""


class TerminalProgress:
    """See `orchestration.progress.Progress`; also a context that closes with a line that sums up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")
        self._made = 0
        self._unchanged = 0
        self._started = time.monotonic()

    def __enter__(self) -> TerminalProgress:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        if kind is None:
            took = time.monotonic() - self._started
            self._console.print(f"{self._made} table parts made, {self._unchanged} unchanged, in {took:.0f} s")

    def say(self, text: str) -> None:
        """Show a text on the moving line."""
        self._status.update(text)

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Say how far long work inside an asset has come."""
        self.say(f"{asset} {cohort or ''}: {text}")

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """Say that an asset is done, and what became of it."""
        if text == NOTHING_CHANGED:
            self._unchanged += 1
            self.say(f"{asset} {cohort or ''}: {text}")
            return
        self._made += 1
        text = text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."
        self._console.print(
            f"[green]✓[/green] {asset:<26} {cohort or '':<18} {text}  [dim]{seconds:.1f} s[/dim]", highlight=False
        )


class SimulationProgress:
    """Progress of `tme simulate`: a bar for the cohort whose images are being made; also a context."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> SimulationProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def told(self, cohort: str, done: int, total: int) -> None:
        """Say how many of a cohort's images are done."""
        if cohort not in self._bars:
            self._bars[cohort] = self._progress.add_task(cohort, total=total)
        self._progress.update(self._bars[cohort], completed=done)
