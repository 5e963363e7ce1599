"""The result of training a signature. Training belongs in `training`, storing in ``tracking``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from tme_platform.evaluation import DeLongAuc
    from tme_platform.signature.recalibration import Recalibration
    from tme_platform.signature.settings import SignatureSettings
    from tme_platform.statistics import YoudenThreshold


@dataclass(frozen=True)
class TrainedSignature:
    """A fitted signature with its performance."""

    pipeline: Pipeline
    """Fitted on all discovery patients; its positive class is hot."""
    feature_names: tuple[str, ...]
    """The columns it needs, in order."""
    settings: SignatureSettings
    best_params: dict[str, Any]
    """The classifier settings chosen by the search on all discovery patients."""
    cv_results: pd.DataFrame
    """One row per candidate and fold of that search: candidate, its settings, fold, auc."""
    out_of_fold: pd.DataFrame
    """One row per patient and repeat: patient_id, repeat, fold, hot, and by what was learned without the patient:
    score, probability (the score recalibrated), called_hot (the score reaches the threshold)."""
    importances: pd.DataFrame
    """One row per feature: feature, impurity, permutation, permutation_sd, selected_share, rank, top20."""
    apparent: DeLongAuc
    """As in the paper: AUC of the fitted signature on its training patients."""
    searched: float
    """As in the paper: mean AUC over folds of the best candidate, which was chosen on the same folds."""
    honest: DeLongAuc
    """AUC within held-out folds, averaged over repeats; see `within_fold_auc`."""
    threshold: float
    """The locked threshold for new patients, chosen as in each outer fold: Youden's, on the scores of the patients that
    the search held out."""
    recalibration: Recalibration
    """Turns a new patient's score into a probability; learned on the same scores, at the prevalence of discovery."""
    paper_threshold: YoudenThreshold
    """As in the paper: Youden's, on the apparent scores."""
    n: int
    n_positive: int

    def metrics(self) -> dict[str, float]:
        """Return the metrics that are recorded with the model, by name."""
        return {
            "apparent_auc": self.apparent.auc,
            "oof_auc": self.honest.auc,
            "oof_auc_low": self.honest.ci_low,
            "oof_auc_high": self.honest.ci_high,
            "oof_auc_se": self.honest.se,
            "searched_auc": self.searched,
            "threshold": self.threshold,
            "recalibration_intercept": self.recalibration.intercept,
            "recalibration_slope": self.recalibration.slope,
            "n_patients": self.n,
            "n_hot": self.n_positive,
            "n_features": len(self.feature_names),
        }
