"""Compare the signature with alternatives: other learners, volume alone, clinical variables, and a combined model.

Comparing versions of the signature belongs in `versions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd

from tme_platform.evaluation import METRIC_COLUMNS
from tme_platform.signature.added_value import added_value
from tme_platform.signature.out_of_fold import compare_within_fold
from tme_platform.signature.training import train_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from tme_platform.evaluation import DeLongAuc
    from tme_platform.signature.settings import SignatureSettings
    from tme_platform.signature.trained import TrainedSignature

_MOSTLY = 0.5
"""Share of folds without different scores from which an interval says nothing."""
_HONEST = "repeated nested cross-validation, mean within-fold AUC, DeLong per repeat, logit scale"
_PAIRED = "same folds, paired DeLong per repeat"


class CrossValidatedModel(Protocol):
    """What the comparison needs of a trained model: a `TrainedSignature` or its record."""

    @property
    def settings(self) -> SignatureSettings:
        """The settings it was trained with."""
        ...

    @property
    def apparent(self) -> DeLongAuc:
        """Its AUC on its own training patients."""
        ...

    @property
    def honest(self) -> DeLongAuc:
        """Its AUC within held-out folds."""
        ...

    @property
    def out_of_fold(self) -> pd.DataFrame:
        """Its scores of held-out patients: patient_id, repeat, fold, hot, score."""
        ...


def compare_rivals(
    signature: CrossValidatedModel,
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    kept_features: Iterable[str] | None = None,
    volume: str | None = None,
    clinical: pd.DataFrame | None = None,
    challengers: Iterable[Literal["random_forest", "ridge", "gradient_boosting"]] = ("ridge", "gradient_boosting"),
    variants: Mapping[str, pd.DataFrame] | None = None,
    cohort: str = "",
    n_jobs: int = -1,
    report: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Train the alternatives like the signature, in the same folds, and compare.

    Parameters
    ----------
    signature
        The trained signature, or its record. All alternatives use its fold settings and seed.
    features, labels, kept_features
        The training data of the signature.
    volume
        The feature that measures the tumour's volume, for the volume-only model.
    clinical
        Clinical variables by patient, for the clinical and the combined model. Text is one-hot encoded, with all
        columns 0 where it is missing; missing numbers are imputed in the folds.
    challengers
        Other learners on the same features.
    variants
        Variants of the same features (harmonised or not) for the same learner, by name.
    cohort, n_jobs
        Value of the cohort column; number of processes.
    report
        Called with the name of each model before it is trained.

    Returns
    -------
    pandas.DataFrame
        Columns of ``evaluation.METRIC_COLUMNS`` and ``against``, which names what is compared with. Per model ``auc``
        (paper: apparent; honest: out-of-fold; against chance) and, for rivals, ``auc_difference`` (rival minus
        signature, paired). With clinical variables also the ``auc_difference`` of the combined model against the
        clinical one, and the ``likelihood_ratio`` of the signature against the clinical variables (`added_value`).
    """
    plain = signature.settings.for_few_variables()
    kept = list(features.columns) if kept_features is None else sorted(kept_features)
    plans: dict[str, tuple[pd.DataFrame, SignatureSettings, list[str]]] = {
        name: (features, signature.settings.model_copy(update={"model": name}), kept)
        for name in challengers
        if name != signature.settings.model
    }
    plans |= {name: (table, signature.settings, kept) for name, table in (variants or {}).items()}
    if volume is not None:
        plans["volume"] = (features[[volume]], plain, [volume])
    if clinical is not None:
        coded = clinical_features(clinical.reindex(features.index))
        both = features.join(coded)
        plans["clinical"] = (coded, plain, list(coded.columns))
        plans["combined"] = (both, signature.settings, [*kept, *coded.columns])
    rows, trained = _auc_rows("signature", signature), {}
    for name, (table, settings, used) in plans.items():
        report(name)
        rival = train_signature(table, labels, settings=settings, kept_features=used, n_jobs=n_jobs)
        trained[name] = rival
        rows += _auc_rows(name, rival)
        rows.append(_difference(name, rival, "signature", signature))
    if clinical is not None:
        rows.append(_difference("combined", trained["combined"], "clinical", trained["clinical"]))
        rows.append(_likelihood_ratio(signature, trained["clinical"], coded))
    table = pd.DataFrame(rows).assign(cohort=cohort, endpoint="hot", subgroup="all")
    return table.reindex(columns=[*METRIC_COLUMNS, "against"])


