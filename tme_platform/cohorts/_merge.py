"""One row per patient out of several rows and several tables. What the values may be is decided in `_values`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.cohorts._values import empty_values
from tme_platform.cohorts.rejections import Rejections

_SAME_WITHIN = 0.01
"""Numbers from two tables agree within one per cent: months and days of the same follow-up do."""


def one_row_each(values: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    """Rows of the same patient become one: the first known value of each column; others that differ are rejected."""
    if values.index.is_unique or values.columns.empty:
        return values[~values.index.duplicated()]
    rows = values.groupby(level=0, sort=False)
    differ = rows.nunique().gt(1)
    cases = []
    for patient, columns in differ[differ.any(axis=1)].iterrows():
        parts = [f"{name} ({', '.join(map(str, _known(values, patient, name)))})" for name in differ.columns[columns]]
        cases.append((str(patient), f"several rows differ in {', '.join(parts)}; the first is used"))
    if cases:
        advice = "Leave one row per patient in the file, or narrow the pattern of `patient_id` in cohort.yaml."
        rejected.add_cases(cases, rule="duplicate_patient", advice=advice, action="first value kept", file=file)
    return _pair_survival(values).groupby(level=0, sort=False).first()


def merge_tables(values: list[tuple[str, pd.DataFrame]], index: pd.Index, rejected: Rejections) -> pd.DataFrame:
    """Tables in the order declared; the first known value counts, and a table that differs from it is reported."""
    merged = empty_values(index)
    stacked = pd.concat([frame for _, frame in values if len(frame)] or [merged.iloc[:0]])
    first = _pair_survival(stacked).groupby(level=0, sort=False).first()
    for name in first.columns:
        merged[name] = first[name].reindex(index).astype(merged[name].dtype)
    for file, frame in values:
        for name in frame.columns:
            _report_disagreement(frame[name].dropna(), merged[name], file, rejected)
    return merged


def _known(values: pd.DataFrame, patient: object, name: str) -> list[object]:
    column: pd.Series = values[name]
    return list(dict.fromkeys(column[column.index == patient].dropna().tolist()))


def _pair_survival(values: pd.DataFrame) -> pd.DataFrame:
    """Blank half a survival where the patient has a whole one, so that time and event come from the same row."""
    if not {"os_days", "os_event"} <= set(values.columns):
        return values
    whole = values["os_days"].notna() & values["os_event"].notna()
    elsewhere = values.index.isin(values.index[whole])
    half = ~whole.to_numpy() & elsewhere
    paired = values.copy()
    paired.loc[half, "os_days"] = np.nan
    paired.loc[half, "os_event"] = pd.NA
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
    shown = [f"{patient}: {_plain(mine)}, here {_plain(other)}" for patient, mine, other in pairs]
    examples = "; ".join([*shown[:3], *(["..."] if len(shown) > 3 else [])])
    message = (
        f"{theirs.name} differs from the value kept for {len(shown):,} patient(s) ({examples}). "
        "If this file is the better source, name it earlier in cohort.yaml."
    )
    rejected.add(rule="sources_disagree", message=message, action="first value kept", file=file)


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
