"""Code clinical variables as the terms of a Cox model. Fitting it belongs in `adjusted`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

YEARS = 10.0
"""Age is per decade."""
_NUMERALS = {"0": 0.0, "I": 1.0, "II": 2.0, "III": 3.0, "IV": 4.0}


def clinical_terms(
    clinical: pd.DataFrame, event: pd.Series, names: Sequence[str], *, min_events: int = 5
) -> dict[str, pd.DataFrame]:
    """Code clinical variables as numeric columns, missing where the variable is.

    Age is per ten years, stage and grade are per step (stages without their letter), other numbers per standard
    deviation. Categories become one column for each level except the most frequent one. Levels with fewer than
    `min_events` events are pooled as ``other``; if that has too few as well, its patients count as missing.

    Parameters
    ----------
    clinical
        Patients x clinical columns.
    event
        1, 0 or missing by patient, in the same order.
    names
        Variables, in the order of the result; those that are not recorded or constant are left out.
    min_events
        Smallest number of events of a level.

    Returns
    -------
    dict
        By variable its columns, such as ``age_years, per 10 years`` or ``pam50: Basal against LumA``.
    """
    found = {}
    for name in names:
        if name not in clinical or clinical[name].notna().sum() == 0:
            continue
        values = clinical[name]
        if name == "age_years":
            terms = (values.astype("float64") / YEARS).to_frame(f"{name}, per {YEARS:g} years")
        elif name == "stage":
            terms = (
                values.astype("object").str.rstrip("ABC").map(_NUMERALS).astype("float64").to_frame("stage, per step")
            )
        elif name == "grade":
            terms = values.astype("float64").to_frame("grade, per step")
        elif pd.api.types.is_numeric_dtype(values):
            numbers = values.astype("float64")
            terms = ((numbers - numbers.mean()) / numbers.std()).to_frame(f"{name}, per standard deviation")
        else:
            terms = _levels(name, values.astype("object"), event, min_events)
        if terms.shape[1] and (terms.max() > terms.min()).all():
            found[name] = terms
    return found


def _levels(name: str, values: pd.Series, event: pd.Series, min_events: int) -> pd.DataFrame:
    events = event.groupby(values).sum()
    rare = list(events.index[events < min_events])
    pooled = values.where(~values.isin(rare), "other" if events[rare].sum() >= min_events else np.nan)
    counts = pooled.value_counts()
    if len(counts) < 2:
        return pd.DataFrame(index=values.index)
    reference = counts.index[0]
    others = sorted(str(level) for level in counts.index[1:])
    return pd.DataFrame(
        {
            f"{name}: {level} against {reference}": (pooled == level).astype("float64").where(pooled.notna())
            for level in others
        }
    )
