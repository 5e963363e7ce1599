"""Error rates of the evidence beside the signature, in cohorts without anything to find.

94 patients, 24 of them hot, and 60 features without relation to the phenotype; where a row says so, ten features
measure the site, or 15 follow the clinical variable that the phenotype follows (linked). Each rate is the share of
simulated cohorts in which the test rejects at 5 %, or in which the interval covers 0.5. Models are small (few trees,
two repeats) so that many cohorts can be simulated; ridge regression is as in a study.

Usage: python -m benchmarks.signature_null [--scale 1.0] [--only ridge]
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold

from tme_platform.evaluation import auc_from_estimate
from tme_platform.signature import (
    SignatureSettings,
    added_value,
    compare_within_fold,
    continuous_signature,
    cross_validated_auc,
    feature_univariate,
    label_permutation,
    leave_one_site_out,
)
from tme_platform.signature.search import fit_first
from tme_platform.statistics import proportion_interval

N, HOT, FEATURES = 94, 24, 60
ALPHA = 0.05
PATIENTS = [f"P{at:02d}" for at in range(N)]
FOREST = SignatureSettings(
    n_repeats=2, n_trees=15, search_trees=15, max_features=("sqrt",), min_samples_leaf=(3,), selection="none",
    permutations=1,
)  # fmt: skip
LINEAR = SignatureSettings(model="logistic", n_repeats=2, selection="none", permutations=1)
RIDGE = SignatureSettings(model="ridge", permutations=1)


def main() -> None:
    """Simulate every study and print a row per rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of simulated cohorts")
    parser.add_argument("--only", default="", help="start of the names of the studies to simulate")
    chosen = parser.parse_args()
    print("| quantity | cohorts | rate (95 % CI) | promised | seconds |\n| --- | --- | --- | --- | --- |")
    for name, simulate, cohorts, promised in STUDIES:
        if not name.startswith(chosen.only):
            continue
        began, runs = time.perf_counter(), max(2, round(cohorts * chosen.scale))
        outcomes = pd.DataFrame([simulate(seed) for seed in range(runs)])
        seconds = time.perf_counter() - began
        for what in outcomes:
            known = outcomes[what].dropna()
            low, high = proportion_interval(int(known.sum()), len(known))
            rate = f"{known.mean():.1%} ({low:.1%} to {high:.1%})"
            print(f"| {name}{what} | {len(known)} | {rate} | {promised} | {seconds:.0f} |", flush=True)


def noise(seed: int) -> tuple[np.random.Generator, pd.DataFrame]:
    """Features of one cohort."""
    rng = np.random.default_rng(seed)
    return rng, pd.DataFrame(rng.normal(size=(N, FEATURES)), index=PATIENTS).add_prefix("f")


def named(hot: np.ndarray) -> pd.Series:
    """Labels as the signature takes them."""
    return pd.Series(np.where(hot, "hot", "cold"), index=PATIENTS)


def confounded_sites(seed: int) -> dict[str, bool]:
    """Three sites with 60, 20 and 5 % of hot tumours; ten features measure the site, nothing measures the phenotype."""
    rng, features = noise(seed)
    sites = pd.Series(np.resize(["A", "B", "C"], N), index=PATIENTS)
    labels = named(rng.random(N) < sites.map({"A": 0.6, "B": 0.2, "C": 0.05}))
    features.iloc[:, :10] += np.outer(sites.map({"A": 1.0, "B": 0.0, "C": -1.0}), np.ones(10))
    settings = LINEAR.model_copy(update={"n_splits": 3})
    tests = {
        f"labels shuffled {name}": label_permutation(
            features, labels, settings=settings, n_permutations=19, within=within, n_jobs=1
        ).p
        <= ALPHA
        for name, within in (("among all patients", None), ("within sites", sites))
    }
    total = leave_one_site_out(features, labels, sites, settings=settings, n_jobs=1).iloc[-1]
    return {**tests, "AUC of sites left out: interval covers 0.5": bool(total["ci_low"] <= 0.5 <= total["ci_high"])}


