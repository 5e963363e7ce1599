"""AUC of repeated cross-validation. The AUC of one score per patient belongs in ``evaluation``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tme_platform.evaluation import (
    auc_from_estimate,
    auc_from_placements,
    comparison_from_estimates,
    placements,
    variance,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from tme_platform.evaluation import AucComparison, DeLongAuc


def within_fold_auc(out_of_fold: pd.DataFrame) -> DeLongAuc:
    """Estimate the AUC of one trained model from repeated cross-validation.

    Only patients of the same fold are compared, since only they were scored by the same model. The AUC and DeLong's
    variance are means over repeats, so more repeats stabilise the estimate without narrowing the interval. (Averaging
    each patient's scores or placements first does narrow it: in 120 simulated null cohorts of 94 patients, such 95 %
    intervals covered 0.5 in 84 to 87 % of cohorts, and these in 94 %.)

    Parameters
    ----------
    out_of_fold
        One row per patient and repeat with columns patient_id, repeat, fold, hot (bool), score.

    Returns
    -------
    DeLongAuc
        `n` counts patients, not rows. `p` is against 0.5.

    References
    ----------
    LeDell, Petersen & van der Laan 2015, Electron J Stat 9:1583 (cross-validated AUC and its influence curve);
    DeLong et al. 1988, Biometrics 44:837.
    """
    repeats = [auc_from_placements(*_placements(rows)) for _, rows in out_of_fold.groupby("repeat", sort=True)]
    auc = float(np.mean([repeat.auc for repeat in repeats]))
    se = float(np.sqrt(np.mean([repeat.se**2 for repeat in repeats])))
    return auc_from_estimate(auc, se, repeats[0].n, repeats[0].n_positive)


def compare_within_fold(out_of_fold_a: pd.DataFrame, out_of_fold_b: pd.DataFrame) -> AucComparison:
    """Compare two models that were cross-validated on the same patients in the same folds (paired, two-sided).

    Parameters
    ----------
    out_of_fold_a, out_of_fold_b
        As for `within_fold_auc`. The same patients, fold settings and seed give the same folds.

    Returns
    -------
    AucComparison
        The difference is the mean over repeats, its variance the mean of DeLong's paired variances.

    Raises
    ------
    ValueError
        If patients or folds differ.
    """
    keys = ["repeat", "fold", "patient_id", "hot"]
    a = out_of_fold_a.sort_values(keys[:3], ignore_index=True)
    b = out_of_fold_b.sort_values(keys[:3], ignore_index=True)
    if not a[keys].equals(b[keys]):
        raise ValueError(
            "the two models were not cross-validated on the same patients in the same folds: train both with the same "
            "n_splits, n_repeats and seed"
        )
    aucs, variances = [], []
    for repeat, rows in a.groupby("repeat", sort=True):
        cases_a, controls_a = _placements(rows)
        cases_b, controls_b = _placements(b[b["repeat"] == repeat])
        aucs.append((cases_a.mean(), cases_b.mean()))
        variances.append(variance(cases_a - cases_b, controls_a - controls_b))
    auc_a, auc_b = np.mean(aucs, axis=0)
    return comparison_from_estimates(
        float(auc_a), float(auc_b), float(np.sqrt(np.mean(variances))), a["patient_id"].nunique()
    )


def _placements(rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Placements of one repeat, among patients of the same fold."""
    folds = [
        placements(fold["hot"].to_numpy(dtype=bool), fold["score"].to_numpy(dtype=float))
        for _, fold in rows.groupby("fold", sort=True)
    ]
    return np.concatenate([cases for cases, _ in folds]), np.concatenate([controls for _, controls in folds])
