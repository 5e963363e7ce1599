"""Processor time of the learning part, on the 90 patients of the bundled tcga_brca_mri, in one process.

A forest is compared with scikit-learn's; the rest is what the tables of the signature need, with the settings of the
bundled study. What is compiled is compiled before the clock starts.

Usage: python -m benchmarks.signature_speed
"""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from threadpoolctl import threadpool_limits

from tme_platform.signature import (
    SignatureSettings,
    compare_rivals,
    label_permutation,
    learning_curve,
    optimism_corrected_auc,
    train_signature,
)
from tme_platform.signature.forest import CompiledForest

FEATURES = "data_lake/landing/tcga_brca_mri/features.csv"
LABELS = "tme_platform_tests/reference/proc/tcga_brca_mri_phenotypes.csv"
FOREST = {"n_estimators": 50, "class_weight": "balanced", "random_state": 0}
REPEATS = 5


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Least processor seconds of this process."""
    measured = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        measured.append(time.process_time() - began)
    return min(measured)


def main() -> None:
    """Print a row per piece of work."""
    features = pd.read_csv(FEATURES, index_col=0)
    labels = pd.read_csv(LABELS, index_col=0)["phenotype"].reindex(features.index).dropna()
    features = features.loc[labels.index]
    x, hot = features.fillna(features.median()).to_numpy(), (labels == "hot").to_numpy()
    rng = np.random.default_rng(0)
    clinical = pd.DataFrame({"age": rng.normal(size=len(x)), "grade": rng.choice(list("abc"), len(x))}, features.index)
    settings = SignatureSettings()
    shuffles = 40
    signature = train_signature(features, labels, settings=settings, n_jobs=1)
    with threadpool_limits(1):
        forests = {name: seconds(lambda made=made: made(**FOREST).fit(x, hot), REPEATS) for name, made in
                   (("scikit-learn", RandomForestClassifier), ("compiled", CompiledForest))}  # fmt: skip
    works: dict[str, Callable[[], object]] = {
        "`signature`": lambda: train_signature(features, labels, settings=settings, n_jobs=1),
        f"`label_permutations`, {shuffles} shuffles": lambda: label_permutation(
            features, labels, settings=settings, n_permutations=shuffles, enough=shuffles, n_jobs=1
        ),
        "`learning_curve`": lambda: learning_curve(
            features, labels, settings=settings, draws=25, null_draws=20, n_jobs=1
        ),
        "`signature_optimism`": lambda: optimism_corrected_auc(features, labels, settings=settings, n_jobs=1),
        "`signature_rivals`": lambda: compare_rivals(
            signature, features, labels, volume=features.columns[0], clinical=clinical, n_jobs=1
        ),
    }
    print("| work | processor seconds |\n| --- | --- |")
    for name, taken in forests.items():
        print(f"| a forest of 50 trees, {name} | {taken:.4f} |", flush=True)
    for name, work in works.items():
        print(f"| {name} | {seconds(work):.1f} |", flush=True)


if __name__ == "__main__":
    main()
