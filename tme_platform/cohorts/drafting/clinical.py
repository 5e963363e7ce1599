"""Draft the declaration of a clinical table: who the patients are, and which columns are ours.

Every candidate is read as a run would read it; what that would refuse is left as a comment with the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tme_platform.cohorts._tables import decimal_comma, read_text_table
from tme_platform.cohorts._values import to_canonical
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.drafting.look import Seen
from tme_platform.cohorts.drafting.vocabulary import PATIENT_NAMES, canonical_name, own_word, plain, states_unit
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS

TCGA_SAMPLE = "^(TCGA-..-....)-01"
"""Pattern of the samples of primary tumours, whose first group is the patient."""

_NEARLY_ALL = 0.9
_OTHER_UNIT = {"percent": "fraction", "ml": "mm3"}
"""The unit that values are likely in if they are not in that of the column; of times there are two, so none is."""
_REASONS = {
    "ambiguous_unit": "the unit is in doubt: add `unit`, and remove the # before the line",
    "ambiguous_coding": "the coding is in doubt: map every value under `values`, and remove the # before the line",
    "unknown_category": "its values are no words of ours: map them under `values`, and remove the # before the line",
}


@dataclass(frozen=True)
class Key:
    """The column that names the patients, the patients, and why it was taken."""

    column: str
    patients: frozenset[str]
    why: str
    pattern: str | None = None


@dataclass(frozen=True)
class DraftColumn:
    """A column that is mapped to a canonical one, or would be, if `doubt` is not empty."""

    name: str
    rule: ColumnRule
    guesses: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class DraftTable:
    """A clinical table as drafted."""

    seen: Seen
    key: Key
    decimal: str = "."
    columns: tuple[DraftColumn, ...] = ()
    n_unmapped: int = 0


@dataclass
class _Judged:
    """What is known of one candidate after reading it."""

    rule: ColumnRule
    known: int
    rejected: Rejections
    guesses: list[str] = field(default_factory=list)


def key_of(table: pd.DataFrame, measured: Collection[str] = ()) -> Key | None:
    """The column of a table that names the patients: the one that meets other tables, or is named so; None without one.

    Parameters
    ----------
    table
        The whole table, as text.
    measured
        Patients of other tables of the cohort.
    """
    names = [str(name) for name in table.columns]
    usable = [
        name
        for name in names
        if table[name].notna().mean() > _NEARLY_ALL and not table[name].eq(table[name].iloc[0]).all()
    ]
    meeting = {name: len(set(table[name].dropna()) & set(measured)) for name in usable} if measured else {}
    best = max(meeting, key=lambda name: meeting[name], default=None)
    if best is not None and meeting[best] > len(measured) / 2:
        return _key(table, best, "its names are those of the other tables")
    ranked = [name for known in PATIENT_NAMES for name in usable if plain(name) == known]
    if ranked:
        return _key(table, ranked[0], "by its name")
    distinct = [name for name in usable if table[name].is_unique]
    return _key(table, distinct[0], "the first column without repeated values") if distinct else None


def tcga_pattern(names: Collection[str]) -> str | None:
    """The pattern for barcodes of TCGA samples, if that is what the names are."""
    listed = pd.Series(sorted(names), dtype="string")
    return TCGA_SAMPLE if len(listed) and bool(listed.str.match(r"TCGA-..-....-\d\d").mean() > _NEARLY_ALL) else None


def draft_clinical(folder: Path, seen: Seen, measured: Collection[str]) -> DraftTable | None:
    """Draft the declaration of a clinical table; None if it cannot be read, or nothing in it names patients."""
    table = read_text_table(folder, seen.file, Rejections(""), sheet=seen.sheet)
    key = None if table is None or table.empty else key_of(table, measured)
    if table is None or key is None:
        return None
    wanted: dict[str, list[tuple[str, str | None]]] = {}
    for column in map(str, table.columns):
        if column != key.column and (found := canonical_name(column)) is not None:
            wanted.setdefault(found[0], []).append((column, found[1]))
    decimal = "," if any(_has_commas(table, name, found) for name, found in wanted.items()) else "."
    drafted = []
    for name in CLINICAL_COLUMNS:
        candidates = [
            _judge(table, name, column, unit, decimal)
            for column, unit in wanted.get(name, ())
            if table[column].notna().any()
        ]
        if candidates:
            drafted.append(_draft(name, max(candidates, key=lambda judged: judged.known)))
    used = {key.column, *(column.rule.column for column in drafted)}
    return DraftTable(seen, key, decimal, tuple(drafted), len(set(map(str, table.columns)) - used))


def _key(table: pd.DataFrame, column: str, why: str) -> Key:
    names = frozenset(map(str, table[column].dropna()))
    pattern = tcga_pattern(names)
    if pattern is None:
        return Key(column, names, why)
    patients = pd.Series(sorted(names), dtype="string").str.extract(pattern)[0].dropna()
    return Key(column, frozenset(patients), f"{why}; only primary tumours of TCGA (-01)", pattern)


def _has_commas(table: pd.DataFrame, name: str, found: list[tuple[str, str | None]]) -> bool:
    measured = CLINICAL_COLUMNS[name].dtype != "string" and not CLINICAL_COLUMNS[name].allowed
    return measured and any(decimal_comma(table[column]) is not None for column, _ in found)


def _judge(table: pd.DataFrame, name: str, column: str, unit: str | None, decimal: str) -> _Judged:
    """Read a column as a run would, with the unit and the words that make most of it readable."""
    guesses = [f"unit by the name of the column ({unit})"] if unit is not None else []
    own = CLINICAL_COLUMNS[name].own_unit
    if unit is None and states_unit(column) and own in CLINICAL_COLUMNS[name].units:
        unit = own  # the name says that it is ours, so small values are no doubt
    judged = _read(table, name, ColumnRule(column=column, unit=unit), decimal, guesses)
    if CLINICAL_COLUMNS[name].allowed:
        cells = map(str, table[column].dropna().unique())
        plain_words = {word.lower() for word in CLINICAL_COLUMNS[name].allowed}
        words = {
            cell: word
            for cell in cells
            if (word := own_word(name, cell)) is not None and cell.strip().lower() not in plain_words
        }
        if words:
            said = [f"what the values mean ({', '.join(sorted(set(words.values())))})"]
            other = _read(table, name, ColumnRule(column=column, values=words), decimal, said)
            judged = max(judged, other, key=lambda one: one.known)
    elif unit is None and judged.rejected.messages("ambiguous_unit") and own in _OTHER_UNIT:
        said = [f"unit by the size of the values ({_OTHER_UNIT[own]})"]
        other = _read(table, name, ColumnRule(column=column, unit=_OTHER_UNIT[own]), decimal, said)
        judged = max(judged, other, key=lambda one: one.known)
    return judged


def _read(table: pd.DataFrame, name: str, rule: ColumnRule, decimal: str, guesses: list[str]) -> _Judged:
    rejected = Rejections("")
    text = table[rule.column].set_axis(pd.RangeIndex(len(table)).astype("string"))
    read = to_canonical(text, name, rule, decimal, "", rejected)
    return _Judged(rule, int(read.notna().sum()), rejected, guesses)


def _draft(name: str, judged: _Judged) -> DraftColumn:
    renamed = [] if judged.rule.column == name else ["by the name of the column"]
    if not judged.known:
        told = [said for rule, said in _REASONS.items() if judged.rejected.messages(rule)]
        return DraftColumn(name, judged.rule, doubt=told[0] if told else "no value of it can be read")
    return DraftColumn(name, judged.rule, (*renamed, *judged.guesses))