def clinical_features(clinical: pd.DataFrame) -> pd.DataFrame:
    """Code clinical variables as features: numbers as they are, text as indicators (all 0 where it is missing)."""
    numeric = clinical.select_dtypes(["number", "bool", "boolean"]).astype("Float64").astype(np.float64)
    text = clinical.drop(columns=numeric.columns)
    if text.empty:
        return numeric.add_prefix("clinical_")
    indicators = pd.get_dummies(text.astype("object"), prefix=list(text.columns), dtype=np.float64)
    return numeric.join(indicators).add_prefix("clinical_")


def constant_folds(out_of_fold: pd.DataFrame) -> str:
    """Say in how many held-out folds a model gave all patients the same score, as a model without a feature does.

    There every pair of hot and cold counts as one half whatever the data, so the interval of the AUC is too narrow.

    Parameters
    ----------
    out_of_fold
        One row per patient and repeat, with columns repeat, fold, score.

    Returns
    -------
    str
        A sentence; empty if the scores differ in every fold.
    """
    constant = out_of_fold.groupby(["repeat", "fold"])["score"].agg(np.ptp) == 0
    if not constant.any():
        return ""
    verdict = "says nothing" if constant.mean() >= _MOSTLY else "is too narrow"
    return f"all scores are equal in {constant.sum()} of {len(constant)} held-out folds: the interval {verdict}"


def _auc_rows(model: str, trained: CrossValidatedModel) -> list[dict[str, object]]:
    caution = constant_folds(trained.out_of_fold)
    method = f"{_HONEST}; variance doubled" if trained.settings.linear else _HONEST
    return [
        {
            "model": model,
            "analysis": analysis,
            "metric": "auc",
            "against": "chance",
            "value": area.auc,
            "ci_low": area.ci_low,
            "ci_high": area.ci_high,
            "p": area.p,
            "n": area.n,
            "n_positive": area.n_positive,
            "method": method,
            "reason": "; ".join(filter(None, reasons)),
        }
        for analysis, area, method, reasons in (
            ("paper", trained.apparent, "apparent", [trained.apparent.reason]),
            ("honest", trained.honest, method, [trained.honest.reason, caution]),
        )
    ]


def clinical_predictor(model: TrainedSignature, coded: pd.DataFrame) -> NDArray[np.float64]:
    """Return the linear predictor of a fitted clinical model for its own patients, sorted by patient."""
    patients = sorted(model.out_of_fold["patient_id"].unique())
    return np.asarray(model.pipeline.decision_function(coded.loc[patients, list(model.feature_names)]), np.float64)


def _likelihood_ratio(
    signature: CrossValidatedModel, clinical: TrainedSignature, coded: pd.DataFrame
) -> dict[str, object]:
    patients = signature.out_of_fold.groupby("patient_id", sort=True).agg({"hot": "first", "score": "mean"})
    hot, score = patients["hot"].to_numpy(dtype=bool), patients["score"].to_numpy(dtype=np.float64)
    found = added_value(hot, score, clinical_predictor(clinical, coded))
    return {
        "model": "signature",
        "analysis": "honest",
        "metric": "likelihood_ratio",
        "against": "clinical",
        "value": found.statistic,
        "p": found.p,
        "n": found.n,
        "n_positive": int(hot.sum()),
        "method": "out-of-fold score added to the clinical variables, halved likelihood ratio, one-sided",
        "reason": found.reason,
    }


def _difference(
    name: str, rival: CrossValidatedModel, other_name: str, other: CrossValidatedModel
) -> dict[str, object]:
    # combined and clinical share the clinical variables: their difference varies less, see docs/benchmarks.md
    linear = rival.settings.linear
    compared = compare_within_fold(rival.out_of_fold, other.out_of_fold, linear=linear)
    difference = compared.auc_a - compared.auc_b
    return {
        "model": name,
        "analysis": "honest",
        "metric": "auc_difference",
        "against": other_name,
        "value": difference,
        "ci_low": difference - 1.959963984540054 * compared.se,
        "ci_high": difference + 1.959963984540054 * compared.se,
        "p": compared.p,
        "n": compared.n,
        "n_positive": other.honest.n_positive,
        "method": f"{_PAIRED}; variance doubled" if linear else _PAIRED,
        "reason": compared.reason,
    }
