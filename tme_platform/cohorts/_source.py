"""The place that a clinical column is read from, for messages. Reading it belongs in `_codings` and `_numbers`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import ClinicalColumn


@dataclass(frozen=True)
class Source:
    """The canonical column that is filled, and the landed column it is filled from."""

    column: ClinicalColumn
    theirs: str
    file: str
    rejected: Rejections

    @property
    def label(self) -> str:
        """Both columns, as messages name them."""
        return f"{self.column.name} (column {self.theirs})"

    def reject(self, text: pd.Series, bad: pd.Series, rule: str, what: str, advice: str) -> None:
        """Reject single values."""
        cases = [(str(patient), f"{self.label} is {cell(value)}{what}") for patient, value in text[bad].items()]
        self.rejected.add_cases(cases, rule=rule, advice=advice, action="value set missing", file=self.file)

    def refuse(self, rule: str, problem: str) -> None:
        """Refuse the column as a whole."""
        self.rejected.add(rule=rule, message=f"{self.label} {problem}", action="column left out", file=self.file)
