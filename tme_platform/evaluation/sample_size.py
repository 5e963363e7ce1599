"""Are there enough patients for this many features? Whether more would help is ``signature.learning_curve``'s."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

_ENOUGH_EVENTS = 10
_ENOUGH_SHRINKAGE = 0.9


@dataclass(frozen=True)
class SampleSize:
    """What a reviewer would reckon."""

    n: int
    n_positive: int
    n_features: int
    events_per_feature: float
    """Patients of the rarer outcome per candidate feature."""
    expected_shrinkage: float
    """Calibration slope to be expected in new patients; 1 is no overfitting, near 0 nothing but."""
    n_needed: float
    """Patients for an expected shrinkage of 0.9."""
    warning: str
    """A sentence; empty where there is nothing to warn of."""


def sample_size(n: int, n_positive: int, n_features: int, *, nagelkerke: float = 0.15) -> SampleSize:
    """Judge a cohort's size for developing a model.

    Parameters
    ----------
    n, n_positive
        Patients, and those with the outcome.
    n_features
        Candidate features, before any selection that looked at the outcome.
    nagelkerke
        Nagelkerke's R squared one may hope for; 0.15 is what Riley et al. recommend if nothing is known.

    Returns
    -------
    SampleSize
        NaN and a warning where there is one outcome only.

    Notes
    -----
    The expected shrinkage S solves n = p / ((S - 1) ln(1 - R2 / S)) with Cox and Snell's R2, p features. It is meant
    for regression; a forest is not asked less.

    References
    ----------
    Riley et al. 2019, Stat Med 38:1276 (criterion 1); Peduzzi et al. 1996, J Clin Epidemiol 49:1373 (events per
    variable).
    """
    rarer = min(n_positive, n - n_positive)
    if rarer < 1 or n_features < 1:
        nan = float("nan")
        return SampleSize(n, n_positive, n_features, nan, nan, nan, "one outcome only or no features: nothing to learn")
    share = n_positive / n
    largest = 1 - np.exp(2 * (share * np.log(share) + (1 - share) * np.log(1 - share)))
    r2 = nagelkerke * float(largest)

    def needed(shrinkage: float) -> float:
        return n_features / ((shrinkage - 1) * float(np.log(1 - r2 / shrinkage)))

    # needed() rises from 0 at R2 to infinity at 1, so steeply at first that with far more features than patients
    # no number above R2 solves it: the shrinkage is then R2 to nine digits.
    lowest = r2 * (1 + 1e-9)
    hopeless = needed(lowest) >= n
    expected = lowest if hopeless else float(brentq(lambda s: 1 / needed(s) - 1 / n, lowest, 1 - 1e-12))
    per_feature, enough = rarer / n_features, needed(_ENOUGH_SHRINKAGE)
    warning = ""
    if per_feature < _ENOUGH_EVENTS or expected < _ENOUGH_SHRINKAGE:
        warning = (
            f"{rarer} patients of the rarer outcome for {n_features} candidate features ({per_feature:.2g} each; "
            f"{_ENOUGH_EVENTS} are customary): expected shrinkage {expected:.2f}, and 0.9 would need about "
            f"{int(np.ceil(enough)):,} patients. Expect overfitting; believe only out-of-fold and external figures."
        )
    return SampleSize(n, n_positive, n_features, per_feature, expected, enough, warning)
