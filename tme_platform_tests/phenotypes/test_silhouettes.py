import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from tme_platform.phenotypes import kmeans_partitions, silhouette_by_k, silhouette_by_sample


def cloud(n: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(3)
    values = random.normal(size=(n, 4)) + np.repeat([[0.0], [2.5]], n // 2, axis=0)
    return pd.DataFrame(values, index=[f"P{at}" for at in range(n)])


def test_equals_scikit_learn_and_averages_to_the_mean() -> None:
    data = cloud()
    partitions = kmeans_partitions(data, 2, 4, n_init=5)
    found = silhouette_by_sample(data, partitions.sample(frac=1, random_state=1))
    assert sorted(found["k"].unique()) == [2, 3, 4, 5]
    for k, rows in found.groupby("k"):
        labels = partitions.loc[rows.index, f"k{k}"].astype(int)
        assert (rows["cluster"] == labels).all()
        np.testing.assert_allclose(rows["width"], silhouette_samples(data.loc[rows.index], labels), atol=1e-12)
    means = silhouette_by_k(data, partitions)
    np.testing.assert_allclose(found.groupby("k")["width"].mean(), means.loc[2:], atol=1e-12)


def test_partitions_with_missing_labels_are_left_out() -> None:
    data = pd.DataFrame({"x": [0.0, 1.0, 10.0]})
    partitions = pd.DataFrame({"k1": 1, "k2": [1, 1, 2], "k3": pd.array([pd.NA] * 3, dtype="Int64")})
    found = silhouette_by_sample(data, partitions)
    assert found["width"].tolist() == pytest.approx([0.9, 8 / 9, 0.0])
    assert silhouette_by_sample(data, partitions[["k1", "k3"]]).empty
