"""Patients, expression and features of the simulated study."""

import runpy
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import auc_delong
from tme_platform.expression import (
    CHECKPOINT_GENES,
    estimate_scores,
    gene_set_groups,
    gene_set_path,
    intrinsic_subtype,
    read_gmt,
    ssgsea,
)
from tme_platform.phenotypes import assign_phenotypes, fit_phenotypes
from tme_platform.signature import SignatureSettings
from tme_platform.simulation import COHORTS, published_sizes, simulate_features, simulate_patients
from tme_platform.simulation.cohorts import EXPRESSION
from tme_platform.simulation.expression import simulate_expression

KNOWN_TRUTH = Path(__file__).parents[2] / "benchmarks" / "known_truth.py"


def test_default_sizes_are_the_published_ones() -> None:
    assert published_sizes() == {
        "sim_expression": 1089,
        "sim_radiomics": 94 + 24,
        "sim_immune_phenotype": 158,
        "sim_immunotherapy": 77,
    }
    with pytest.raises(ValueError, match="more than 0"):
        published_sizes(0)


@pytest.mark.parametrize("name", COHORTS)
def test_larger_cohort_begins_with_the_same_patients(name: str) -> None:
    few = simulate_patients(COHORTS[name], 5, effect=1.0, seed=3)
    more = simulate_patients(COHORTS[name], 9, effect=1.0, seed=3)
    pd.testing.assert_frame_equal(few, more.head(5))
    assert not simulate_patients(COHORTS[name], 5, effect=1.0, seed=4).equals(few)


def test_clinical_variables_follow_the_infiltration() -> None:
    people = simulate_patients(COHORTS["sim_immunotherapy"], 1000, effect=0.0, seed=1)
    hot = people["simulated_hot"].to_numpy(dtype=bool)
    assert 0.3 < hot.mean() < 0.5
    assert auc_delong(people["cd8_percent"] >= 20, people["simulated_infiltration"]).auc > 0.85
    assert auc_delong(people["recist"].isin(["CR", "PR"]), people["simulated_infiltration"]).auc > 0.8
    assert auc_delong(people["pd_l1"] >= 1, people["simulated_infiltration"]).auc > 0.7
    assert 0.15 < people["recist"].isin(["CR", "PR"]).mean() < 0.6
    assert 0.1 < (people["her2"] == "positive").mean() < 0.4
    assert abs(auc_delong(hot, people["simulated_image_latent"]).auc - 0.5) < 0.06


def test_progression_free_survival_ends_no_later_than_survival_and_follows_the_infiltration() -> None:
    people = simulate_patients(COHORTS["sim_immunotherapy"], 1000, effect=0.0, seed=1)
    assert (people["pfs_days"] <= people["os_days"]).all()
    assert (people.loc[people["pfs_days"] < people["os_days"], "pfs_event"] == 1).all()
    together = people["pfs_days"] == people["os_days"]
    assert (people.loc[together, "pfs_event"] == people.loc[together, "os_event"]).mean() > 0.95
    early = people["pfs_event"].eq(1) & people["pfs_days"].lt(people["pfs_days"].median())
    assert auc_delong(early, -people["simulated_infiltration"]).auc > 0.55
    assert set(people["pd_l1_assay"]) == {"22C3", "SP142"}
    assert people["arm"].nunique() == 2


def test_effect_changes_only_the_image_latent() -> None:
    none = simulate_patients(COHORTS["sim_radiomics"], 400, effect=0.0, seed=1)
    strong = simulate_patients(COHORTS["sim_radiomics"], 400, effect=2.0, seed=1)
    latent = "simulated_image_latent"
    pd.testing.assert_frame_equal(none.drop(columns=latent), strong.drop(columns=latent))
    assert auc_delong(strong["simulated_hot"].to_numpy(), strong[latent]).auc > 0.9
    assert strong[latent].std() == pytest.approx(none[latent].std(), abs=0.15)  # images look alike at any effect


def test_expression_covers_all_scores_and_separates_hot_from_cold() -> None:
    people = simulate_patients(EXPRESSION, 100, effect=0.0, seed=1)
    matrix = simulate_expression(EXPRESSION, people, seed=1)
    pd.testing.assert_frame_equal(matrix.iloc[:, :4], simulate_expression(EXPRESSION, people.head(4), seed=1))
    sets = read_gmt(gene_set_path("tme24"))
    markers = {gene for genes in read_gmt(gene_set_path("mcpcounter")).values() for gene in genes}
    assert markers | set(CHECKPOINT_GENES) | {gene for genes in sets.values() for gene in genes} <= set(matrix.index)
    assert matrix.to_numpy().min() >= 0
    assert matrix.to_numpy().max() < 20

    scores = ssgsea(matrix, sets)
    model = fit_phenotypes(scores, gene_set_groups(gene_set_path("tme24")), k=2, n_init=5)
    found = assign_phenotypes(model, scores)["phenotype"]
    assert ((found == "hot") == people["simulated_hot"]).mean() > 0.8
    immune = estimate_scores(matrix)["immune_score"]
    assert auc_delong(people["simulated_hot"].to_numpy(), immune.to_numpy()).auc > 0.9
    called = intrinsic_subtype(matrix)["subtype"]
    assert (called == people["pam50"]).mean() > 0.6


def test_features_follow_the_infiltration_only_with_an_effect() -> None:
    few, _ = simulate_features(patients=4, seed=2)
    more, people = simulate_features(patients=300, effect=2.0, seed=2, n_features=120)
    pd.testing.assert_frame_equal(few, more.head(4))
    hot = people["simulated_hot"].to_numpy()
    strongest = max(abs(auc_delong(hot, more[name]).auc - 0.5) for name in more)
    none, _ = simulate_features(patients=300, effect=0.0, seed=2)
    assert strongest > 0.2
    assert max(abs(auc_delong(hot, none[name]).auc - 0.5) for name in none) < 0.13
    assert np.isfinite(more.to_numpy()).all()


def test_known_truth_is_recovered_at_either_effect() -> None:
    """A small version of benchmarks/known_truth.py."""
    benchmark = runpy.run_path(str(KNOWN_TRUTH))
    settings = SignatureSettings(
        n_splits=3,
        n_repeats=1,
        n_trees=30,
        search_trees=20,
        max_features=("sqrt",),
        min_samples_leaf=(3,),
        permutations=1,
    )
    one_repeat = partial(benchmark["one_repeat"], settings=settings)
    rows = [row for seed in range(1, 5) for row in one_repeat(seed, 0.0)] + one_repeat(1, 2.0)
    table = benchmark["summary"](rows)["mean AUC"]
    assert abs(table[0.0, "external"] - 0.5) < 0.07
    assert abs(table[0.0, "out of fold"] - 0.5) < 0.1
    assert table[2.0, "external"] > 0.8
    assert table[2.0, "out of fold"] > 0.75
