"""Numbers at risk, the table below a Kaplan-Meier plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tme_platform.survival.observations import Vector, usable_observations


def at_risk_table(time: Vector, event: Vector, group: Vector, times: Sequence[float]) -> pd.DataFrame:
    """Count by group who is still followed just before each of the `times`.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``time``, ``at_risk``, ``events`` and ``censored`` before the time. Rows that cannot be used are
        counted in ``attrs["n_dropped"]``.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    seen = usable_observations(time, event, group)
    groups = np.asarray(group)[seen.kept]
    rows = []
    for name in pd.Index(groups).unique().sort_values():
        own, own_event = seen.time[groups == name], seen.event[groups == name]
        for at in times:
            gone = own < at
            rows.append((name, at, int((~gone).sum()), int((gone & own_event).sum()), int((gone & ~own_event).sum())))
    result = pd.DataFrame(rows, columns=["group", "time", "at_risk", "events", "censored"])
    result.attrs["n_dropped"] = seen.n_dropped
    return result
