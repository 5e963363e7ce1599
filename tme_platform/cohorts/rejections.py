"""Collect what is left out because of bad input. Deciding which input is bad belongs in the readers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tme_platform.tables.rejected import REJECTED_INPUTS

REJECTED_COLUMNS = ["cohort", *(name for name in REJECTED_INPUTS.own_columns if name != "step")]
"""Columns of a frame of rejections: those of the table `rejected_inputs` that a reader fills."""

_MAX_ROWS = 20
"""Number of patients up to which each gets its own row; more are one row, so that one mistake is not repeated."""
_SHOWN = 3
_COUNTED = ("patient left out", "outline left out")
"""Actions for which every patient has a row, because the share of lost patients is counted from these rows."""


class Rejections:
    """Rejections from reading one cohort.

    Parameters
    ----------
    cohort
        Name of the cohort.
    """

    def __init__(self, cohort: str) -> None:
        self.cohort = cohort
        self._rows: list[tuple[str, str | None, str | None, str, str, str]] = []

    def add(
        self, *, rule: str, message: str, action: str, patient_id: str | None = None, file: str | None = None
    ) -> None:
        """Add one rejection.

        Parameters
        ----------
        rule
            Name of the rule, such as `duplicate_patient`.
        message
            What is wrong and what to do about it.
        action
            What was done: `value set missing`, `patient left out`, `first value kept`, ...
        patient_id
            The study's pseudonym, where the rule is about one patient.
        file
            Path inside the cohort's folder.
        """
        self._rows.append((self.cohort, patient_id, file, rule, action, message))

    def add_cases(
        self,
        cases: Sequence[tuple[str | None, str]],
        *,
        rule: str,
        advice: str,
        action: str,
        file: str | None,
        unit: str = "patients",
    ) -> None:
        """Add the same rejection for several patients or genes: one row each, or a single row if there are many.

        Every patient or outline that is left out gets its own row.

        Parameters
        ----------
        cases
            Patient (None if the case is not about a patient) and what is wrong.
        advice
            What to do about it, a sentence.
        unit
            Plural noun for the cases, used in the single row.
        """
        if len(cases) <= _MAX_ROWS or action in _COUNTED:
            for patient, what in cases:
                self.add(rule=rule, message=f"{what}. {advice}", action=action, patient_id=patient, file=file)
            return
        shown = "; ".join(f"{patient}: {what}" if patient else what for patient, what in cases[:_SHOWN])
        self.add(rule=rule, message=f"{len(cases):,} {unit}: {shown}; ... {advice}", action=action, file=file)

    def extend(self, other: Rejections) -> None:
        """Add the rejections of another reader."""
        self._rows.extend(other._rows)

    def patients(self, *rules: str) -> set[str]:
        """Patients with a rejection by any of these rules."""
        return {patient for _, patient, _, rule, _, _ in self._rows if patient is not None and rule in rules}

    def messages(self, rule: str) -> list[str]:
        """Messages of the rejections by a rule."""
        return [row[-1] for row in self._rows if row[3] == rule]

    def frame(self) -> pd.DataFrame:
        """All rejections, sorted and unique. Patient and file are missing if a rule concerns neither."""
        frame = pd.DataFrame(self._rows, columns=REJECTED_COLUMNS).astype("string").drop_duplicates()
        return frame.sort_values(["file", "rule", "patient_id", "message"], kind="stable", ignore_index=True)
