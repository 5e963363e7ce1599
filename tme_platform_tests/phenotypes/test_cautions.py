"""Separation of hot and cold, and reasons for caution about their names."""

import pandas as pd
import pytest

from tme_platform.phenotypes import (
    contradictions,
    fit_phenotypes,
    inflamed_share,
    number_of_clusters,
    one_cloud,
    separation,
)


def evidence(votes: dict[int, int], silhouette: float) -> pd.DataFrame:
    rows = [
        {"index_name": f"i{k}{number}", "k": k, "value": 1.0, "chosen": True}
        for k, count in votes.items()
        for number in range(count)
    ]
    return pd.DataFrame([*rows, {"index_name": "mean_silhouette", "k": 2, "value": silhouette, "chosen": True}])


def test_shares_are_of_the_squared_distance(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups)
    table = separation(model, toy_groups).set_index("population")
    difference = model.centroids.loc["A"] - model.centroids.loc["B"]
    assert table["share"].sum() == pytest.approx(1)
    assert table.loc["Fibroblasts", "share"] == pytest.approx(difference["Fibroblasts"] ** 2 / (difference**2).sum())
    assert table["share"].is_monotonic_decreasing
    assert set(table.index[table["inflamed"]]) == {"CD8 T cells", "B cells", "NK cells"}


def test_an_adaptive_population_lower_in_hot_is_not_inflamed(
    toy_scores: pd.DataFrame, toy_groups: dict[str, str]
) -> None:
    groups = toy_groups | {"Mast cells": "adaptive"}
    table = separation(fit_phenotypes(toy_scores, groups), groups).set_index("population")
    assert table.loc["Mast cells", "difference"] < 0
    assert not table.loc["Mast cells", "inflamed"]


def test_the_distance_of_other_populations_is_named() -> None:
    # METABRIC by CIBERSORT: M0 macrophages against resting mast cells
    table = pd.DataFrame(
        {
            "population": ["M0", "Mast cells resting", "CD8"],
            "difference": [1.6, -1.1, 0.4],
            "share": [0.6, 0.3, 0.1],
            "inflamed": [False, False, True],
        }
    )
    found = inflamed_share(table.iloc[::-1])
    assert found.value == pytest.approx(0.1)
    assert "10 % of the squared distance" in found.caution
    assert "M0 (higher in hot, 60 %), Mast cells resting (lower in hot, 30 %)" in found.caution
    assert inflamed_share(table.assign(inflamed=[True, False, False])).caution == ""


@pytest.mark.parametrize(
    ("votes", "said"),
    [
        ({2: 12, 6: 3}, ""),
        ({2: 3, 6: 12}, "3 of 15 indices choose 2 clusters, but most (12) choose 6"),
        ({2: 7, 4: 7, 8: 1}, "7 of 15 indices choose 2 clusters, as many as choose 4"),
        ({6: 5}, "0 of 5 indices choose 2 clusters, but most (5) choose 6"),
    ],
)
def test_vote_and_number_of_clusters(votes: dict[int, int], said: str) -> None:
    found = {caution.topic: caution for caution in number_of_clusters(evidence(votes, 0.4), 2)}
    assert found["number_of_clusters"].caution == said
    assert found["silhouette"].caution == ""


def test_a_low_silhouette_is_a_reason_for_caution() -> None:
    found = {caution.topic: caution for caution in number_of_clusters(evidence({2: 9}, 0.16), 2)}
    assert "0.16" in found["silhouette"].caution


def test_one_cloud_needs_every_measure_inside_its_interval() -> None:
    table = pd.DataFrame({"measure": ["silhouette", "gap"], "value": [0.3, 1.0], "null_high": [0.3, 1.1]})
    (found,) = one_cloud(table)
    assert "no evidence of separate clusters" in found.caution
    (above,) = one_cloud(table.assign(value=[0.3, 1.2]))
    assert above.caution == ""
    assert list(one_cloud(table.head(0))) == []


def described(family: str, variable: str, hot: float, cold: float, fdr: float = 0.01) -> pd.DataFrame:
    return pd.DataFrame(
        {"family": family, "variable": variable, "phenotype": ["hot", "cold"], "median": [hot, cold], "fdr": fdr}
    )


@pytest.mark.parametrize(
    ("family", "variable", "hot", "cold"),
    [
        ("purity", "purity_absolute", 0.7, 0.5),
        ("checkpoint_genes", "PDCD1", 1.0, 2.0),
        ("yardsticks", "leukocyte_fraction", 0.1, 0.3),
    ],
)
def test_yardsticks_that_contradict_the_label(family: str, variable: str, hot: float, cold: float) -> None:
    (found,) = contradictions(described(family, variable, hot, cold))
    assert variable in found.caution
    (agreed,) = contradictions(described(family, variable, cold, hot))
    assert agreed.caution == ""
    (unknown,) = contradictions(described(family, variable, hot, cold, fdr=0.2))
    assert unknown.caution == ""
