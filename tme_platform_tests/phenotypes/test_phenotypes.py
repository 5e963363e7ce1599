"""Naming clusters, keeping their names, and assigning other cohorts."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.phenotypes import (
    PhenotypeModel,
    PopulationScale,
    assign_phenotypes,
    compare_labels,
    fit_phenotypes,
    scale_scores,
)


def test_inflamed_cluster_is_a_and_hot(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups)
    assert model.phenotype == {"A": "hot", "B": "cold"}
    assert model.immune_populations == ("CD8 T cells", "B cells", "NK cells")
    labels = assign_phenotypes(model, toy_scores)
    assert list(labels["phenotype"]) == ["hot"] * 20 + ["cold"] * 40
    assert (labels["margin"] > 0).all()


def test_middle_of_three_clusters_is_intermediate(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    middle = toy_scores.copy()
    middle.iloc[:, 30:] = np.array([-0.5, -0.5, -0.5, 3.0, -0.5, -0.5])[:, None] + toy_scores.iloc[:, 30:] / 10
    model = fit_phenotypes(middle, toy_groups, k=3)
    assert model.phenotype == {"A": "hot", "B": "intermediate", "C": "cold"}
    immune = assign_phenotypes(model, middle).groupby("cluster")["immune_mean"].mean()
    assert immune.is_monotonic_decreasing


def test_distance_and_margin_match_the_centroids(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups)
    sample = toy_scores["P31"]
    scaled = (sample - sample.mean()) / sample.std()
    to = {c: float(np.sqrt(((scaled - model.centroids.loc[c]) ** 2).sum())) for c in "AB"}
    row = assign_phenotypes(model, toy_scores[["P31"]]).loc["P31"]
    assert row["cluster"] == "B"
    assert row["distance"] == pytest.approx(to["B"])
    assert row["margin"] == pytest.approx(to["A"] - to["B"])
    assert row["immune_mean"] == pytest.approx(sample[list(model.immune_populations)].mean())


def test_model_round_trips_through_its_table(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups, seed=4)
    table = model.to_frame()
    assert len(table) == 12
    restored = PhenotypeModel.from_frame(table.sort_values(["population", "cluster"]))
    assert (restored.phenotype, restored.k, restored.seed, restored.n_samples) == (model.phenotype, 2, 4, 60)
    assert set(restored.immune_populations) == set(model.immune_populations)
    pd.testing.assert_frame_equal(PhenotypeModel.from_frame(table).centroids, model.centroids)
    pd.testing.assert_frame_equal(assign_phenotypes(restored, toy_scores), assign_phenotypes(model, toy_scores))
    with pytest.raises(ValueError, match="Mast cells"):
        PhenotypeModel.from_frame(
            table.drop(table.index[(table["population"] == "Mast cells") & (table["cluster"] == "B")])
        )
    with pytest.raises(ValueError, match="centroid, k"):
        PhenotypeModel.from_frame(table.drop(columns=["centroid", "k"]))


def test_model_does_not_depend_on_row_or_column_order(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups)
    other = fit_phenotypes(toy_scores.iloc[::-1].sample(frac=1, axis=1, random_state=2), toy_groups)
    pd.testing.assert_frame_equal(other.centroids[list(model.populations)], model.centroids, check_names=False)


def test_labels_keep_their_meaning_as_the_cohort_grows(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    before = fit_phenotypes(toy_scores.iloc[:, 10:50], toy_groups)
    swapped = PhenotypeModel.from_frame(
        before.to_frame().assign(cluster=lambda f: f["cluster"].map({"A": "B", "B": "A"}))
    )
    grown = fit_phenotypes(toy_scores, toy_groups, previous=swapped)
    assert grown.phenotype == {"A": "cold", "B": "hot"}
    assert set(assign_phenotypes(grown, toy_scores)["cluster"].iloc[:20]) == {"B"}
    more = fit_phenotypes(toy_scores, toy_groups, k=3, previous=swapped)
    assert sorted(more.phenotype) == ["A", "B", "C"]
    assert sorted(more.phenotype.values()) == ["cold", "hot", "intermediate"]
    with pytest.raises(ValueError, match=r"other populations .*Mast cells"):
        fit_phenotypes(toy_scores.drop(index="Mast cells"), toy_groups, previous=before)


def test_unusable_input_is_rejected_and_unusable_samples_are_missing(
    toy_scores: pd.DataFrame, toy_groups: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="None of the 6 populations"):
        fit_phenotypes(toy_scores, {"Fibroblasts": "non_immune"})
    with pytest.raises(ValueError, match="not 1"):
        fit_phenotypes(toy_scores, toy_groups, k=1)
    model = fit_phenotypes(toy_scores, toy_groups)
    with pytest.raises(ValueError, match="lack 2 of the model's 6 populations: B cells, Fibroblasts"):
        assign_phenotypes(model, toy_scores.drop(index=["B cells", "Fibroblasts"]))
    flat = toy_scores[["P00", "P01"]].assign(P01=1.0)
    labels = assign_phenotypes(model, flat)
    assert labels.loc["P01"].isna().all()
    assert labels.loc["P00", "phenotype"] == "hot"
    assert fit_phenotypes(toy_scores.assign(P59=1.0), toy_groups).n_samples == 59


def test_unknown_populations_do_not_affect_the_scaling(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    model = fit_phenotypes(toy_scores, toy_groups)
    extra = pd.concat([toy_scores, toy_scores.iloc[[0]].rename(index=lambda _: "Platelets") * 9])
    pd.testing.assert_frame_equal(assign_phenotypes(model, extra), assign_phenotypes(model, toy_scores))


def test_compare_labels_by_hand() -> None:
    previous = pd.Series(list("AAABBBX"), index=list("abcdefx"))
    current = pd.Series(["A", "A", "B", "B", "B", "B", "A", None], index=[*"abcdef", "new", "x"])
    change = compare_labels(previous, current)
    # of 15 pairs 4 are together in both, 6 in the first, 7 in the second: (4 - 6 * 7 / 15) / ((6 + 7) / 2 - 6 * 7 / 15)
    assert change.ari == pytest.approx((4 - 2.8) / (6.5 - 2.8), abs=1e-12)
    assert change.n_common == 6
    assert change.share_moved == pytest.approx(1 / 6)
    assert change.moved.to_dict("index") == {"c": {"previous": "A", "current": "B"}}


def test_compare_swapped_and_disjoint_labels() -> None:
    labels = pd.Series(list("AABB"), index=list("abcd"))
    swapped = compare_labels(labels, labels.map({"A": "B", "B": "A"}))
    assert swapped.ari == 1.0
    assert swapped.share_moved == 1.0
    disjoint = compare_labels(labels, labels.rename(index=str.upper))
    assert np.isnan(disjoint.ari)
    assert disjoint.n_common == 0
    with pytest.raises(ValueError, match="previous labels contain patient a more than once"):
        compare_labels(labels.rename({"b": "a"}), labels)


def test_hot_has_more_immune_cells_despite_a_dominant_population(toy_groups: dict[str, str]) -> None:
    # fractions with 0.30 fibroblasts, or 0.05 and twice the immune cells, whose scaled scores are lower nevertheless
    rng = np.random.default_rng(1)
    few, many = [0.004, 0.003, 0.002, 0.05, 0.30, 0.02], [0.008, 0.006, 0.004, 0.05, 0.05, 0.09]
    fractions = np.array([few] * 30 + [many] * 10).T * rng.uniform(0.95, 1.05, (6, 40))
    scores = pd.DataFrame(fractions, index=list(toy_groups), columns=[f"P{i}" for i in range(40)])
    labels = assign_phenotypes(fit_phenotypes(scores, toy_groups), scores)
    assert list(labels["phenotype"]) == ["cold"] * 30 + ["hot"] * 10
    immune = (scores - scores.mean()).div(scores.std()).iloc[:3].mean()
    assert immune[labels["phenotype"] == "hot"].max() < immune[labels["phenotype"] == "cold"].min()


def test_populations_scaled_over_the_cohort_are_standardised_by_the_reference(
    toy_scores: pd.DataFrame, toy_groups: dict[str, str]
) -> None:
    model = fit_phenotypes(toy_scores, toy_groups, scaling="over_cohort")
    scaled = scale_scores(toy_scores, "over_cohort")
    np.testing.assert_allclose(scaled.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(), 1)
    labels = assign_phenotypes(model, toy_scores)
    assert list(labels["phenotype"]) == ["hot"] * 20 + ["cold"] * 40
    for cluster, rows in scaled.groupby(labels["cluster"]):
        np.testing.assert_allclose(model.centroids.loc[str(cluster)], rows.mean())
    immune = scaled[list(model.immune_populations)].mean(axis=1)
    np.testing.assert_allclose(labels["immune_mean"], immune)
    # another cohort is standardised by the reference: a single tumour, and a shift, change no other tumour's values
    alone = assign_phenotypes(model, toy_scores[["P31"]])
    pd.testing.assert_frame_equal(alone, labels.loc[["P31"]])
    shifted = assign_phenotypes(model, toy_scores + 5)
    assert not np.allclose(shifted["immune_mean"], labels["immune_mean"])


def test_reference_scale_round_trips_through_the_model_table(
    toy_scores: pd.DataFrame, toy_groups: dict[str, str]
) -> None:
    model = fit_phenotypes(toy_scores.mul([1, 10, 100, 1, 1, 1], axis=0), toy_groups, scaling="over_cohort")
    restored = PhenotypeModel.from_frame(model.to_frame().sort_values(["population", "cluster"]))
    assert restored.scaling == "over_cohort"
    assert restored.reference is not None
    assert model.reference is not None
    pd.testing.assert_series_equal(
        restored.reference.sd[list(model.populations)], model.reference.sd, check_names=False
    )
    assert fit_phenotypes(toy_scores, toy_groups).to_frame()["reference_sd"].isna().all()


def test_a_constant_population_cannot_be_scaled_over_the_cohort(toy_scores: pd.DataFrame) -> None:
    constant = toy_scores.copy()
    constant.loc["Mast cells"] = 1.0
    with pytest.raises(ValueError, match="do not vary over the 60 samples: Mast cells"):
        PopulationScale.of(constant)
