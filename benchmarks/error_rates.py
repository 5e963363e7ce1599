"""How often do the statistics of the signature err? Simulated cohorts with known truth.

    python benchmarks/error_rates.py [--cohorts 200]

1. Signatures trained on noise (94 patients, 24 of them hot, 40 features): how often the interval of the AUC within
   held-out folds covers 0.5, how often the promotion rule passes, and Youden's index of the calls of held-out patients.
2. Intervals of an AUC of 0.85 with few cases, of proportions at a threshold, and of the Brier score: coverage.
3. Correlation of the twenty most important features with the populations that made the labels, on noise: share of
   cohorts with a false discovery, corrected over the twenty and over all features.

Prints one line per question.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import norm

from tme_platform.evaluation import auc_delong, auc_logit, calibration, call_metrics
from tme_platform.signature import (
    PromotionSettings,
    SignatureSettings,
    TrainedSignature,
    compare_within_fold,
    promotion_criteria,
    train_signature,
)
from tme_platform.statistics import benjamini_hochberg, spearman_table, youden_threshold

N, HOT, FEATURES = 94, 24, 40
QUICK = SignatureSettings(
    n_repeats=2, n_trees=25, search_trees=25, max_features=("sqrt",), min_samples_leaf=(3,), permutations=1
)


def trained_on_noise(seed: int) -> dict[str, float]:
    """Two signatures of different noise for the same patients: what was promised of them."""
    rng = np.random.default_rng(seed)
    names = [f"P{k:03d}" for k in range(N)]
    labels = pd.Series(np.where(rng.permutation(N) < HOT, "hot", "cold"), names)
    both = [train_signature(noise(rng, names), labels, settings=QUICK, n_jobs=1) for _ in range(2)]
    difference = compare_within_fold(both[0].out_of_fold, both[1].out_of_fold)
    means = pd.DataFrame([promises(trained) for trained in both]).astype(float).mean()
    return {**means.to_dict(), "difference of two signatures has p < 0.05": difference.p < 0.05}


def noise(rng: np.random.Generator, names: list[str]) -> pd.DataFrame:
    """Features without relation to anything."""
    return pd.DataFrame(rng.normal(size=(N, FEATURES)), names).add_prefix("f")


def promises(trained: TrainedSignature) -> dict[str, float]:
    """What intervals, threshold and promotion rule say about a signature that knows nothing."""
    rows = trained.out_of_fold
    criteria = promotion_criteria(rows, None, {}, settings=PromotionSettings())
    by_patient = rows.groupby("patient_id").agg(hot=("hot", "first"), score=("score", "mean"))
    pooled = auc_delong(by_patient["hot"], by_patient["score"])
    same = youden_threshold(by_patient["hot"], by_patient["score"])
    return {
        "AUC within folds covers 0.5": trained.honest.ci_low <= 0.5 <= trained.honest.ci_high,
        "AUC within folds, lower limit above 0.5": trained.honest.ci_low > 0.5,
        "AUC of mean scores (not used) covers 0.5": pooled.ci_low <= 0.5 <= pooled.ci_high,
        "promoted": all(one.met for one in criteria),
        "J, thresholds of the training folds": rows.loc[rows["hot"], "called_hot"].mean()
        - rows.loc[~rows["hot"], "called_hot"].mean(),
        "J, threshold of the same scores (not used)": same.sensitivity + same.specificity - 1,
    }


def few_cases(seed: int) -> dict[str, float]:
    """10 cases and 20 controls, AUC 0.85; and 40 patients called with sensitivity 0.8 and specificity 0.85."""
    rng = np.random.default_rng(seed)
    y = np.arange(30) < 10
    score = rng.normal(size=30) + norm.ppf(0.85) * np.sqrt(2) * y
    found = {}
    for name, area in (("pROC's (auc_delong)", auc_delong(y, score)), ("logit scale (shown)", auc_logit(y, score))):
        found[f"AUC 0.85, {name} covers"] = area.ci_low <= 0.85 <= area.ci_high
    sick = rng.random(40) < 0.25
    called = np.where(sick, rng.random(40) < 0.8, rng.random(40) > 0.85)
    truth = {"accuracy": 0.8375, "sensitivity": 0.8, "specificity": 0.85, "ppv": 0.64, "npv": 0.6375 / 0.6875}
    truth |= {"ppv_at_prevalence": 0.08 / 0.215, "npv_at_prevalence": 0.765 / 0.785}
    rows = call_metrics(sick, called, prevalence=0.1).set_index("metric")
    for metric, true in truth.items():
        if not np.isnan(rows.loc[metric, "value"]):
            found[f"{metric} covers"] = rows.loc[metric, "ci_low"] <= true <= rows.loc[metric, "ci_high"]
    p = rng.beta(1, 3, 60)
    brier = calibration(rng.random(60) < p, p, n_bootstrap=500, seed=seed).set_index("metric").loc["brier"]
    found["Brier score covers"] = brier["ci_low"] <= _EXPECTED_BRIER <= brier["ci_high"]
    return found


_EXPECTED_BRIER = 0.25 - (1 * 3 / (16 * 5) + 0.0625)
"""E[p (1 - p)] of p ~ Beta(1, 3), mean 1/4 and variance 3/80."""


def selected_features(seed: int) -> dict[str, float]:
    """Noise features, chosen by labels that two of 24 populations made: false discoveries among their correlations."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(N, 1))
    populations = pd.DataFrame(common + rng.normal(size=(N, 24)) * 0.7).add_prefix("population")
    hot = populations.mean(axis=1).rank() > N - HOT
    features = pd.DataFrame(rng.normal(size=(N, 200))).add_prefix("f")
    areas = features.apply(lambda values: abs(auc_delong(hot, values).auc - 0.5))
    top = areas.nlargest(20).index
    table = spearman_table(features, populations)
    chosen = table["feature"].isin(top)
    alone = benjamini_hochberg(table.loc[chosen, "p"].to_numpy())
    return {
        "false discovery, corrected over the twenty (not used)": bool((alone < 0.05).any()),
        "pairs below FDR 0.05, corrected over the twenty (not used)": float((alone < 0.05).mean()),
        "false discovery, corrected over all features": bool((table.loc[chosen, "fdr"] < 0.05).any()),
    }


def report(title: str, cohorts: int, simulate: Callable[[int], dict[str, float]]) -> None:
    """Print the mean of every answer over the simulated cohorts."""
    answers = pd.DataFrame([simulate(seed) for seed in range(cohorts)]).astype(float)
    print(f"{title} ({cohorts} cohorts)")
    for name, values in answers.items():
        print(f"  {name}: {values.mean():.3f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, default=200, help="cohorts of noise, two signatures each")
    asked = parser.parse_args().cohorts
    report("intervals with few cases", 10 * asked, few_cases)
    report("features selected by labels", asked, selected_features)
    report("signatures trained on noise", asked, trained_on_noise)
