"""Feature filters of the pipeline, fitted inside every fold. They are plain classes that skops can store.

The order of steps and the classifier belong in `pipeline`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from tme_platform.signature.forest import Forest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class AgreementFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the features on which readers agree; all if `kept` is None.

    Parameters
    ----------
    kept
        Names of the features that passed the agreement (ICC) filter of the reading study.
    """

    def __init__(self, kept: Sequence[str] | None = None) -> None:
        self.kept = kept

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the kept features among the columns; raise ValueError if there are none."""
        matrix = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        if self.kept is None:
            self.support_ = np.ones(matrix.shape[1], dtype=bool)
        else:
            self.support_ = np.isin(np.asarray(self.feature_names_in_, dtype=str), np.asarray(self.kept, dtype=str))
        if not self.support_.any():
            raise ValueError(
                "none of the features passed the agreement filter: compare the names in `kept` with the table's columns"
            )
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return np.asarray(self.support_)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - scikit-learn has no types
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class RedundancyFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Drop constant features, and all but the first of each group of correlated features.

    Parameters
    ----------
    max_correlation
        A feature is dropped if its absolute Spearman correlation with an earlier kept one exceeds this.
    """

    def __init__(self, max_correlation: float = 0.95) -> None:
        self.max_correlation = max_correlation

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the features to keep; raise ValueError if all are constant."""
        matrix = validate_data(self, X, dtype=np.float64)
        varying = np.flatnonzero(np.ptp(matrix, axis=0) > 0)
        if varying.size == 0:
            raise ValueError("every feature is constant over the training patients: check the feature table")
        ranks = rankdata(matrix[:, varying], axis=0)
        ranks -= ranks.mean(axis=0)
        ranks /= np.sqrt((ranks**2).sum(axis=0))
        # the tolerance keeps exact copies when the limit is 1, whatever the rounding error
        close = np.abs(ranks.T @ ranks) > self.max_correlation + 1e-12
        kept = np.ones(varying.size, dtype=bool)
        for i in range(varying.size):
            if kept[i]:
                kept[i + 1 :] &= ~close[i, i + 1 :]
        self.support_ = np.zeros(matrix.shape[1], dtype=bool)
        self.support_[varying[kept]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return np.asarray(self.support_)


class TopFeatures(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the features that matter most for the outcome.

    Parameters
    ----------
    method
        "importance": impurity importance in a forest of `n_trees`; "univariate": distance of the univariate AUC
        from 0.5; "none": keep all.
    n_top
        Number of features to keep.
    n_trees, seed
        Settings of the forest.
    """

    def __init__(self, method: str = "importance", n_top: int = 20, n_trees: int = 50, seed: int = 0) -> None:
        self.method = method
        self.n_top = n_top
        self.n_trees = n_trees
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Rank the features on the training patients."""
        matrix, outcome = validate_data(self, X, y, dtype=np.float64)
        if self.method == "none" or matrix.shape[1] <= self.n_top:
            self.support_ = np.ones(matrix.shape[1], dtype=bool)
            return self
        positive = outcome == outcome.max()
        if self.method == "importance":
            forest = Forest.fit(
                matrix, positive, n_trees=self.n_trees, max_features="sqrt", balanced=True, seed=self.seed
            )
            importance = forest.importances()
        else:
            mean_rank = rankdata(matrix, axis=0)[positive].mean(axis=0)
            importance = np.abs(mean_rank - (len(positive) + 1) / 2)
        self.support_ = np.zeros(matrix.shape[1], dtype=bool)
        self.support_[np.argsort(-importance, kind="stable")[: self.n_top]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return np.asarray(self.support_)
