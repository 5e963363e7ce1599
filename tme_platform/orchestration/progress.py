"""Progress of a run: reported to the run's log by default, to the terminal by `tme run`."""

import logging
from collections.abc import Collection, Mapping
from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a run."""

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        """Say which assets, of which cohorts, are still to be built; said again when the plan has changed."""

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Report progress of long work inside an asset."""

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        """Report that an asset is done.

        Parameters
        ----------
        text
            A summary, or `NOTHING_CHANGED`.
        reason
            Why it was built.
        changes
            How many of its units are `new`, `changed`, `unchanged` and `removed`; empty if nothing was written.
        """

    def failed(self, asset: str, cohort: str | None) -> None:
        """Report that an asset failed; why is in the outcome of the run."""

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Tell a terminal what a library said of a failure; it may quote a cell and must be stored nowhere."""


class LoggedProgress:
    """Writes progress to Python's log, from which Dagster's compute logs take it."""

    _log = logging.getLogger("tme_platform")

    def planned(self, parts: Collection[tuple[str, str | None]]) -> None:
        """Nothing: Dagster's own log has it."""

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """See `Progress`."""
        self._log.info("%s %s: %s", asset, cohort or "", text)

    def done(
        self, asset: str, cohort: str | None, text: str, seconds: float, reason: str, changes: Mapping[str, int]
    ) -> None:
        """See `Progress`; the reason and the counts are in the text."""
        self._log.info("%s %s: %s (%.1f s)", asset, cohort or "", text, seconds)

    def failed(self, asset: str, cohort: str | None) -> None:
        """Nothing: Dagster's own log has it."""

    def withheld(self, asset: str, cohort: str | None, text: str) -> None:
        """Nothing: the log is stored."""
