"""The two tables of a manuscript, cell by cell: patients' characteristics, and how the signature performs.

Their files are written by `word` and `latex`. Other tables of the report go to the folder as CSV only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.wording import DASH, missing, number, p_value, readable

_METRICS = ("auc", "accuracy", "sensitivity", "specificity", "ppv", "npv")
_ANALYSES = {"honest": "honest", "paper": "as published"}
_INDENT = "  "


@dataclass(frozen=True)
class PrintTable:
    """A table as it is printed.

    Attributes
    ----------
    key
        Name of its files, without number and extension.
    title, notes
        Caption above, and sentences below.
    columns
        Column headings; the first column holds row labels, of which those of levels begin with spaces.
    rows
        Text of the cells, one tuple per row, as long as `columns`.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def print_tables(facts: StudyFacts) -> list[PrintTable]:
    """Make the tables for which the study has rows, in the order in which they are numbered."""
    return [made for made in (_characteristics(facts), _performance(facts)) if made is not None]


def _characteristics(facts: StudyFacts) -> PrintTable | None:
    described = facts.rows("cohort_table_one")
    if described.empty:
        return None
    present = described.groupby("cohort")["n"].sum()
    cohorts = [name for name in facts.cohorts if present.get(name, 0)]
    tested = bool(described["p"].notna().any())
    rows: list[tuple[str, ...]] = []
    for variable, found in described.groupby("variable", sort=True):
        rows += _rows_of_variable(str(variable), found, cohorts, tested=tested)
    headings = [f"{_cohort(facts, name)} (n = {len(facts.rows('patients', cohort=name)):,})" for name in cohorts]
    notes = ["Median (first to third quartile), or number (share of the patients with a value)."]
    if reasons := sorted({str(text) for text in described["reason"].dropna()}):
        notes.append(f"No test: {'; '.join(reasons)}.")
    if tested:
        notes.append("p: Student, Wilcoxon, Kruskal-Wallis or Fisher test between cohorts, not corrected.")
    columns = ("Characteristic", *headings, *(["p"] if tested else []))
    return PrintTable("characteristics", "Patients by cohort", columns, tuple(rows), (*notes, *_simulated(facts)))


def _rows_of_variable(
    variable: str, found: pd.DataFrame, cohorts: list[str], *, tested: bool
) -> Iterator[tuple[str, ...]]:
    first = found.drop_duplicates("cohort").set_index("cohort")
    p = (p_value(found["p"].iloc[0]),) if tested else ()
    nothing = ("",) if tested else ()
    label = readable(variable)
    if found["kind"].iloc[0] == "numeric":
        yield (label, *(_quartiles(first, name) for name in cohorts), *p)
    else:
        yield (label, *("" for _ in cohorts), *p)
        for level in found["level"].dropna().drop_duplicates():
            cells = found[found["level"] == level].set_index("cohort")
            yield (f"{_INDENT}{level}", *(_share(cells, first, name) for name in cohorts), *nothing)
    if first["n_missing"].reindex(cohorts).fillna(0).any():
        yield (f"{_INDENT}missing", *(number(first["n_missing"].get(name)) for name in cohorts), *nothing)


def _quartiles(rows: pd.DataFrame, cohort: str) -> str:
    if cohort not in rows.index or missing(rows["median"][cohort]):
        return DASH
    digits = 2 if rows["median"].abs().max() <= 1 else 1
    middle, low, high = (number(rows[name][cohort], digits, whole=False) for name in ("median", "q1", "q3"))
    return f"{middle} ({low} to {high})"


def _share(rows: pd.DataFrame, of_variable: pd.DataFrame, cohort: str) -> str:
    """Number and share; 0 for a level that nobody has where the variable is known, a dash where it is not."""
    if cohort in rows.index:
        return f"{int(rows['n'][cohort]):,} ({100 * float(rows['share'][cohort]):.0f} %)"
    known = cohort in of_variable.index and not missing(of_variable["level"][cohort])
    return "0 (0 %)" if known else DASH


def _performance(facts: StudyFacts) -> PrintTable | None:
    found = facts.rows("cohort_metrics", model="signature", subgroup="all")
    found = found[found["metric"].isin(_METRICS)] if len(found) else found
    if found.empty:
        return None
    rows = []
    order = ["cohort", "side", "endpoint", "analysis"]
    for key, group in found.groupby(order, sort=False, dropna=False):
        cohort, side, endpoint, analysis = (None if missing(part) else str(part) for part in key)
        cells = {str(row["metric"]): row for row in records(group)}
        size = cells.get("auc") or next(iter(cells.values()))
        rows.append(
            (
                f"{_cohort(facts, cohort)}, {readable(side)}" if side else _cohort(facts, cohort),
                readable(endpoint),
                _ANALYSES.get(str(analysis), readable(analysis)),
                f"{number(size['n_positive'])} / {number(size['n'])}",
                *(_estimate(cells.get(metric)) for metric in _METRICS),
            )
        )
    columns = ("Cohort", "Endpoint", "Analysis", "Positive / n", *(readable(metric) for metric in _METRICS))
    notes = (
        "Estimates with 95 % confidence intervals. Honest: scores from models, and thresholds chosen, without the "
        "patients they are applied to. As published: our reading of the paper, which is optimistic on the patients the "
        "signature was trained on.",
        f"{DASH}: not estimated; the column `reason` of the table `cohort_metrics` says why.",
    )
    title = "Performance of the rad-score"
    return PrintTable("performance", title, columns, tuple(rows), (*notes, *_simulated(facts)))


def _estimate(row: dict[str, Any] | None) -> str:
    if row is None or missing(row["value"]):
        return DASH
    text = f"{row['value']:.2f}"
    return text if missing(row["ci_low"]) else f"{text} ({row['ci_low']:.2f} to {row['ci_high']:.2f})"


def _cohort(facts: StudyFacts, cohort: str | None) -> str:
    return f"{facts.named(cohort)}{', simulated' if cohort and facts.is_simulated(cohort) else ''}"


def _simulated(facts: StudyFacts) -> tuple[str, ...]:
    return (f"Simulated data: {', '.join(map(facts.named, facts.simulated))}.",) if facts.simulated else ()
