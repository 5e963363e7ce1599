"""The compiled forest is scikit-learn's, bit for bit."""

import platform

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from tme_platform.signature.forest import CompiledForest, Forest

same = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other rounding of sums of products")


def _table(n, seed):
    """Numbers, whole numbers with many ties, a constant, two classes in one column, and almost the same values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 9))
    x[:, 2], x[:, 3], x[:, 4] = 1.0, x[:, 3] > 1, x[:, 4].round()
    x[:, 5] = 1 + rng.integers(0, 4, n) * 4e-8
    return x, rng.random(n) < 0.3 + 0.2 * (x[:, 0] > 0)


@same
@pytest.mark.parametrize("max_features", ["sqrt", "log2", 0.5, 1.0])
@pytest.mark.parametrize("min_samples_leaf", [1, 5])
@pytest.mark.parametrize("class_weight", ["balanced", None])
def test_scores_and_importances_equal_scikit_learn(max_features, min_samples_leaf, class_weight):
    for n, seed in ((25, 0), (72, 1), (300, 2)):
        x, positive = _table(n, seed)
        settings = {
            "n_estimators": 12, "max_features": max_features, "min_samples_leaf": min_samples_leaf,
            "class_weight": class_weight, "random_state": 2024 + seed,
        }  # fmt: skip
        expected = RandomForestClassifier(**settings).fit(x, positive)
        found = CompiledForest(**settings).fit(x, positive)
        elsewhere = _table(40, 9)[0]
        np.testing.assert_array_equal(found.predict_proba(elsewhere)[:, 1], expected.predict_proba(elsewhere)[:, 1])
        np.testing.assert_array_equal(found.feature_importances_, expected.feature_importances_)
        np.testing.assert_array_equal(found.classes_, expected.classes_)


@same
def test_trees_without_a_split_equal_scikit_learn():
    x, positive = np.ones((30, 2)), np.arange(30) < 8
    expected = RandomForestClassifier(5, class_weight="balanced", random_state=1).fit(x, positive)
    found = CompiledForest(5, class_weight="balanced", random_state=1).fit(x, positive)
    np.testing.assert_array_equal(found.predict_proba(x)[:, 1], expected.predict_proba(x)[:, 1])
    np.testing.assert_array_equal(found.feature_importances_, [0, 0])


@pytest.mark.parametrize("value", [np.nan, 1e39])
def test_values_that_a_tree_cannot_compare_are_refused(value):
    x, positive = _table(20, 0)
    x[3, 0] = value
    with pytest.raises(ValueError, match="missing values or values too large"):
        Forest.fit(x, positive, n_trees=2, max_features="sqrt", balanced=False, seed=0)
