"""The README of the manuscript folder: what is in it, each table and figure with its caption and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tme_platform.report.study_report import StudyReport

LISTING = "files.csv"
"""What was written last: file, caption and SHA-256."""


@dataclass(frozen=True)
class FolderFile:
    """A file of the folder; the README lists it with its caption."""

    name: str
    content: bytes
    caption: str = ""


def readme(report: StudyReport, page: str, numbered: Sequence[FolderFile]) -> str:
    """What is in the folder: each table and figure with its caption and its files."""
    facts = report.facts
    lines = [f"# {_bare(facts.title)}", ""]
    if facts.simulated:
        lines += [f"**Contains simulated data**: {_bare(', '.join(map(facts.named, facts.simulated)))}.", ""]
    lines += [
        f"- [{page}]({page}): the report, to read",
        "- `tables/numbers.csv`: every number of the report with its interval, n and method",
        "- `tables/findings.csv`: the findings with their limits",
        "- `tables/versions.csv`: the table versions from which all this was made",
        "- `checklists/`: the reporting checklists, filled in as far as the tables allow",
        f"- `{LISTING}`: all files with SHA-256",
        "",
    ]
    captions: dict[str, list[str]] = {}
    for file in numbered:
        captions.setdefault(file.caption, []).append(file.name)
    for heading, kind in (("Tables", "Table "), ("Figures", "Figure ")):
        chosen = {caption: names for caption, names in captions.items() if caption.startswith(kind)}
        if chosen:
            lines += [f"## {heading}", ""]
        for caption, names in chosen.items():
            number, _, text = caption.partition(". ")
            links = ", ".join(f"[{name.rpartition('.')[2]}]({name})" for name in names)
            lines += [f"**{number}.** {_bare(text)} ({links})", ""]
    return "\n".join(lines)


def _bare(text: str) -> str:
    """Text from outside in one line, without characters that Markdown or HTML would take for markup."""
    printed = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in printed)
