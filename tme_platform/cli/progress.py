"""Progress on the terminal, of a run and of a simulation: a line per partition, a moving line for current work."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tme_platform.cli.console import shown
from tme_platform.steps.materialise import NOTHING_CHANGED

_WIDTH = 100
"""Longer reasons are cut on the terminal; the metadata of the materialisation has them in full."""


class TerminalProgress:
    """See `orchestration.progress.Progress`; also a context manager that ends with a summary line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")
        self._made = 0
        self._unchanged = 0
        self._started = time.monotonic()
        self._withheld: list[str] = []

    def __enter__(self) -> TerminalProgress:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        if kind is None:
            took = time.monotonic() - self._started
            self._console.print(f"{self._made} partitions built, {self._unchanged} unchanged, in {took:.0f} s")
        for text in self._withheld if self._console.is_terminal else ():  # what is piped may be stored
            self._console.print(f"[yellow]shown only here[/yellow]  {shown(text)}", soft_wrap=True, highlight=False)

    def say(self, text: str) -> None:
        """Show a text on the moving line."""
        self._status.update(shown(text))

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Report progress of long work inside an asset."""
        self.say(f"{asset} {cohort or ''}: {text}")

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """Report that an asset is done, with a summary."""
        if text == NOTHING_CHANGED:
            self._unchanged += 1
            self.say(f"{asset} {cohort or ''}: {text}")
            return
        self._made += 1
        text = text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."
        self._console.print(
            f"[green]✓[/green] {asset:<26} {shown(cohort or ''):<18} {shown(text)}  [dim]{seconds:.1f} s[/dim]",
            highlight=False,
        )

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Keep until the end: Dagster stores what is printed while a step runs."""
        self._withheld.append(f"{asset}{f' of {cohort}' if cohort else ''}: {text}")


class SimulationProgress:
    """Progress of `tme simulate`: a bar for each cohort whose images are being written; also a context manager."""

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

    def update(self, cohort: str, done: int, total: int) -> None:
        """Report how many of a cohort's images are done."""
        if cohort not in self._bars:
            self._bars[cohort] = self._progress.add_task(cohort, total=total)
        self._progress.update(self._bars[cohort], completed=done)
