"""Log-rank tests of many labellings of the same patients, corrected for searching among them.

The test of a single labelling belongs in `log_rank`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector
from tme_platform.survival.observations import usable_observations

_BATCH = 250
"""Permutations at once; bounds the memory."""


def searched_log_rank(
    time: Vector,
    event: Vector,
    labellings: Mapping[str, pd.Series],
    *,
    permutations: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Test each labelling by the log-rank test, and correct for taking the smallest p (Westfall & Young 1993, min-p).

    Follow-up is permuted among all patients, the labels stay as they are, and the smallest p over the labellings is
    noted. The corrected p of a labelling is (1 + permutations whose smallest p is at most its own) /
    (permutations + 1).
    Because the labellings resemble each other, this is less strict than Bonferroni's correction.

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 if the event was observed, 0 if censored.
    labellings
        By name the group of each row, in the same order; missing for rows that the labelling does not compare.
    permutations, seed
        Number of permutations and their seed.

    Returns
    -------
    pandas.DataFrame
        One row per labelling: ``labelling``, ``n``, ``p`` and ``p_corrected``; NaN if its groups cannot be compared.
        ``attrs["n_dropped"]`` is the number of rows without usable follow-up.

    Raises
    ------
    ValueError
        If the inputs differ in length, or an event is neither 0 nor 1.
    """
    usable = usable_observations(time, event)
    codes = {}
    for name, labels in labellings.items():
        if len(labels) != len(usable.kept):
            raise ValueError(f"The labelling {name} has {len(labels)} rows, the follow-up {len(usable.kept)}.")
        codes[name] = pd.factorize(np.asarray(labels, dtype=object)[usable.kept], sort=True)[0]
    order = np.argsort(usable.time, kind="stable")
    times, events = usable.time[order], usable.event[order]
    observed = np.array([_p_values(times, events, code[order][:, None])[0] for code in codes.values()])
    generator = np.random.default_rng(seed)
    at_most = np.zeros(len(codes))
    tested = ~np.isnan(observed)
    for start in range(0, permutations if tested.any() else 0, _BATCH):
        size = min(_BATCH, permutations - start)
        rows = np.column_stack([generator.permutation(len(times)) for _ in range(size)])
        drawn = np.array([_p_values(times, events, code[rows]) for code in codes.values()])
        smallest = np.where(np.isnan(drawn), 1.0, drawn)[tested].min(axis=0)
        at_most += (smallest[None, :] <= observed[:, None] * (1 + 1e-9)).sum(axis=1)
    corrected = np.where(tested, (1 + at_most) / (permutations + 1), np.nan)
    result = pd.DataFrame(
        {
            "labelling": list(codes),
            "n": [int((code >= 0).sum()) for code in codes.values()],
            "p": observed,
            "p_corrected": corrected,
        }
    )
    result.attrs["n_dropped"] = usable.n_dropped
    return result


def _p_values(time: NDArray[np.float64], event: NDArray[np.bool_], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Log-rank p of each column of `codes` (rows by increasing time x columns; -1 is in no group)."""
    from scipy.stats import chi2

    groups = range(int(codes.max(initial=-1)) + 1)
    if len(groups) < 2:
        return np.full(codes.shape[1], np.nan)
    first = np.searchsorted(time, np.unique(time[event]), side="left")
    deaths_of = np.searchsorted(np.unique(time[event]), time[event])
    members = [(codes == group).astype(np.float64) for group in groups]
    at_risk = np.stack([np.cumsum(one[::-1], axis=0)[::-1][first] for one in members])
    deaths = np.stack([_summed(one[event], deaths_of, len(first)) for one in members])
    n, d = at_risk.sum(axis=0), deaths.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(at_risk / n)
        spread = np.nan_to_num(d * (n - d) / (n - 1))
    excess = (deaths - share * d).sum(axis=1)
    kept = len(groups) - 1
    covariance = np.empty((codes.shape[1], kept, kept))
    for a in range(kept):
        for b in range(kept):
            covariance[:, a, b] = (spread * share[a] * ((a == b) - share[b])).sum(axis=0)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    statistic = np.einsum("ag,gab,bg->g", excess[:kept], inverse, excess[:kept])
    rank = np.linalg.matrix_rank(covariance, hermitian=True)
    return np.where(rank > 0, chi2.sf(statistic, np.maximum(rank, 1)), np.nan)


def _summed(values: NDArray[np.float64], position: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Sum of the rows at each position."""
    starts = np.searchsorted(position, np.arange(size))
    return np.asarray(np.add.reduceat(values, starts, axis=0))
