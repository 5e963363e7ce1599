"""Sites left out of the training: AUC within sites, its interval, small sites."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import placements
from tme_platform.signature import leave_one_site_out
from tme_platform.signature.leave_one_site_out import auc_within_sites


def test_every_site_is_scored_by_a_model_of_the_other_sites(cohort, quick):
    features, labels = cohort
    sites = pd.Series("A", index=features.index, dtype="object")
    hot, cold = (labels.index[labels == name] for name in ("hot", "cold"))
    sites[[*hot[:8], *cold[:12]]] = "B"
    sites[[*hot[8:10], *cold[12:20]]] = "C"
    sites[cold[20:24]] = "D"
    sites[cold[24]] = None
    stored = sites.astype("string")  # as tables have it, with NA for a patient without a site
    found = leave_one_site_out(features, labels, stored, settings=quick, n_jobs=1).set_index("site")
    assert found.index.tolist() == ["A", "B", "C", "D", "all sites"]
    assert found["n"].tolist() == [25, 20, 10, 4, 55]
    assert found.loc[["A", "B", "C", "D"], "n_training"].tolist() == [35, 40, 50, 56]
    assert found.loc["C", "reason"] == "2 hot and 8 cold tumours: too few for an interval"
    assert pd.isna(found.loc["C", "ci_low"])
    assert found.loc["D", "reason"] == "only cold tumours"
    assert found.loc["all sites", "ci_low"] > 0.5
    parts = found.loc[["A", "B", "C"]]
    weights = parts["n_hot"] * (parts["n"] - parts["n_hot"]) / parts["n"]
    assert found.loc["all sites", "auc"] == pytest.approx(np.average(parts["auc"], weights=weights))


def test_feature_that_measures_only_the_site_does_not_predict_within_sites(quick):
    """Pooled scores would give an AUC far from one half, because phenotype and feature both follow the site."""
    rng = np.random.default_rng(3)
    sites = pd.Series(np.repeat(["A", "B", "C"], 30), index=[f"P{i:02d}" for i in range(90)])
    hot = np.concatenate([rng.permutation(30) < n for n in (20, 10, 5)])
    labels = pd.Series(np.where(hot, "hot", "cold"), index=sites.index)
    features = pd.DataFrame({"site": sites.map({"A": 2.0, "B": 1.0, "C": 0.0}), "noise": rng.normal(size=90)})
    features["site"] += rng.normal(0, 0.1, 90)
    found = leave_one_site_out(features, labels, sites, settings=quick, n_jobs=1).set_index("site").loc["all sites"]
    assert found["ci_low"] < 0.5 < found["ci_high"]
    assert found["n"] == 90


def test_too_few_patients_at_the_other_sites_is_a_reason(cohort, quick):
    features, labels = cohort
    sites = pd.Series("A", index=features.index)
    sites[[*labels.index[labels == "hot"][:2], *labels.index[labels == "cold"][:9]]] = "B"
    found = leave_one_site_out(features, labels, sites, settings=quick, n_jobs=1).set_index("site")
    assert found.loc["A", "reason"] == "2 hot and 9 cold tumours at the other sites: too few for 3 folds"
    assert found.loc["all sites", "n"] == 11


def test_interval_covers_one_half_although_sites_train_each_other():
    """A linear model without anything to find; with the variance not doubled, the interval covers in 83 %."""
    rng = np.random.default_rng(6)
    site = np.repeat([0, 1, 2], 30)
    covered, too_narrow = 0, 0
    for _ in range(300):
        hot, features = rng.permutation(90) < 27, rng.normal(size=(90, 60))
        kernel = (features @ features.T) * (site[:, None] != site[None, :])
        score = kernel @ (hot - hot.mean())
        found = auc_within_sites([placements(hot[site == at], score[site == at]) for at in range(3)])
        covered += found.ci_low <= 0.5 <= found.ci_high
        too_narrow += abs(found.auc - 0.5) < 1.96 * found.se / np.sqrt(2)
    assert covered >= 273  # 285 expected; fewer than 273 have probability 0.001
    assert too_narrow < 267


def test_interval_covers_one_half_when_most_sites_have_a_single_case():
    """Around the own AUC of each site, these 95 % intervals cover 0.5 in 73 % of studies."""
    rng = np.random.default_rng(4)
    shapes = [(1, 5)] * 6 + [(4, 1)] * 3
    covered = 0
    for _ in range(300):
        parts = [placements(np.arange(hot + cold) < hot, rng.normal(size=hot + cold)) for hot, cold in shapes]
        found = auc_within_sites(parts)
        covered += found.ci_low <= 0.5 <= found.ci_high
    assert covered >= 279
