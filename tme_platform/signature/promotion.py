"""The rule by which a version of the signature becomes the champion. Applying it belongs in ``tracking``.

A challenger is promoted only if all criteria are met:

1. it beats chance: the lower limit of its AUC within held-out folds lies above 0.5;
2. it is not worse than the champion: on the patients that both were cross-validated on, its AUC is not lower with p
   below `max_p_worse` (paired, within folds); without a champion, this is met;
3. it is calibrated: the interval of the calibration slope of its recalibrated held-out probabilities includes 1 and
   excludes 0, and that of the calibration in the large includes 0;
4. every blocking check on its training data has passed.

Of 120 signatures trained on noise, 3 passed (``benchmarks/error_rates.py``). The rule decides which version is the
default. Whether that version is useful is a question for the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.out_of_fold import cross_validated_calibration, within_fold_auc
from tme_platform.signature.versions import compare_versions

if TYPE_CHECKING:
    from tme_platform.signature.settings import PromotionSettings

CHANCE = 0.5
"""AUC of a score that knows nothing."""


@dataclass(frozen=True)
class Criterion:
    """One criterion of the rule, with the value found, its bounds, and whether it is met."""

    criterion: str
    met: bool
    value: float
    low: float
    high: float
    """Limits of the value's 95 % confidence interval; NaN if it has none."""
    explanation: str


def promotion_criteria(
    challenger: pd.DataFrame,
    champion: pd.DataFrame | None,
    checks: Mapping[str, tuple[bool, str]],
    *,
    settings: PromotionSettings,
    linear: bool = False,
) -> list[Criterion]:
    """Apply the promotion rule to a challenger.

    Parameters
    ----------
    challenger, champion
        Out-of-fold scores, one row per patient and repeat (patient_id, repeat, fold, hot, score, probability); None if
        there is no champion.
    checks
        Blocking checks on the training data: name -> (passed, description).
    settings
        Settings of the rule.
    linear
        Whether the challenger is a linear model, see `within_fold_auc`.

    Returns
    -------
    list of Criterion
        All criteria, in the order of the rule. The version may be promoted if all are met.
    """
    area = within_fold_auc(challenger, linear=linear)
    text = f"AUC within held-out folds {area.auc:.3f} (95 % CI {area.ci_low:.3f} to {area.ci_high:.3f})"
    text = area.reason or f"{text}; the lower limit must be above {CHANCE:g}"
    beats = Criterion("auc_above_chance", bool(area.ci_low > CHANCE), area.auc, area.ci_low, area.ci_high, text)
    criteria = [beats, _not_worse(challenger, champion, settings.max_p_worse, linear=linear)]
    found = cross_validated_calibration(challenger, n_bootstrap=2).set_index("metric")
    slope, large = (pd.Series(found.loc[name]) for name in ("calibration_slope", "calibration_in_the_large"))
    criteria.append(
        _calibrated(
            "calibration_slope", slope, bool(0 < slope["ci_low"] <= 1 <= slope["ci_high"]), "include 1 and exclude 0"
        )
    )
    criteria.append(
        _calibrated("calibration_in_the_large", large, bool(large["ci_low"] <= 0 <= large["ci_high"]), "include 0")
    )
    criteria += [
        Criterion(f"check_{name}", passed, float(passed), np.nan, np.nan, text)
        for name, (passed, text) in checks.items()
    ]
    return criteria


def _calibrated(name: str, row: pd.Series, met: bool, rule: str) -> Criterion:
    interval = f"95 % CI {row['ci_low']:.2f} to {row['ci_high']:.2f}"
    text = row["reason"] or f"{row['value']:.2f} ({interval}); the interval must {rule}"
    return Criterion(name, met, float(row["value"]), float(row["ci_low"]), float(row["ci_high"]), text)


def _not_worse(challenger: pd.DataFrame, champion: pd.DataFrame | None, max_p: float, *, linear: bool) -> Criterion:
    if champion is None:
        return Criterion("auc_not_worse", True, np.nan, np.nan, np.nan, "there is no champion to compare with")
    compared = compare_versions(champion, challenger, linear=linear)
    worse = compared.difference < 0 and compared.auc.p < max_p
    known = compared.difference == compared.difference
    return Criterion(
        "auc_not_worse", bool(known and not worse), compared.difference, np.nan, np.nan, compared.sentence()
    )
