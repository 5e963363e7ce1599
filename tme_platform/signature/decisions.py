"""Net benefit of the signature, of clinical variables, and of both together, cross-validated on the same patients.

Differences of AUCs belong in `rivals`; the net benefit of the signature alone, in every cohort, in `performance`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.evaluation import decision_curve, net_benefit_difference
from tme_platform.signature.crossval import nested_cross_validation, out_of_fold_frame
from tme_platform.signature.rivals import clinical_features
from tme_platform.signature.training import training_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tme_platform.signature.settings import SignatureSettings


def clinical_decision_curves(
    out_of_fold: pd.DataFrame,
    features: pd.DataFrame,
    labels: pd.Series,
    clinical: pd.DataFrame,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Compute decision curves of three models from recalibrated probabilities of held-out patients.

    Parameters
    ----------
    out_of_fold
        Of the signature: one row per patient and repeat with patient_id, repeat and probability.
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`: the training data and procedure of the signature, whose folds the others share.
    clinical
        Clinical variables by patient, see `clinical_features`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``evaluation.decision_curve`` with `model` (signature; clinical: ridge regression on the clinical
        variables; combined: the signature's procedure on features and clinical variables) and, except for `clinical`,
        gain, gain_low and gain_high: the net benefit minus that of the clinical model (``net_benefit_difference``).
    """
    kept = list(features.columns) if kept_features is None else sorted(kept_features)
    coded = clinical_features(clinical.reindex(features.index))
    plans = {
        "clinical": (coded, settings.for_few_variables(), list(coded.columns)),
        "combined": (features.join(coded), settings, [*kept, *coded.columns]),
    }
    by_model = {"signature": _by_repeat(out_of_fold)}
    for name, (table, own_settings, used) in plans.items():
        known, positive = training_table(table, labels)
        folds = nested_cross_validation(known, positive, own_settings, tuple(sorted(used)), n_jobs=n_jobs)
        by_model[name] = _by_repeat(out_of_fold_frame(folds, known.index, positive))
    patients = by_model["clinical"].index.intersection(by_model["signature"].index, sort=True)
    hot = labels[patients] == "hot"
    reference = by_model["clinical"].loc[patients]
    parts = []
    for name, probability in by_model.items():
        own = probability.loc[patients]
        curve = decision_curve(hot, own).assign(model=name)
        if name != "clinical":
            gain = net_benefit_difference(hot, own, reference)
            curve = curve.merge(gain.drop(columns="n"), on="threshold", validate="one_to_one")
        parts.append(curve)
    return pd.concat(parts, ignore_index=True)


def _by_repeat(out_of_fold: pd.DataFrame) -> pd.DataFrame:
    """Probabilities, patients x repeats."""
    return out_of_fold.pivot(index="patient_id", columns="repeat", values="probability")
