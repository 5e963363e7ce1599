"""Check on simulated feature tables that the signature finds a signal if, and only if, there is one.

Run: ``python benchmarks/known_truth.py [--repeats 120] [--strong-repeats 20] [--cv-repeats 4]``. Each repeat draws a
discovery cohort of 94 patients and an external cohort of 158 (the published sizes) with its own seed, trains the
signature and computes the AUC of hot against cold, out of fold and in the external cohort. At effect 0, about 95 % of
the 95 % intervals should cover 0.5; at a strong effect, the external AUC should exceed 0.8.

The forest is smaller than in the study (one candidate, 50 trees), so that 140 trainings take minutes. The benchmark
tests the coverage of the intervals, not the performance of the best forest.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from tme_platform.evaluation import auc_logit
from tme_platform.signature import SignatureSettings, rad_score, train_signature
from tme_platform.simulation import simulate_features

QUICK = SignatureSettings(
    n_repeats=1, n_trees=50, search_trees=25, max_features=("sqrt",), min_samples_leaf=(3,), permutations=1
)
DISCOVERY, EXTERNAL = 94, 158


def one_repeat(seed, effect, settings=QUICK, discovery=DISCOVERY, external=EXTERNAL):
    """Return the AUC of hot against cold with its interval: apparent, out of fold, and in an external cohort."""
    features, patients = simulate_features("sim_radiomics", discovery, effect=effect, seed=seed)
    labels = patients["simulated_hot"].map({True: "hot", False: "cold"})
    trained = train_signature(features, labels, settings=settings, n_jobs=1)
    new, others = simulate_features("sim_immune_phenotype", external, effect=effect, seed=seed)
    scores = rad_score(trained.pipeline, new)
    measured = auc_logit(others["simulated_hot"].to_numpy(), scores.reindex(others.index).to_numpy())
    found = {"apparent": trained.apparent, "out of fold": trained.honest, "external": measured}
    return [
        {"seed": seed, "effect": effect, "auc_of": name, "auc": auc.auc, "low": auc.ci_low, "high": auc.ci_high}
        for name, auc in found.items()
    ]


def summary(rows):
    """Return one row per effect and kind of AUC: mean, 2.5 and 97.5 percentiles, share of intervals that cover 0.5."""
    table = pd.DataFrame(rows)
    table["covers"] = (table["low"] <= 0.5) & (table["high"] >= 0.5)
    grouped = table.groupby(["effect", "auc_of"])
    return pd.DataFrame(
        {
            "repeats": grouped.size(),
            "mean AUC": grouped["auc"].mean(),
            "2.5 %": grouped["auc"].quantile(0.025),
            "97.5 %": grouped["auc"].quantile(0.975),
            "intervals that cover 0.5": grouped["covers"].mean(),
            "standard error of the share": np.sqrt(
                grouped["covers"].mean() * (1 - grouped["covers"].mean()) / grouped.size()
            ),
        }
    ).round(3)


def main():
    """Run the repeats and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=120)
    parser.add_argument("--strong-repeats", type=int, default=20)
    parser.add_argument("--strong-effect", type=float, default=2.0)
    parser.add_argument(
        "--cv-repeats", type=int, default=4, help="repeats of the outer cross-validation; the study uses 4"
    )
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    settings = QUICK.model_copy(update={"n_repeats": given.cv_repeats})
    start = time.monotonic()
    rows = []
    with ProcessPoolExecutor(given.workers) as pool:
        for effect, repeats in ((0.0, given.repeats), (given.strong_effect, given.strong_repeats)):
            for found in pool.map(partial(one_repeat, effect=effect, settings=settings), range(1, repeats + 1)):
                rows += found
    print(summary(rows).to_string())
    print(f"simulated; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
