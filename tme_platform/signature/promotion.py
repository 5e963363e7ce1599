"""The rule by which a version of the signature becomes the champion. Applying it belongs in ``tracking``.

A challenger is promoted only if all criteria are met:

1. its out-of-fold AUC is not worse than the champion's: on the patients that both were cross-validated on, it is not
   lower with p below `max_p_worse` (paired DeLong); without a champion, it is compared with 0.5;
2. the slope and calibration in the large of its out-of-fold scores lie within the configured bounds;
3. every blocking check on its training data has passed.

The rule decides which version is the default. Whether that version is useful is a question for the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.evaluation import auc_delong, calibration
from tme_platform.signature.versions import compare_versions

if TYPE_CHECKING:
    import pandas as pd

    from tme_platform.signature.settings import PromotionSettings


@dataclass(frozen=True)
class Criterion:
    """One criterion of the rule, with the value found, its bounds, and whether it is met."""

    criterion: str
    met: bool
    value: float
    low: float
    high: float
    """`value` must lie between `low` and `high`; NaN means no bound."""
    explanation: str


def promotion_criteria(
    challenger: pd.DataFrame,
    champion: pd.DataFrame | None,
    checks: Mapping[str, tuple[bool, str]],
    *,
    settings: PromotionSettings,
) -> list[Criterion]:
    """Apply the promotion rule to a challenger.

    Parameters
    ----------
    challenger, champion
        Out-of-fold scores, one row per patient and repeat (patient_id, hot, score); None if there is no champion.
    checks
        Blocking checks on the training data: name -> (passed, description).
    settings
        The bounds.

    Returns
    -------
    list of Criterion
        All criteria, in the order of the rule. The version may be promoted if all are met.
    """
    by_patient = challenger.groupby("patient_id").agg(hot=("hot", "first"), score=("score", "mean"))
    found = calibration(by_patient["hot"], by_patient["score"], n_bootstrap=2).set_index("metric")
    criteria = [_not_worse(challenger, champion, by_patient, settings.max_p_worse)]
    bounds = {
        "calibration_slope": settings.calibration_slope,
        "calibration_in_the_large": settings.calibration_in_the_large,
    }
    for metric, (low, high) in bounds.items():
        row = found.loc[metric]
        value = float(row["value"])
        text = f"{value:.2f} (95 % CI {row['ci_low']:.2f} to {row['ci_high']:.2f}); it must lie in {low:g} to {high:g}"
        criteria.append(Criterion(metric, bool(low <= value <= high), value, low, high, row["reason"] or text))
    criteria += [
        Criterion(f"check_{name}", passed, float(passed), 1.0, np.nan, text) for name, (passed, text) in checks.items()
    ]
    return criteria


def _not_worse(
    challenger: pd.DataFrame, champion: pd.DataFrame | None, by_patient: pd.DataFrame, max_p: float
) -> Criterion:
    if champion is None:
        area = auc_delong(by_patient["hot"], by_patient["score"])
        worse = area.auc < 0.5 and area.p < max_p
        text = f"there is no champion; out-of-fold AUC {area.auc:.3f} against chance, p = {area.p:.2g}"
        return Criterion("auc_not_worse", bool(not worse and area.auc == area.auc), area.auc, np.nan, np.nan, text)
    compared = compare_versions(champion, challenger)
    worse = compared.difference < 0 and compared.auc.p < max_p
    known = compared.difference == compared.difference
    return Criterion(
        "auc_not_worse", bool(known and not worse), compared.difference, np.nan, np.nan, compared.sentence()
    )
