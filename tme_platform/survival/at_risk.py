"""Count patients at risk, for the table below a Kaplan-Meier plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tme_platform.statistics import Vector
from tme_platform.survival.observations import usable_observations


def at_risk_table(time: Vector, event: Vector, group: Vector, times: Sequence[float]) -> pd.DataFrame:
    """Count the patients of each group still at risk just before each of the `times`.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``time``, ``at_risk``, and ``events`` and ``censored`` before that time. ``attrs["n_dropped"]`` is
        the number of unusable rows.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    usable = usable_observations(time, event, group)
    groups = np.asarray(group)[usable.kept]
    rows = []
    for name in pd.Index(groups).unique().sort_values():
        own, own_event = usable.time[groups == name], usable.event[groups == name]
        for at in times:
            gone = own < at
            rows.append((name, at, int((~gone).sum()), int((gone & own_event).sum()), int((gone & ~own_event).sum())))
    result = pd.DataFrame(rows, columns=["group", "time", "at_risk", "events", "censored"])
    result.attrs["n_dropped"] = usable.n_dropped
    return result
