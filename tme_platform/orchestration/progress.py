"""Progress of a run: reported to the run's log by default, to the terminal by `tme run`."""

import logging
from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a run."""

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Report progress of long work inside an asset."""

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """Report that an asset is done, with a summary."""

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Tell a terminal what a library said of a failure; it may quote a cell and must be stored nowhere."""


class LoggedProgress:
    """Writes progress to Python's log, from which Dagster's compute logs take it."""

    _log = logging.getLogger("tme_platform")

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """See `Progress`."""
        self._log.info("%s %s: %s", asset, cohort or "", text)

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """See `Progress`."""
        self._log.info("%s %s: %s (%.1f s)", asset, cohort or "", text, seconds)

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Nothing: the log is stored."""
