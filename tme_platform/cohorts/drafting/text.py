"""Write a drafted cohort file: YAML in which every guess is marked. What is guessed belongs in the other modules.

Names of files and columns are quoted where YAML needs it; no cell is written but the closed list of `vocabulary`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

import yaml

from tme_platform.cohorts._tables import short
from tme_platform.cohorts.drafting.clinical import DraftColumn, DraftTable, Key
from tme_platform.cohorts.drafting.expression import DraftExpression
from tme_platform.cohorts.drafting.look import Seen
from tme_platform.counted import counted

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./()-]+)*")
NOT_STATED = "not stated yet"


def scalar(value: object) -> str:
    """A value in YAML: plain where that is read back as the same text, in double quotes otherwise."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value and not value.endswith(" "):
        return value
    return json.dumps(value)


def marked(line: str, guesses: Iterable[str]) -> str:
    """A line with its guesses behind it."""
    said = "; ".join(guesses)
    return f"{line}  # guessed: {said}" if said else line


def flow(fields: Mapping[str, object]) -> str:
    """A mapping in one line; what is None is left out."""
    parts = [f"{scalar(name)}: {_value(value)}" for name, value in fields.items() if value is not None]
    return "{" + ", ".join(parts) + "}"


def commented(lines: Iterable[str]) -> list[str]:
    """Lines that are not read."""
    return [f"# {line}" for line in lines]


def clinical_lines(tables: Iterable[DraftTable]) -> Iterator[str]:
    """The list of clinical tables."""
    for number, table in enumerate(tables):
        if not number:
            yield "clinical:"
        yield f"  - file: {scalar(table.seen.file)}"
        if table.seen.sheet is not None:
            yield f"    sheet: {scalar(table.seen.sheet)}"
        yield f"    patient_id: {_key(table.key)}"
        if table.decimal != ".":
            yield f"    decimal: {scalar(table.decimal)}  # guessed: numbers are written with commas"
        read = [column for column in table.columns if not column.doubt]
        doubtful = [column for column in table.columns if column.doubt]
        if read:
            yield "    columns:"
            for column in read:
                yield marked(f"      {_column(column)}", column.guesses)
        for column in doubtful:
            yield f"    # {'' if read else 'columns: '}{_column(column)}  # {column.doubt}"
        if table.n_unmapped:
            more = counted(table.n_unmapped, "more column is", "more columns are")
            yield f"    # {more} not mapped; `tme check` lists them, `other` keeps them"


def expression_lines(drafted: DraftExpression) -> list[str]:
    """The declaration of the expression matrix, as a comment if it cannot be read as it is."""
    source = drafted.source
    lines = [
        "expression:",
        f"  file: {scalar(source.file)}",
        f"  unit: {source.unit}  # guessed: {drafted.why}",
        f"  gene_id: {source.gene_id}  # guessed: by the names of the genes",
    ]
    for name in ("gene_column", "gene_map", "patient_pattern"):
        if (value := getattr(source, name)) is not None:
            lines.append(f"  {name}: {scalar(value)}  # guessed")
    return [f"# {drafted.doubt}:", *commented(lines)] if drafted.doubt else lines


def table_lines(name: str, seen: Seen, key: Key, fields: Mapping[str, object], guess: str) -> list[str]:
    """The declaration of finished features or scores."""
    lines = [f"{name}:  # guessed: {guess}", f"  file: {scalar(seen.file)}"]
    lines += [f"  sheet: {scalar(seen.sheet)}"] if seen.sheet is not None else []
    lines.append(f"  patient_id: {_key(key)}" if name == "features" else f"  patient_id: {scalar(key.column)}")
    return lines + [f"  {field}: {_value(value)}" for field, value in fields.items()]


def unused_lines(seen: Iterable[Seen]) -> list[str]:
    """What was not used, and why, as a comment."""
    lines = []
    for one in seen:
        what = one.problem.splitlines()[0] if one.problem else _UNUSED.get(one.kind or "", "not recognised")
        lines.append(f"#   {short(one.label)}: {what}")
    return ["# Not used:", *lines] if lines else []


_UNUSED = {
    "transposed expression": "genes are in columns; save it with genes in rows and samples in columns",
    "expression": "another expression matrix; a cohort has one",
    "features": "another table of features; a cohort has one",
    "fractions": "further scores: declare them under `other_scores`",
    "scores": "scores need `groups: FILE` with the columns population and group",
    "groups": "groups of populations without scores that have them",
    "genes": "a table of genes",
    "clinical": "no column names the patients",
}


def _key(key: Key) -> str:
    value = scalar(key.column) if key.pattern is None else flow({"column": key.column, "pattern": key.pattern})
    return f"{value}  # guessed: {key.why}"


def _column(column: DraftColumn) -> str:
    rule = column.rule
    if rule.unit is None and rule.values is None:  # the mapping of the cohort file
        return f"{column.name}: {scalar(rule.column)}"
    fields = {"column": rule.column, "unit": rule.unit, "values": rule.values}
    return f"{column.name}: {flow(fields)}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return flow({str(name): int(one) if str(one).isdecimal() else one for name, one in value.items()})
    return scalar(value)
