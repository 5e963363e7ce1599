"""Simulate radiomic feature tables without images, for many repeats and large cohorts. Images belong in `image`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.simulation.cohorts import COHORTS, SimulatedCohort
from tme_platform.simulation.patients import simulate_patients
from tme_platform.simulation.seeds import random_for

FEATURE_SET = "simulated-table"
_BLOCK = 10
_INFORMATIVE = (0.80, 0.70, 0.60, 0.45, 0.30)
"""Correlation of the first blocks with the image latent; the others have none."""
_WITHIN_BLOCK = 0.85


def simulate_features(
    cohort: SimulatedCohort | str = "sim_radiomics",
    patients: int | None = None,
    *,
    effect: float = 2.0,
    seed: int = 2024,
    n_features: int = 120,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a feature table and its patients.

    Features come in blocks of ten that share a factor; the factors of the first blocks follow the patients'
    `simulated_image_latent`. Every third feature is skewed (its exponential).

    Parameters
    ----------
    cohort
        A cohort of the simulated study, or its name.
    patients
        Number of patients; the published number if None. A larger number does not change the first patients.
    effect
        Strength of the link between infiltration and features; 0 is none.
    seed, n_features
        The study's seed; the number of features.

    Returns
    -------
    features
        Patients x features.
    patients
        As from `simulate_patients`, with labels and endpoints.

    Raises
    ------
    ValueError
        If `effect` or `patients` is negative.
    """
    drawn = COHORTS[cohort] if isinstance(cohort, str) else cohort
    people = simulate_patients(drawn, drawn.published if patients is None else patients, effect=effect, seed=seed)
    return feature_table(drawn, people, seed=seed, n_features=n_features), people


def feature_table(cohort: SimulatedCohort, patients: pd.DataFrame, *, seed: int, n_features: int = 120) -> pd.DataFrame:
    """Draw the features of given patients; see `simulate_features`."""
    blocks = -(-n_features // _BLOCK)
    follows = np.zeros(blocks)
    follows[: len(_INFORMATIVE)] = _INFORMATIVE[:blocks]
    sign = random_for(seed, "features").choice([-1.0, 1.0], n_features)
    block_of = np.arange(n_features) // _BLOCK
    values = np.empty((len(patients), n_features))
    for row, latent in enumerate(patients["simulated_image_latent"].to_numpy(dtype=float)):
        random = random_for(seed, cohort.name, row + 1, "features")
        factor = follows * latent + np.sqrt(1 - follows**2) * random.standard_normal(blocks)
        own = np.sqrt(1 - _WITHIN_BLOCK**2) * random.standard_normal(n_features)
        values[row] = sign * (_WITHIN_BLOCK * factor[block_of] + own)
    values[:, ::3] = np.exp(values[:, ::3])
    names = [f"simulated_block{block:02d}_{number:03d}" for number, block in enumerate(block_of)]
    return pd.DataFrame(np.round(values, 5), index=patients.index, columns=names)
