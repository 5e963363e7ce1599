import numpy as np
import pandas as pd
import pytest

from tme_platform.signature import SignatureSettings, train_signature


@pytest.fixture(scope="session")
def quick():
    return SignatureSettings(
        n_repeats=2,
        n_splits=3,
        n_trees=15,
        search_trees=8,
        max_features=("sqrt",),
        min_samples_leaf=(1, 4),
        n_top=5,
        permutations=2,
    )


@pytest.fixture(scope="session")
def cohort():
    """60 patients, 20 of them hot; `signal` is informative, `copy` is redundant, the other features are noise."""
    rng = np.random.default_rng(11)
    patients = [f"P{i:02d}" for i in range(60)]
    hot = rng.permutation(60) < 20
    features = pd.DataFrame(rng.normal(size=(60, 12)), index=patients, columns=[f"noise{i}" for i in range(12)])
    features.insert(3, "signal", rng.normal(size=60) + 2.0 * hot)
    features["copy"] = np.exp(features["signal"])
    features["constant"] = 1.0
    features.iloc[5:8, 2] = np.nan
    return features, pd.Series(np.where(hot, "hot", "cold"), index=patients)


@pytest.fixture(scope="session")
def trained(cohort, quick):
    return train_signature(*cohort, settings=quick, n_jobs=1)
