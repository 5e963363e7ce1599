"""Compare survival above and below the median score. The tests themselves belong in `survival`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.survival import cox_univariate, log_rank

_COLUMNS = (
    "cut", "n_high", "n_low", "events_high", "events_low", "statistic", "p", "hr", "ci_low", "ci_high", "reason",
)  # fmt: skip


def median_split_survival(score: pd.Series, followed: pd.DataFrame) -> pd.DataFrame:
    """Compare survival between patients above and at or below the median score.

    Parameters
    ----------
    score
        Score by patient.
    followed
        ``time_days`` and ``event`` (1 observed, 0 censored) by patient.

    Returns
    -------
    pandas.DataFrame
        One row: cut (the median of the patients with follow-up), n_high, n_low, events_high, events_low, statistic and
        p (log-rank), hr, ci_low, ci_high (Cox, high against low), reason. No row without follow-up.
    """
    patients = followed.index.intersection(score.dropna().index, sort=True)
    rows = followed.loc[patients, ["time_days", "event"]].dropna()
    if rows.empty:
        return pd.DataFrame(columns=list(_COLUMNS))
    values = score.loc[rows.index]
    cut = float(values.median())
    rows["high"] = (values > cut).astype(np.float64)
    test = log_rank(rows["time_days"], rows["event"], rows["high"])
    cox = cox_univariate(rows, "time_days", "event", ["high"]).iloc[0]
    high = rows["high"] == 1
    row = {
        "cut": cut,
        "n_high": int(high.sum()),
        "n_low": int((~high).sum()),
        "events_high": int(rows.loc[high, "event"].sum()),
        "events_low": int(rows.loc[~high, "event"].sum()),
        "statistic": test.statistic,
        "p": test.p,
        "hr": cox["hr"],
        "ci_low": cox["ci_low"],
        "ci_high": cox["ci_high"],
        "reason": test.reason or cox["reason"],
    }
    return pd.DataFrame([row], columns=list(_COLUMNS))
