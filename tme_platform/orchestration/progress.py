"""How far a run has come, said to whoever listens: the run's log by default, the terminal under `tme run`."""

import logging
from typing import Protocol

NOTHING_CHANGED = "nothing changed"
"""What became of an asset that had nothing to do."""


class Progress(Protocol):
    """Somebody who wants to know how far a run has come."""

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """Say how far long work inside an asset has come."""

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """Say that an asset is done, and what became of it."""


class LoggedProgress:
    """Progress into Python's log, where Dagster's own compute logs pick it up."""

    _log = logging.getLogger("tme_platform")

    def step(self, asset: str, cohort: str | None, text: str) -> None:
        """See `Progress`."""
        self._log.info("%s %s: %s", asset, cohort or "", text)

    def done(self, asset: str, cohort: str | None, text: str, seconds: float) -> None:
        """See `Progress`."""
        self._log.info("%s %s: %s (%.1f s)", asset, cohort or "", text, seconds)
