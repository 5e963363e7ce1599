"""Choose the threshold with the largest Youden index. Evaluating a given threshold belongs in `evaluation`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.statistics.roc import roc_curve_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class YoudenThreshold:
    """A threshold with its sensitivity and specificity in the patients on whom it was chosen.

    Unpacks as ``threshold, sensitivity, specificity``.
    """

    threshold: float
    sensitivity: float
    specificity: float
    reason: str = ""

    def __iter__(self) -> Iterator[float]:
        return iter((self.threshold, self.sensitivity, self.specificity))


def youden_threshold(y: ArrayLike, score: ArrayLike) -> YoudenThreshold:
    """Choose the threshold with the largest sensitivity + specificity.

    Parameters
    ----------
    y, score
        Outcome (1, 0, missing) and score per patient; positive means score >= threshold.

    Returns
    -------
    YoudenThreshold
        The lowest (most sensitive) of equally good thresholds, which is the first that pROC lists. NaN with a reason
        if there is only one outcome.

    References
    ----------
    Youden 1950, Cancer 3:32; R: ``pROC::coords(roc, "best", best.method = "youden")``.
    """
    points = roc_curve_points(y, score)
    if points.empty:
        nan = float("nan")
        return YoudenThreshold(nan, nan, nan, "patients of both outcomes are needed to choose a threshold")
    best = points.iloc[int(np.argmax(points["sensitivity"].to_numpy() + points["specificity"].to_numpy()))]
    return YoudenThreshold(float(best["threshold"]), float(best["sensitivity"]), float(best["specificity"]))
