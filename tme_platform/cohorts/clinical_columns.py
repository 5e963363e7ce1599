"""Say what each canonical clinical column was taken from, and how its values were read. Reading is in `clinical`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tme_platform.cohorts.content import NOT_READ, CohortContent
from tme_platform.cohorts.declaration import ClinicalSource
from tme_platform.counted import counted
from tme_platform.tables.clinical import CLINICAL_COLUMNS

_MOST = 8
_LONGEST = 30
_CODE = r"[-+]?\d+(?:[.,]\d+)?|.{1,3}"
"""What is a code although only one patient has it, and no name or remark."""


@dataclass(frozen=True)
class ColumnUse:
    """A canonical column that a cohort fills.

    Attributes
    ----------
    name
        The canonical column.
    known
        Patients with a value, from all sources together.
    sources
        For each landed column: `FILE: COLUMN`, and how its values were read.
    """

    name: str
    known: int
    sources: tuple[tuple[str, str], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The column as printed: one line, or a line for each of several sources below its name."""
        if len(self.sources) > 1:
            return (f"{self.name} ({self.known:,} known)", *(f"    <- {place}: {read}" for place, read in self.sources))
        ((place, read),) = self.sources
        known = f" ({self.known:,} known)" if self.known else ""
        return (f"{self.name} <- {place}{known}: {read}",)


def column_uses(content: CohortContent) -> tuple[ColumnUse, ...]:
    """The canonical columns that the cohort fills, in their own order: from which columns, and with which values."""
    return tuple(_uses(content))


def _uses(content: CohortContent) -> Iterator[ColumnUse]:
    if content.clinical is None:
        return
    for name in CLINICAL_COLUMNS:
        sources = [source for source in content.cohort.clinical if name in source.columns]
        if sources:
            places = [(f"{s.label}: {s.columns[name].column}", _read(content, s, name)) for s in sources]
            yield ColumnUse(name, int(content.clinical.patients[name].notna().sum()), tuple(places))


def _read(content: CohortContent, source: ClinicalSource, name: str) -> str:
    """How the values of a landed column were read."""
    assert content.clinical is not None  # noqa: S101 (asked for only then)
    column, codings = CLINICAL_COLUMNS[name], content.clinical.codings
    if content.is_refused("clinical", source.file) or _is_missing(content, source, name):
        return NOT_READ
    theirs = source.columns[name].column
    rows = codings[
        (codings["column"] == name) & (codings["source_file"] == source.label) & (codings["source_column"] == theirs)
    ]
    if column.allowed:
        return _codes(rows) if len(rows) else "no patient has a value"
    if column.dtype == "string":
        return _texts(content.clinical.patients[name].dropna())
    if rows.empty:
        return "no patient has a value"
    row = rows.iloc[0]
    if pd.isna(row["read_as"]):
        return NOT_READ
    unit = "(fractions)" if row["read_as"] == "fraction" else row["read_as"]
    return f"{row['value']} {unit}".rstrip()


def _is_missing(content: CohortContent, source: ClinicalSource, name: str) -> bool:
    """Whether the file lacks the column that the cohort file names."""
    rows = content.rejected["clinical"]
    named = (rows["rule"] == "unknown_column") & (rows["file"] == source.file)
    return bool(rows.loc[named, "message"].str.startswith(f"{name}: ").any())


def _codes(rows: pd.DataFrame) -> str:
    """Each value with what it was read as; text of single patients, which may hold a name, is only counted."""
    shown = rows["read_as"].notna() | (rows["patients"] > 1) | rows["value"].str.fullmatch(_CODE)
    listed = rows[shown]
    parts = [f"{_limited(row.value)}{_arrow(row.value, row.read_as)} ({row.patients:,})" for row in listed.itertuples()]
    more = [counted(len(parts) - _MOST, "more value")] if len(parts) > _MOST else []
    other = int(rows.loc[~shown, "patients"].sum())
    return ", ".join([*parts[:_MOST], *more, *([f"other text -> not read ({other:,})"] if other else [])])


def _arrow(value: object, read_as: object) -> str:
    if not isinstance(read_as, str):
        return " -> not read"
    return "" if value == read_as else f" -> {read_as}"


def _texts(values: pd.Series) -> str:
    """How many patients have which value; values of single patients, which may hold a name, are only counted."""
    counts = values.astype(str).value_counts()
    several = counts[counts > 1]
    parts = [f"{_limited(value)} ({count:,})" for value, count in several.head(_MOST).items()]
    more = [counted(len(several) - _MOST, "more value")] if len(several) > _MOST else []
    single = len(counts) - len(several)
    alone = [counted(single, "value of one patient", "values of one patient each")] if single else []
    return ", ".join([*parts, *more, *alone]) or "no patient has a value"


def _limited(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
