"""Compute the sample size needed to develop a model. Learning curves belong in `signature.learning_curve`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ENOUGH_EVENTS = 10
_ENOUGH_SHRINKAGE = 0.9


@dataclass(frozen=True)
class SampleSize:
    """Adequacy of a cohort's size for developing a model."""

    n: int
    n_positive: int
    n_features: int
    events_per_feature: float
    """Patients with the rarer outcome per candidate feature."""
    expected_shrinkage: float
    """Expected calibration slope in new patients; 1 means no overfitting, values near 0 complete overfitting."""
    n_needed: float
    """Patients for an expected shrinkage of 0.9."""
    warning: str
    """Empty if the size is adequate."""


def sample_size(n: int, n_positive: int, n_features: int, *, nagelkerke: float = 0.15) -> SampleSize:
    """Assess whether a cohort is large enough to develop a model.

    Parameters
    ----------
    n, n_positive
        Number of patients, and number with the outcome.
    n_features
        Number of candidate features, before any selection that uses the outcome.
    nagelkerke
        Anticipated Nagelkerke R squared; Riley et al. recommend 0.15 without prior information.

    Returns
    -------
    SampleSize
        NaN and a warning if there is only one outcome.

    Notes
    -----
    The expected shrinkage S solves n = p / ((S - 1) ln(1 - R2 / S)), with Cox and Snell's R2 and p features. The
    criterion is for regression models; a random forest does not need fewer patients.

    References
    ----------
    Riley et al. 2019, Stat Med 38:1276 (criterion 1); Peduzzi et al. 1996, J Clin Epidemiol 49:1373 (events per
    variable).
    """
    from scipy.optimize import brentq

    rarer = min(n_positive, n - n_positive)
    if rarer < 1 or n_features < 1:
        nan = float("nan")
        return SampleSize(
            n, n_positive, n_features, nan, nan, nan, "only one outcome or no features: no model can be fitted"
        )
    share = n_positive / n
    largest = 1 - np.exp(2 * (share * np.log(share) + (1 - share) * np.log(1 - share)))
    r2 = nagelkerke * float(largest)

    def needed(shrinkage: float) -> float:
        return n_features / ((shrinkage - 1) * float(np.log(1 - r2 / shrinkage)))

    # needed() rises from 0 at R2 to infinity at 1, so steeply that with far more features than patients the solution
    # equals R2 to nine digits and cannot be bracketed.
    lowest = r2 * (1 + 1e-9)
    at_lowest = needed(lowest) >= n
    expected = lowest if at_lowest else float(brentq(lambda s: 1 / needed(s) - 1 / n, lowest, 1 - 1e-12))
    per_feature, enough = rarer / n_features, needed(_ENOUGH_SHRINKAGE)
    warning = ""
    if per_feature < _ENOUGH_EVENTS or expected < _ENOUGH_SHRINKAGE:
        warning = (
            f"{rarer} patients with the rarer outcome for {n_features} candidate features ({per_feature:.2g} per "
            f"feature; {_ENOUGH_EVENTS} are recommended): expected shrinkage {expected:.2f}; 0.9 would need about "
            f"{int(np.ceil(enough)):,} patients. Expect overfitting; rely only on out-of-fold and external results."
        )
    return SampleSize(n, n_positive, n_features, per_feature, expected, enough, warning)
