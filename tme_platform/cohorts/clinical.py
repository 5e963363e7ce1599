"""The clinical tables of a cohort, merged by patient. Values are `_values`', merging is `_merge`'s."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._known import known_patients
from tme_platform.cohorts._merge import merge_tables, one_row_each
from tme_platform.cohorts._tables import nearest, no_column, read_text_table, short
from tme_platform.cohorts._values import to_canonical
from tme_platform.cohorts.declaration import ClinicalSource, Cohort
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS

_OTHER = ["patient_id", "source_file", "column", "value"]


@dataclass(frozen=True)
class ClinicalTables:
    """What the clinical tables of a cohort say.

    Attributes
    ----------
    patients
        One row per patient: ``patient_id`` and all canonical columns, sorted by patient; missing is NA.
    other
        Columns that are mapped to none of ours, as they came: ``patient_id``, ``source_file``, ``column``, ``value``.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """

    patients: pd.DataFrame
    other: pd.DataFrame
    rejected: pd.DataFrame


def read_clinical(folder: Path, cohort_name: str, cohort: Cohort) -> ClinicalTables:
    """Read the clinical tables of a cohort and merge them by patient.

    Patients are those of every table with `adds_patients` and those that the cohort's measurements name. Of several
    rows or tables the first known value counts; survival time and event are taken together from one of them.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cohort_name
        Its name.
    cohort
        Its declaration.

    Returns
    -------
    ClinicalTables
        Values that break a rule are missing and stand in `rejected`; nothing is raised for what the files hold.
    """
    rejected = Rejections(cohort_name)
    landed = [(source, _read(folder, source, rejected)) for source in cohort.clinical]
    tables = [(source, table) for source, table in landed if table is not None]
    ids = set(known_patients(folder, cohort)).union(*(set(t.index) for s, t in tables if s.adds_patients))
    index = pd.Index(sorted(ids), name="patient_id", dtype="string")
    values, other = [], []
    for source, table in tables:
        ours = table[table.index.isin(index)]
        values.append((source.file, one_row_each(_canonical(ours, source, rejected), source.file, rejected)))
        other.append(_unmapped(ours, source))
    patients = merge_tables(values, index, rejected)
    _report_missing_times(patients, rejected)
    return ClinicalTables(
        patients=patients.reset_index(),
        other=pd.concat(other or [pd.DataFrame(columns=_OTHER, dtype="string")], ignore_index=True).drop_duplicates(
            ignore_index=True
        ),
        rejected=rejected.frame(),
    )


def _read(folder: Path, source: ClinicalSource, rejected: Rejections) -> pd.DataFrame | None:
    """One table as text, indexed by patient, rows of other samples left out."""
    table = read_text_table(folder, source.file, rejected)
    if table is None:
        return None
    key = source.patient_id
    if key.column not in table:
        message = no_column(source.file, key.column, table, "`patient_id` in cohort.yaml")
        rejected.add(rule="unknown_column", message=message, action="file left out", file=source.file)
        return None
    ids = table[key.column]
    nameless = ids.isna() & table.notna().any(axis=1)
    if nameless.any():
        message = (
            f"{nameless.sum():,} of {len(table):,} rows name no patient in {key.column}. Add it, or delete the rows."
        )
        rejected.add(rule="patient_id_missing", message=message, action="rows left out", file=source.file)
    if key.pattern is not None:
        ids = _match(ids, key.pattern, source.file, rejected)
    return table.set_axis(pd.Index(ids, name="patient_id"), axis=0)[ids.notna().to_numpy()]


def _match(ids: pd.Series, pattern: str, file: str, rejected: Rejections) -> pd.Series:
    grouped = pattern if re.compile(pattern).groups else f"({pattern})"
    patients = ids.str.extract(grouped, expand=True)[0].astype("string")
    others = ids[ids.notna() & patients.isna()]
    if len(others):
        message = (
            f"{len(others):,} of {len(ids):,} rows do not match {pattern} ({', '.join(others.head(3))}...): samples of "
            "another kind. Nothing to do, unless patients are among them."
        )
        rejected.add(rule="other_samples", message=message, action="rows left out", file=file)
    return patients


def _canonical(table: pd.DataFrame, source: ClinicalSource, rejected: Rejections) -> pd.DataFrame:
    columns = {}
    for name, rule in source.columns.items():
        problem = None
        if name not in CLINICAL_COLUMNS:
            near = nearest(name, list(CLINICAL_COLUMNS))
            problem = f"{short(name)} is no column of ours{near}. Correct `columns` in cohort.yaml."
        elif rule.column not in table:
            problem = f"{name}: {no_column(source.file, rule.column, table, '`columns` in cohort.yaml')}"
        if problem is not None:
            rejected.add(rule="unknown_column", message=problem, action="column left out", file=source.file)
            continue
        columns[name] = to_canonical(table[rule.column], name, rule, source.decimal, source.file, rejected)
    return pd.DataFrame(columns, index=table.index)


def _unmapped(table: pd.DataFrame, source: ClinicalSource) -> pd.DataFrame:
    used = {rule.column for name, rule in source.columns.items() if name in CLINICAL_COLUMNS}
    if source.patient_id.pattern is None:
        used.add(source.patient_id.column)
    kept = table[[name for name in table.columns if name not in used]]
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
    """A known event without a time: not where the reason was told already."""
    told = rejected.patients("negative_os_time", "zero_os_time", "not_a_number", "out_of_range")
    lacking = patients.index[patients["os_event"].notna() & patients["os_days"].isna() & ~patients.index.isin(told)]
    if len(lacking):
        cases: list[tuple[str | None, str]] = [
            (str(patient), "os_event is known, os_days is not") for patient in lacking
        ]
        advice = "Add the time, otherwise survival goes without the patient."
        rejected.add_cases(cases, rule="missing_os_time", advice=advice, action="left out of survival", file=None)
