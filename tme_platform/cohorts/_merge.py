"""Merge several rows and several tables to one row per patient. Allowed values belong in `_values`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.cohorts._values import empty_values
from tme_platform.cohorts.cells import cells_are_shown
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted
from tme_platform.tables.clinical import CLINICAL_COLUMNS, SURVIVAL_PAIRS

_SAME_WITHIN = 0.01
"""Relative difference up to which numbers agree: months and days of the same follow-up differ by rounding."""


def one_row_each(values: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    """Reduce each patient's rows to one with the first known value of each column; reject values that differ."""
    if values.index.is_unique or values.columns.empty:
        return values[~values.index.duplicated()]
    rows = values.groupby(level=0, sort=False)
    differ = rows.nunique().gt(1)
    cases = []
    for patient, columns in differ[differ.any(axis=1)].iterrows():
        parts = [_differing(name, _known(values, patient, name)) for name in differ.columns[columns]]
        cases.append((str(patient), f"several rows differ in {', '.join(parts)}; the first is used"))
    advice = "Keep one row per patient in the file, or narrow the pattern of `patient_id` in cohort.yaml."
    rejected.add_cases(cases, rule="duplicate_patient", advice=advice, action="first value kept", file=file)
    return _pair_survival(values).groupby(level=0, sort=False).first()


def merge_tables(values: list[tuple[str, pd.DataFrame]], index: pd.Index, rejected: Rejections) -> pd.DataFrame:
    """Merge tables in declared order; the first known value is kept, and tables that differ from it are reported."""
    merged = empty_values(index)
    stacked = pd.concat([frame for _, frame in values if len(frame)] or [merged.iloc[:0]])
    first = _pair_survival(stacked).groupby(level=0, sort=False).first()
    for name in first.columns:
        merged[name] = first[name].reindex(index).astype(merged[name].dtype)
    for file, frame in values:
        for name in frame.columns:
            _report_disagreement(frame[name].dropna(), merged[name], file, rejected)
    return merged


def _differing(name: str, values: list[object]) -> str:
    """The different values of a patient; text that is no allowed word may hold a name and is only counted."""
    hidden = f"{len(values)} texts" if _is_text(name) else f"{len(values)} values"
    shown = ", ".join(map(str, values)) if cells_are_shown() and not _is_text(name) else hidden
    return f"{name} ({shown})"


def _is_text(name: str) -> bool:
    return CLINICAL_COLUMNS[name].dtype == "string" and not CLINICAL_COLUMNS[name].allowed


def _known(values: pd.DataFrame, patient: object, name: str) -> list[object]:
    column: pd.Series = values[name]
    return list(dict.fromkeys(column[column.index == patient].dropna().tolist()))


def _pair_survival(values: pd.DataFrame) -> pd.DataFrame:
    """Blank incomplete survival of patients who have a complete one, so that time and event come from one row."""
    paired = values.copy()
    for time, event in SURVIVAL_PAIRS.values():
        if not {time, event} <= set(values.columns):
            continue
        complete = values[time].notna() & values[event].notna()
        elsewhere = values.index.isin(values.index[complete])
        incomplete = ~complete.to_numpy() & elsewhere
        paired.loc[incomplete, time] = np.nan
        paired.loc[incomplete, event] = pd.NA
    return paired


def _report_disagreement(theirs: pd.Series, kept: pd.Series, file: str, rejected: Rejections) -> None:
    ours = kept.reindex(theirs.index)
    if theirs.dtype == "float64":
        differ = (theirs - ours).abs() > _SAME_WITHIN * np.maximum(theirs.abs(), ours.abs())
    else:
        differ = (theirs != ours).fillna(False).astype(bool)
    if not differ.any():
        return
    pairs = zip(theirs.index[differ], ours[differ], theirs[differ], strict=True)
    shown = [
        str(patient) if _is_text(str(theirs.name)) else f"{patient}: {_plain(mine)}, here {_plain(other)}"
        for patient, mine, other in pairs
    ]
    examples = "; ".join([*shown[:3], *(["..."] if len(shown) > 3 else [])])
    message = (
        f"{theirs.name} differs from the value kept for {counted(len(shown), 'patient')} ({examples}). "
        "If this file is the better source, list it earlier in cohort.yaml."
    )
    rejected.add(rule="sources_disagree", message=message, action="first value kept", file=file)


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
