"""Render the report as one self-contained HTML page, with pictures, data and style embedded.

The content comes from `study_report`. This module and the templates only lay it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from itertools import groupby
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from tme_platform.figures import FIGURES, endpoint_label
from tme_platform.report import wording
from tme_platform.report.embed import Embedded, csv_link
from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.pictures import Picture
from tme_platform.report.study_report import Part, StudyReport
from tme_platform.report.verdicts import remaining, verdicts
from tme_platform.report.verdicts import title as result_title

_ROWS_SHOWN = 500
_ROWS_OPEN = 12
_ANALYSIS = 3
"""Position of the analysis among the cells of a number."""
_COHORT_COLUMNS = ("cohort", "model_cohort")
_DOI = re.compile(r"doi (10\.\d{4,}/[^\s,;]*[^\s,;.])")


def render_page(report: StudyReport) -> str:
    """Render the page. It contains no date and no path, so the same report gives the same page.

    Raises
    ------
    jinja2.TemplateError
        A template uses a value that the report does not have.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    facts = report.facts
    environment = Environment(
        loader=PackageLoader("tme_platform.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["linked"] = _linked
    environment.filters["unbroken"] = _unbroken
    style = resources.files("tme_platform.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704 (packaged file)
        title=facts.title,
        name=facts.name,
        result=_unbroken(result_title(report.findings)),
        verdicts=[{"verdict": one, "kind": _anchor(one.answer)} for one in verdicts(facts, report.findings)],
        remaining=[(at, finding, _anchor(finding.answer)) for at, finding in remaining(report.findings)],
        lead=report.lead,
        simulated=[facts.named(cohort) for cohort in facts.simulated],
        only_simulated=bool(facts.simulated) and len(facts.simulated) == len(facts.cohorts),
        cohorts=len(facts.cohorts),
        findings=_findings(report),
        terms=[(term, _anchor(term), meaning) for term, meaning in wording.TERMS.items()],
        limits=report.limits,
        compared=_numbers(report, report.compared, "Published values and our reading of them", "published-values"),
        parts=[_part(report, part) for part in report.parts],
        rejected=_rejected(report),
        checklists=[
            {"filled": filled, "counts": filled.counts, "csv": csv_link(filled.table, f"checklist-{filled.key}")}
            for filled in report.checklists
        ],
        settings=[(block, _settings(values)) for block, values in facts.settings.items()],
        software=facts.software,
        versions=_table(facts, facts.versions, "Tables used for this report", "versions", open_up_to=0, most=10**6),
        signature=facts.signature,
    )


def _findings(report: StudyReport) -> list[dict[str, Any]]:
    """Lay out the findings; where a term first occurs, it links to its explanation."""
    open_terms = dict.fromkeys(wording.TERMS)
    rows = []
    for finding in report.findings:
        sentences = [_explained(sentence, open_terms) for sentence in finding.sentences]
        rows.append({"finding": finding, "kind": _anchor(finding.answer), "sentences": sentences})
    return rows


def _explained(text: str, open_terms: dict[str, None]) -> Markup:
    """Link the terms that are still to be explained, and take them from `open_terms`. No line breaks before %."""
    marked = str(escape(text))
    for term in list(open_terms):
        link = f'<a class="term" href="#term-{_anchor(term)}" title="{escape(wording.TERMS[term])}">\\g<0></a>'
        marked, found = re.subn(rf"(?<![\w>]){re.escape(term)}(?!\w)", link, marked, count=1, flags=re.IGNORECASE)
        if found:
            del open_terms[term]
    return Markup(marked.replace(" %", "\u00a0%"))  # noqa: S704 (escaped)


def _unbroken(text: str) -> str:
    return text.replace(" %", "\u00a0%")


def _settings(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the settings of a block by name, in words."""
    return [(name.replace("_", " "), wording.plain(value)) for name, value in sorted(values.items())]


def _anchor(words: str) -> str:
    return re.sub(r"\W+", "-", words.lower())


def _linked(text: str) -> Markup:
    """Convert the DOIs in a text to links."""
    return Markup(_DOI.sub(r'<a href="https://doi.org/\1">\g<0></a>', str(escape(text))))  # noqa: S704 (escaped)


def _part(report: StudyReport, part: Part) -> dict[str, Any]:
    key = part.section.key
    return {
        "section": part.section,
        "is_empty": part.is_empty,
        "numbers": _numbers(report, part.numbers, f"{part.section.title}: numbers", f"{key}-numbers"),
        "rows": [_beside(list(several)) for _, several in groupby(part.pictures, lambda shown: shown[0].name)],
        "tables": [
            _table(report.facts, rows, shown.caption, f"{key}-table-{position}", data_name=f"{key}-{shown.table}")
            for position, (shown, rows) in enumerate(part.tables, 1)
        ],
    }


def _beside(several: list[tuple[Picture, Embedded]]) -> list[dict[str, Any]]:
    """Lay out a figure, or the same figure of several cohorts side by side."""
    return [
        {"picture": picture, "embedded": embedded, "title": FIGURES[picture.name].title}
        for picture, embedded in several
    ]


def _numbers(report: StudyReport, rows: pd.DataFrame, caption: str, key: str) -> dict[str, Any] | None:
    """Lay out numbers as rows: measure, cohort, subject, value with interval, published value, n, p and method."""
    if rows.empty:
        return None
    compared = bool(rows["published"].notna().any())
    lines: list[dict[str, Any]] = []
    for row in records(rows):
        named = {name: row[name] for name in ("side", "endpoint", "subject") if not wording.missing(row[name])}
        subject = [
            _endpoint(report, row) if name == "endpoint" else wording.readable(value) for name, value in named.items()
        ]
        n = wording.number(row["n"])
        if not wording.missing(row["n_positive"]):
            n += f" ({wording.number(row['n_positive'])})"
        cohort = "" if wording.missing(row["cohort"]) else str(row["cohort"])
        value = wording.value_text(row)
        cells = [
            wording.readable(row["measure"]), report.facts.named(cohort), ", ".join(subject),
            wording.readable(row["analysis"]), value, n, wording.p_value(row["p"]),
            wording.readable(row["reason"]) or wording.readable(row["method"]),
        ]  # fmt: skip
        if compared:
            cells.insert(5, wording.value_text(row, "published"))
        lines.append({"cells": cells, "simulated": report.facts.is_simulated(cohort)})
    lines = _merged(lines)
    value = "our reading" if compared else "value"
    headings = ["measure", "cohort", "subject", "analysis", value, "n (positive)", "p", "method"]
    if compared:
        headings.insert(5, "published (Han et al. 2024)")
    has_content = [any(line["cells"][i] not in ("", wording.DASH) for line in lines) for i in range(len(headings))]
    headings = [heading for heading, kept in zip(headings, has_content, strict=True) if kept]
    for line in lines:
        line["cells"] = [cell for cell, kept in zip(line["cells"], has_content, strict=True) if kept]
    return {
        "id": key, "caption": caption, "headings": headings, "rows": lines, "total": len(lines), "numeric": set(),
        "csv": csv_link(report.with_provenance(rows), key), "open": len(lines) <= 4 * _ROWS_OPEN, "stacked": True,
    }  # fmt: skip


def _merged(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge rows that differ only in the analysis: outside discovery, both ways often give the same number."""
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for line in lines:
        cells = line["cells"]
        others = (*cells[:_ANALYSIS], *cells[_ANALYSIS + 1 :])
        if others in merged:
            both = merged[others]["cells"]
            both[_ANALYSIS] = " and ".join(dict.fromkeys([*both[_ANALYSIS].split(" and "), cells[_ANALYSIS]]))
        else:
            merged[others] = line
    return list(merged.values())


def _table(
    facts: StudyFacts,
    frame: pd.DataFrame,
    caption: str,
    key: str,
    *,
    data_name: str | None = None,
    open_up_to: int = _ROWS_OPEN,
    most: int = _ROWS_SHOWN,
) -> dict[str, Any] | None:
    """Lay out a table: the first rows for display, all rows as CSV."""
    if frame.empty:
        return None
    first = _first_rows(frame, most)
    simulated = first["provenance"] == "simulated" if "provenance" in first else pd.Series(False, index=first.index)
    shown = first.drop(columns=["provenance"], errors="ignore").dropna(axis="columns", how="all")
    fractions = {name for name in shown if shown[name].dtype.kind == "f" and (shown[name].dropna() % 1 != 0).any()}
    lines = [
        {
            "cells": [_cell(facts, name, value, name not in fractions) for name, value in row.items()],
            "simulated": bool(mark),
        }
        for row, mark in zip(records(shown), simulated, strict=True)
    ]
    numeric = {position for position, name in enumerate(shown.columns) if shown[name].dtype.kind in "fi"}
    return {
        "id": key, "caption": caption, "headings": [wording.readable(name) for name in shown.columns], "rows": lines,
        "total": len(frame), "numeric": numeric, "csv": csv_link(frame, data_name or key),
        "open": len(frame) <= open_up_to, "stacked": False,
    }  # fmt: skip


def _first_rows(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most `most` rows. If there are several cohorts, each contributes its first rows."""
    if len(frame) <= most or "cohort" not in frame:
        return frame.head(most)
    return frame.groupby("cohort", sort=False, dropna=False).head(max(most // frame["cohort"].nunique(), 1))


def _cell(facts: StudyFacts, name: object, value: object, whole: bool) -> str:
    column = str(name)
    if column in _COHORT_COLUMNS:
        return facts.named(value)
    if column in ("p", "fdr") or column.startswith(("p_", "fdr_")) or column.endswith("_p"):
        return wording.p_value(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return wording.readable(value) if column in wording.NAME_COLUMNS else wording.without_json(value)
    return wording.number(value, whole=whole)


def _endpoint(report: StudyReport, row: dict[str, Any]) -> str:
    return endpoint_label(str(row["endpoint"]), report.facts.rows("endpoints"), str(row["cohort"]))


def _rejected(report: StudyReport) -> dict[str, Any] | None:
    rejected = report.facts.rows("rejected_inputs")
    if rejected.empty:
        return None
    rows: Iterable[dict[str, object]] = (
        {
            "cohort": cohort, "rule": rule, "action": action, "problems": len(found),
            "example": str(found["message"].iloc[0]), "provenance": str(found["provenance"].iloc[0]),
        }
        for (cohort, rule, action), found in rejected.groupby(["cohort", "rule", "action"])
    )  # fmt: skip
    return _table(report.facts, pd.DataFrame(list(rows)), "Input that was rejected or set to missing", "rejected-table")
