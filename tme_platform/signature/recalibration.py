"""Turn scores into probabilities. Measuring the calibration of a probability belongs in ``evaluation``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.evaluation import clipped_logit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Recalibration:
    """A logistic regression of the outcome on the logit of the score."""

    intercept: float
    slope: float
    """At least 0, so that a higher score never means a lower probability; 0 gives everybody the same."""

    def probability(self, score: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each score, at the prevalence of the patients it was fitted on; NaN stays NaN."""
        from scipy.special import expit

        scores = np.asarray(score, dtype=np.float64)
        return np.asarray(expit(self.intercept + self.slope * clipped_logit(scores)), dtype=np.float64)


def fit_recalibration(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> Recalibration:
    """Fit Platt's recalibration on patients whom the scoring model was not trained on.

    Parameters
    ----------
    positive
        Whether each patient is hot; both outcomes must occur.
    score
        Score between 0 and 1 per patient, out of fold.

    Returns
    -------
    Recalibration
        With Platt's targets instead of 0 and 1, so that a score that separates the outcomes keeps a finite slope. A
        slope that would be negative is set to 0.

    References
    ----------
    Platt 1999, in Advances in Large Margin Classifiers, 61; Niculescu-Mizil & Caruana 2005, ICML 625.
    """
    from scipy.special import logit
    from sklearn.linear_model import LogisticRegression

    n_cases, n_controls = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (n_cases + 1) / (n_cases + 2), 1 / (n_controls + 2))
    x = clipped_logit(score)
    if np.ptp(x) > 0:
        # a fractional target is a patient counted once with each outcome, weighted
        fit = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(
            np.concatenate([x, x])[:, None], np.repeat([1, 0], x.size), np.concatenate([target, 1 - target])
        )
        if fit.coef_[0, 0] > 0:
            return Recalibration(float(fit.intercept_[0]), float(fit.coef_[0, 0]))
    return Recalibration(float(logit(target.mean())), 0.0)
