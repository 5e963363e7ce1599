"""Labels by other definitions."""

import pandas as pd
import pytest

from tme_platform.phenotypes import assign_phenotypes, fit_phenotypes, label_by, scale_scores, silhouette_by_k


def test_a_definition_gives_the_labels_of_its_model(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    for scaling in ("within_sample", "over_cohort"):
        found = label_by(toy_scores, toy_groups, scaling=scaling, k=2, seed=4)
        model = fit_phenotypes(toy_scores, toy_groups, seed=4, scaling=scaling)
        labels = assign_phenotypes(model, toy_scores)["phenotype"]
        pd.testing.assert_series_equal(found.phenotype, labels)
        partition = pd.DataFrame({"k2": labels.map({"hot": 1, "cold": 2}).astype("Int64")})
        assert found.silhouette == pytest.approx(silhouette_by_k(scale_scores(toy_scores, scaling), partition)[2])


def test_the_number_of_clusters_can_be_voted(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    found = label_by(toy_scores, toy_groups, scaling="within_sample", k_max=4, n_init=5)
    assert found.k == 2
    assert found.phenotype.value_counts().to_dict() == {"cold": 40, "hot": 20}


def test_sets_without_groups_are_named_by_another_definition(
    toy_scores: pd.DataFrame, toy_groups: dict[str, str]
) -> None:
    main = label_by(toy_scores, toy_groups, scaling="within_sample", k=2).phenotype
    unnamed = toy_scores.rename(index=lambda name: f"HALLMARK_{name}")
    found = label_by(unnamed, dict.fromkeys(unnamed.index, None), scaling="within_sample", k=2, like=main.iloc[::-1])
    pd.testing.assert_series_equal(found.phenotype, main, check_names=False)
    three = label_by(unnamed, {}, scaling="within_sample", k=3, like=main).phenotype
    assert set(three) == {"hot", "intermediate", "cold"}
    with pytest.raises(ValueError, match="name the clusters by another definition"):
        label_by(unnamed, {}, scaling="within_sample", k=2)
