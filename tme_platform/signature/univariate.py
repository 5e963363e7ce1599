"""Each feature alone against the phenotype. Choosing features belongs in `transformers`, inside the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.evaluation import auc_from_estimate, placements, variance
from tme_platform.signature.training import training_table
from tme_platform.statistics import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_COLUMNS = (
    "feature", "n", "n_hot", "mean_hot", "mean_cold", "median_hot", "median_cold", "auc", "ci_low", "ci_high", "p",
    "fdr", "kept", "reason",
)  # fmt: skip


def feature_univariate(
    features: pd.DataFrame, labels: pd.Series, *, kept_features: Iterable[str] | None = None
) -> pd.DataFrame:
    """Compare each candidate feature between hot and cold tumours.

    Parameters
    ----------
    features, labels, kept_features
        As for `train_signature`.

    Returns
    -------
    pandas.DataFrame
        One row per feature, the smallest p first: feature, n, n_hot (patients with a value), mean and median in hot and
        in cold, auc (above 0.5 if values are higher in hot) with its 95 % interval, p (Wilcoxon's rank-sum test,
        R's ``wilcox.test(exact = FALSE)``), fdr
        (Benjamini-Hochberg over all features, agreed or not), kept (by the agreement filter), reason.
    """
    from scipy.stats import mannwhitneyu

    table, positive = training_table(features, labels)
    kept = set(table.columns) if kept_features is None else set(kept_features)
    rows = []
    for name, column in table.items():
        known = column.notna().to_numpy()
        values, hot = column.to_numpy()[known], positive[known]
        row: dict[str, object] = {"feature": name, "n": hot.size, "n_hot": int(hot.sum()), "kept": name in kept}
        for side, members in (("hot", hot), ("cold", ~hot)):
            if members.any():
                row |= {f"mean_{side}": values[members].mean(), f"median_{side}": np.median(values[members])}
        if reason := _not_testable(values, hot):
            row["reason"] = reason
        else:
            cases, controls = placements(hot, values)
            se = float(np.sqrt(variance(cases, controls)))
            area = auc_from_estimate(float(cases.mean()), se, hot.size, int(hot.sum()))
            row |= {"auc": area.auc, "ci_low": area.ci_low, "ci_high": area.ci_high, "reason": area.reason}
            row["p"] = float(mannwhitneyu(values[hot], values[~hot], method="asymptotic").pvalue)
        rows.append(row)
    found = pd.DataFrame(rows).reindex(columns=list(_COLUMNS))
    found["fdr"] = benjamini_hochberg(found["p"].to_numpy(dtype=np.float64))
    return found.sort_values(["p", "feature"], ignore_index=True)


def _not_testable(values: NDArray[np.float64], hot: NDArray[np.bool_]) -> str:
    if hot.size == 0 or hot.all() or not hot.any():
        return "only one phenotype has values"
    return "all values are the same" if np.ptp(values) == 0 else ""
