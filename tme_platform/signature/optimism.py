"""Bootstrap estimates of the optimism of the apparent AUC.

The AUC to rely on is that of cross-validation, in `training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.evaluation import placements
from tme_platform.signature.parallel import delayed, in_processes, no_report
from tme_platform.signature.search import agreed_features, fit_first
from tme_platform.signature.training import training_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings


def optimism_corrected_auc(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_bootstrap: int = 50,
    n_jobs: int = -1,
    report: Callable[[int, int], None] = no_report,
) -> pd.DataFrame:
    """Correct the apparent AUC for optimism.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`; the whole pipeline is refitted in every resample, with the first candidate
        of the grid.
    n_bootstrap
        Resamples, drawn within hot and within cold.
    report
        Called with the number of fits that are done, and of all.

    Returns
    -------
    pandas.DataFrame
        Columns metric, value, method, with the rows

        - ``apparent``: fitted and measured on all patients;
        - ``optimism`` and ``optimism_corrected``: Harrell et al. 1996, Stat Med 15:361. A forest overfits its
          patients, and a resample holds 63 % of them: the correction is too small for forests, as `method` states;
        - ``left_out``: mean AUC on the patients a resample left out, pessimistic by the smaller training set;
        - ``632plus``: Efron & Tibshirani 1997, JASA 92:548, with 0.5 as the no-information value.
    """
    table, positive = training_table(features, labels)
    known = agreed_features(table, None if kept_features is None else tuple(sorted(kept_features))).matrix
    rng = np.random.default_rng(settings.seed)
    sides = (np.flatnonzero(positive), np.flatnonzero(~positive))
    resamples = [np.concatenate([rng.choice(side, side.size) for side in sides]) for _ in range(n_bootstrap)]
    run = delayed(_measure)
    everybody = np.arange(positive.size)
    calls = [run(known, positive, settings, rows) for rows in [everybody, *resamples]]
    (apparent, *_), *done = in_processes(calls, n_jobs, report)
    in_sample, original, left_out = (np.asarray(column) for column in zip(*done, strict=True))
    optimism = float((in_sample - original).mean())
    outside = float(np.nanmean(left_out))
    harrell = f"Harrell, {n_bootstrap} resamples"
    if settings.model not in ("ridge", "logistic"):
        harrell += "; too small a correction for models that remember their patients"
    rows = [
        ("apparent", apparent, "fitted and measured on the same patients"),
        ("optimism", optimism, harrell),
        ("optimism_corrected", apparent - optimism, harrell),
        ("left_out", outside, f"patients left out by {n_bootstrap} resamples"),
        ("632plus", _plus(apparent, outside), f".632+, {n_bootstrap} resamples"),
    ]
    return pd.DataFrame(rows, columns=["metric", "value", "method"])


def _measure(
    features: NDArray[np.float64],
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    rows: NDArray[np.int64],
) -> tuple[float, float, float]:
    """AUC on the resample, on all patients, and on those the resample left out."""
    model = fit_first(features[rows], positive[rows], settings)
    scores = model.predict_proba(features)[:, 1]
    outside = np.setdiff1d(np.arange(positive.size), rows)
    return tuple(_auc(positive[chosen], scores[chosen]) for chosen in (rows, np.arange(positive.size), outside))  # type: ignore[return-value]


def _auc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    return float(placements(positive, scores)[0].mean())


def _plus(apparent: float, outside: float) -> float:
    bounded = max(outside, 0.5)
    overfitting = (apparent - bounded) / (apparent - 0.5) if apparent > bounded else 0.0
    weight = 0.632 / (1 - 0.368 * overfitting)
    return (1 - weight) * apparent + weight * bounded