def clinical_only(settings: SignatureSettings, linked: bool) -> Callable[[int], dict[str, float]]:
    """Phenotype follows one of three clinical variables; where linked, 15 features follow the same one."""

    def simulate(seed: int) -> dict[str, float]:
        rng, features = noise(seed)
        clinical = pd.DataFrame(rng.normal(size=(N, 3)), index=PATIENTS, columns=["age", "size", "grade"])
        hot = np.zeros(N, dtype=bool)
        hot[np.argsort(-(clinical["age"] + rng.logistic(size=N)))[:HOT]] = True
        if linked:
            features.iloc[:, :15] = 0.6 * features.iloc[:, :15] + 0.8 * clinical[["age"]].to_numpy()
        few = settings.for_few_variables()
        mine, theirs = out_of_fold(features, hot, settings), out_of_fold(clinical, hot, few)
        both = out_of_fold(features.join(clinical), hot, settings)
        predictor = fit_first(clinical, hot, few).decision_function(clinical)
        found = added_value(hot, mine.groupby("patient_id")["score"].mean().to_numpy(), predictor)
        gain = compare_within_fold(both, theirs)
        return {
            "likelihood ratio": found.p < ALPHA if np.isfinite(found.p) else np.nan,
            "unhalved": norm.sf(np.sqrt(2 * found.statistic)) < ALPHA and found.p < 0.5,
            "combined AUC above clinical": gain.auc_a - gain.auc_b > 1.959963984540054 * gain.se,
        }

    return simulate


def out_of_fold(features: pd.DataFrame, hot: np.ndarray, settings: SignatureSettings) -> pd.DataFrame:
    """Scores of held-out patients, with the first candidate of the grid."""
    parts = []
    for repeat in range(settings.n_repeats):
        split = StratifiedKFold(settings.n_splits, shuffle=True, random_state=repeat).split(features, hot)
        for fold, (train, test) in enumerate(split):
            score = fit_first(features.iloc[train], hot[train], settings).predict_proba(features.iloc[test])[:, 1]
            own = {"patient_id": features.index[test], "hot": hot[test], "score": score}
            parts.append(pd.DataFrame({**own, "repeat": repeat, "fold": fold}))
    return pd.concat(parts, ignore_index=True)


def ridge_interval(seed: int) -> dict[str, bool]:
    """The interval of the ridge rival, search included."""
    rng, features = noise(seed)
    wide = cross_validated_auc(features, named(rng.permutation(N) < HOT), settings=RIDGE, n_jobs=1)
    narrow = auc_from_estimate(wide.auc, wide.se / np.sqrt(2), wide.n, wide.n_positive)
    return {
        "AUC interval covers 0.5": wide.ci_low <= 0.5 <= wide.ci_high,
        "without doubling the variance": narrow.ci_low <= 0.5 <= narrow.ci_high,
    }


def continuous_target(seed: int) -> dict[str, bool]:
    """A continuous target without relation to the features."""
    rng, features = noise(seed)
    target = pd.Series(rng.normal(size=N), index=PATIENTS)
    settings = FOREST.model_copy(update={"search_trees": 3, "n_splits": 3})
    found = continuous_signature(features, target, settings=settings, n_permutations=19, n_jobs=1)
    return {"correlation of prediction and value": found.p <= ALPHA}


def single_features(seed: int) -> dict[str, bool]:
    """Whether any of 60 features has an FDR below 5 %, and any an uncorrected p below it."""
    rng, features = noise(seed)
    found = feature_univariate(features, named(rng.permutation(N) < HOT))
    return {"any FDR": bool((found["fdr"] < ALPHA).any()), "any p": bool((found["p"] < ALPHA).any())}


STUDIES = [
    ("single features: ", single_features, 200, "5 % (FDR)"),
    ("continuous target: ", continuous_target, 60, "5 %"),
    ("sites confound: ", confounded_sites, 40, "5 % within sites; 95 %"),
    ("added value, linear model, noise: ", clinical_only(LINEAR, linked=False), 100, "at most 5 %"),
    ("added value, linear model, linked: ", clinical_only(LINEAR, linked=True), 100, "at most 5 %"),
    ("added value, forest, noise: ", clinical_only(FOREST, linked=False), 40, "at most 5 %"),
    ("ridge regression: ", ridge_interval, 60, "95 %"),
]

if __name__ == "__main__":
    main()
