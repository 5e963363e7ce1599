"""What was left out because of bad input, collected while reading. Which inputs are bad is decided by the readers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

REJECTED_COLUMNS = ["cohort", "patient_id", "file", "rule", "action", "message"]
"""Columns of a frame of rejections."""

_EACH = 20
"""Up to so many patients get a row of their own; more of the same is one row, so that one mistake does not flood."""
_SHOWN = 3
_COUNTED = ("patient left out", "outline left out")
"""Of these every patient keeps a row, since the share of patients lost is counted from them."""


class Rejections:
    """Collects what one reading of a cohort rejects.

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
        """Note one rejection.

        Parameters
        ----------
        rule
            Name of the rule, such as `duplicate_patient`.
        message
            What is wrong and what to do.
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
        """Note the same thing about several patients (or genes): a row each, or one row where there are many.

        Patients and outlines that are left out always have a row each.

        Parameters
        ----------
        cases
            Patient (None where the case is about something else) and what is wrong with it.
        advice
            What to do, a sentence.
        unit
            What a case is, in the plural, for the one row about many.
        """
        if len(cases) <= _EACH or action in _COUNTED:
            for patient, what in cases:
                self.add(rule=rule, message=f"{what}. {advice}", action=action, patient_id=patient, file=file)
            return
        shown = "; ".join(f"{patient}: {what}" if patient else what for patient, what in cases[:_SHOWN])
        self.add(rule=rule, message=f"{len(cases):,} {unit}: {shown}; ... {advice}", action=action, file=file)

    def extend(self, other: Rejections) -> None:
        """Take over what another reading rejected."""
        self._rows.extend(other._rows)

    def patients(self, *rules: str) -> set[str]:
        """Patients that have a row of any of these rules."""
        return {patient for _, patient, _, rule, _, _ in self._rows if patient is not None and rule in rules}

    def frame(self) -> pd.DataFrame:
        """All rejections, sorted and each once; text columns, missing where a rule is about no one patient or file."""
        frame = pd.DataFrame(self._rows, columns=REJECTED_COLUMNS).astype("string").drop_duplicates()
        return frame.sort_values(["file", "rule", "patient_id", "message"], kind="stable", ignore_index=True)
