"""Read the clinical tables of a cohort and merge them by patient.

Converting values belongs in `_values`, merging rows and tables in `_merge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._known import known_patients, match_patients
from tme_platform.cohorts._merge import merge_tables, one_row_each
from tme_platform.cohorts._tables import (
    are_summaries,
    has_column,
    no_column,
    read_text_table,
    reject_summary_rows,
    reject_unnamed_rows,
    short,
)
from tme_platform.cohorts._values import CODING_COLUMNS, codings_of, to_canonical, translate
from tme_platform.cohorts.declaration import ClinicalSource, Cohort
from tme_platform.cohorts.rejections import Rejections
from tme_platform.evaluation.endpoints import declared_columns
from tme_platform.tables.clinical import CLINICAL_COLUMNS, SURVIVAL_PAIRS
from tme_platform.tables.cohorts import CLINICAL_OTHER
from tme_platform.yaml_file import nearest


@dataclass(frozen=True)
class ClinicalTables:
    """The clinical tables of a cohort, merged.

    Attributes
    ----------
    patients
        One row per patient: ``patient_id`` and all canonical columns, sorted by patient; missing is NA.
    other
        Values of the columns without a mapping that the cohort file asks for, unchanged: ``patient_id``,
        ``source_file``, ``column``, ``value``.
    rejected
        Rows of `REJECTED_COLUMNS`.
    codings
        How the values of each table were read (`CODING_COLUMNS`): canonical ``column``, ``source_file``,
        ``source_column``, ``value``, ``read_as`` (missing where it was not read), ``patients`` (of several rows of a
        patient, each counts). A row for each value of a column with allowed words; for measured columns one row with
        the range and the unit.
    """

    patients: pd.DataFrame
    other: pd.DataFrame
    rejected: pd.DataFrame
    codings: pd.DataFrame


def read_clinical(folder: Path, cohort_name: str, cohort: Cohort) -> ClinicalTables:
    """Read the clinical tables of a cohort and merge them by patient.

    The patients are those of every table with `adds_patients` and those that the cohort's measurements name. The first
    known value of several rows or tables is kept; survival time and event are taken together from one of them.

    Returns
    -------
    ClinicalTables
        Values that are not allowed are missing and listed in `rejected`.
    """
    rejected = Rejections(cohort_name)
    landed = [(source, _read(folder, source, rejected)) for source in cohort.clinical]
    tables = [(source, table) for source, table in landed if table is not None]
    ids = set(known_patients(folder, cohort)).union(*(set(t.index) for s, t in tables if s.adds_patients))
    index = pd.Index(sorted(ids), name="patient_id", dtype="string")
    values, other = [], []
    codings = [pd.DataFrame(columns=CODING_COLUMNS, dtype="string").astype({"patients": "Int64"})]
    asked = {column for _, column in declared_columns(cohort.endpoints, cohort.subgroups)}
    for source, table in tables:
        ours = table[table.index.isin(index)]
        read = _canonical(ours, source, rejected)
        codings += [
            codings_of(ours[source.columns[name].column], read[name], source.columns[name], source.label)
            for name in map(str, read.columns)
        ]
        values.append((source.label, one_row_each(read, source.file, rejected)))
        other.append(_unmapped(ours, source, asked, rejected))
    patients = merge_tables(values, index, rejected)
    _report_missing_times(patients, rejected)
    return ClinicalTables(
        patients=patients.reset_index(),
        other=pd.concat(
            other or [pd.DataFrame(columns=CLINICAL_OTHER.own_columns, dtype="string")], ignore_index=True
        ).drop_duplicates(ignore_index=True),
        rejected=rejected.frame(),
        codings=pd.concat(codings, ignore_index=True),
    )


def text_values(folder: Path, cohort: Cohort, name: str) -> list[str]:
    """The different values of a canonical column of free text (arm, site, scanner) in a cohort's files, sorted.

    Only that column is read, so that many cohorts can be compared. Files that cannot be read are skipped.
    """
    found: set[str] = set()
    for source in cohort.clinical:
        rule = source.columns.get(name)
        if rule is not None:
            table = read_text_table(folder, source.file, Rejections(""), only=[rule.column], sheet=source.sheet)
            if table is not None and rule.column in table:
                found |= set(translate(table[rule.column], rule).dropna())
    return sorted(found)


def _read(folder: Path, source: ClinicalSource, rejected: Rejections) -> pd.DataFrame | None:
    """Read one table as text, indexed by patient, without the rows of other samples."""
    table = read_text_table(folder, source.file, rejected, sheet=source.sheet)
    if table is None:
        return None
    key = source.patient_id
    if not has_column(table, key.column, source.file, rejected, correct="`patient_id` in cohort.yaml"):
        return None
    ids = table[key.column]
    reject_unnamed_rows(ids.isna() & table.notna().any(axis=1), key.column, source.file, rejected)
    summaries = are_summaries(ids)
    reject_summary_rows(summaries, ids, source.file, rejected)
    ids = ids.mask(summaries)
    if key.pattern is not None:
        ids = match_patients(ids, key.pattern, source.file, rejected)
    return table.set_axis(pd.Index(ids, name="patient_id"), axis=0)[ids.notna().to_numpy()]


def _canonical(table: pd.DataFrame, source: ClinicalSource, rejected: Rejections) -> pd.DataFrame:
    columns = {}
    for name, rule in source.columns.items():
        problem = None
        if name not in CLINICAL_COLUMNS:
            near = nearest(name, list(CLINICAL_COLUMNS))
            problem = f"{short(name)} is not a canonical column{near}. Correct `columns` in cohort.yaml."
        elif rule.column not in table:
            problem = f"{name}: {no_column(source.file, rule.column, table, '`columns` in cohort.yaml')}"
        if problem is not None:
            rejected.add(rule="unknown_column", message=problem, action="column left out", file=source.file)
            continue
        columns[name] = to_canonical(table[rule.column], name, rule, source.decimal, source.file, rejected)
    return pd.DataFrame(columns, index=table.index)


def _unmapped(table: pd.DataFrame, source: ClinicalSource, asked: set[str], rejected: Rejections) -> pd.DataFrame:
    """The values of the columns that `other`, an endpoint or a subgroup names, and nothing else."""
    for name in source.other:
        has_column(table, name, source.file, rejected, correct="`other` in cohort.yaml", action="column not kept")
    used = {rule.column for name, rule in source.columns.items() if name in CLINICAL_COLUMNS}
    if source.patient_id.pattern is None:
        used.add(source.patient_id.column)
    kept = table[[name for name in table.columns if name not in used and name in asked | set(source.other)]]
    rows, columns = np.nonzero(kept.notna().to_numpy())
    long = pd.DataFrame(
        {
            "patient_id": kept.index.to_numpy()[rows],
            "source_file": source.file,
            "column": kept.columns.to_numpy()[columns],
            "value": kept.to_numpy()[rows, columns],
        }
    )
    return long.astype("string").drop_duplicates(ignore_index=True)


def _report_missing_times(patients: pd.DataFrame, rejected: Rejections) -> None:
    """Report known events without a time, unless the reason was already reported for the patient or the column."""
    refused = rejected.messages("ambiguous_unit")
    for pair, (time, event) in SURVIVAL_PAIRS.items():
        if any(message.startswith(f"{time} ") for message in refused):
            continue
        reported = rejected.patients(f"negative_{pair}_time", f"zero_{pair}_time", "not_a_number", "out_of_range")
        missing = patients.index[patients[event].notna() & patients[time].isna() & ~patients.index.isin(reported)]
        cases = [(str(patient), f"{event} is known, {time} is not") for patient in missing]
        advice = "Add the time; without it the patient is left out of survival analyses."
        rejected.add_cases(cases, rule=f"missing_{pair}_time", advice=advice, action="left out of survival", file=None)
