"""A random forest for small tables, grown by compiled code. Growing a tree belongs in `trees`.

On a hundred patients scikit-learn spends twenty times as long on preparing each tree as on growing it, and the
evidence beside a signature takes hundreds of thousands of trees. The forest here gives the same scores and importances
as `sklearn.ensemble.RandomForestClassifier`, bit for bit on x86-64, so that it can stand for the stored signature in
cross-validation. The signature itself is scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from tme_platform.signature.trees import Trees, add_decrease, add_shares, grow

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_MAX_SEED = np.iinfo(np.int32).max
"""Bound of the seeds of trees and of the first states of their generators."""


@dataclass(frozen=True)
class Forest:
    """A fitted forest of two classes."""

    trees: Trees
    n_features: int

    @classmethod
    def fit(
        cls,
        x: NDArray[np.float64],
        positive: NDArray[np.bool_],
        *,
        n_trees: int,
        max_features: str | float,
        min_samples_leaf: int = 1,
        balanced: bool,
        seed: int,
    ) -> Self:
        """Grow the forest.

        Parameters
        ----------
        x
            Patients x features, without missing values.
        positive
            Class of each patient; both occur.
        n_trees, max_features, min_samples_leaf, seed
            As for scikit-learn's forest, ``sqrt`` and ``log2`` of the number of features among them.
        balanced
            Whether the bootstrap draws both classes as often (scikit-learn's ``class_weight="balanced"``).

        Raises
        ------
        ValueError
            A value is missing, or infinite in single precision.
        """
        values = _single_precision(x)
        n, width = values.shape
        chances, drawn, states = _random_numbers(seed, n_trees, n)
        if balanced:
            drawn = np.searchsorted(_cumulative_weights(positive), chances, side="right")
        times = np.zeros((n_trees, n), dtype=np.int64)
        np.add.at(times, (np.arange(n_trees)[:, None], drawn), 1)
        columns = np.ascontiguousarray(values.T)
        order = columns.argsort(axis=1)
        trees = Trees.empty(n_trees, n)
        grow(columns, order, positive, times, states, _tried(max_features, width), min_samples_leaf, trees)
        return cls(trees, width)

    def scores(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean share of positive patients in the leaves of each patient (patients x features)."""
        sums = np.zeros(len(x))
        add_shares(_single_precision(x), self.trees, sums)
        return sums / self.trees.n_nodes.size

    def importances(self) -> NDArray[np.float64]:
        """Return the share of each feature in the decrease of impurity, a mean over the trees with a split."""
        decrease = np.zeros((self.trees.n_nodes.size, self.n_features))
        add_decrease(self.trees, decrease)
        decrease = (decrease / self.trees.weight[:, :1])[self.trees.n_nodes > 1]
        if not len(decrease):
            return np.zeros(self.n_features)
        sums = decrease.sum(axis=1, keepdims=True)
        mean = np.mean(np.divide(decrease, sums, out=decrease, where=sums > 0), axis=0)
        importances: NDArray[np.float64] = mean / mean.sum()
        return importances


class CompiledForest(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """`Forest` with the interface of scikit-learn's forest, for a pipeline. Parameters are those of `Forest.fit`."""

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        max_features: str | float = "sqrt",
        min_samples_leaf: int = 1,
        class_weight: Literal["balanced"] | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Grow the forest; of the two classes, the larger one is positive."""
        self.classes_, coded = np.unique(y, return_inverse=True)
        self.forest_ = Forest.fit(
            np.asarray(X, dtype=np.float64),
            coded == 1,
            n_trees=self.n_estimators,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            balanced=self.class_weight == "balanced",
            seed=self.random_state,
        )
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores of both classes."""
        scores = self.forest_.scores(np.asarray(X, dtype=np.float64))
        return np.column_stack([1 - scores, scores])

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """Importance of each feature, see `Forest.importances`."""
        return self.forest_.importances()


def _single_precision(x: NDArray[np.float64]) -> NDArray[np.float32]:
    """The values as trees compare them."""
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(x, dtype=np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a feature has missing values or values too large for a forest: impute or rescale them first")
    return values


def _tried(max_features: str | float, width: int) -> int:
    """Number of features that a split tries."""
    if isinstance(max_features, str):
        return max(1, int(np.sqrt(width) if max_features == "sqrt" else np.log2(width)))
    return max(1, int(max_features * width))


def _cumulative_weights(positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Cumulative probability with which each patient is drawn, if each class is to be drawn as often as the other."""
    n, n_positive = positive.size, int(positive.sum())
    weights = np.where(positive, n / (2 * n_positive), n / (2 * (n - n_positive)))
    cumulative = (weights / weights.sum()).cumsum()
    return np.asarray(cumulative / cumulative[-1], dtype=np.float64)


@lru_cache(maxsize=16)
def _random_numbers(
    seed: int, n_trees: int, n: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The random numbers of each tree: chances of a weighted bootstrap, patients of a plain one, generator's state.

    They depend on nothing but the seed, so all folds of a size share them.
    """
    legacy = np.random.RandomState  # scikit-learn's stream
    seeds = legacy(seed).randint(_MAX_SEED, size=n_trees)
    chances = np.array([legacy(one).random_sample(n) for one in seeds])
    patients = np.array([legacy(one).randint(0, n, n) for one in seeds], dtype=np.int64)
    return chances, patients, np.array([legacy(one).randint(0, _MAX_SEED) for one in seeds], dtype=np.int64)
