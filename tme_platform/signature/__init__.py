"""Train, cross-validate, apply and compare the rad-score, a classifier of hot against cold tumours.

Performance in a cohort belongs in ``evaluation``; runs, registry and stored models belong in ``tracking``.
"""

from tme_platform.signature.added_value import AddedValue, added_value
from tme_platform.signature.applicability import ApplicabilityDomain, applicability, fit_applicability
from tme_platform.signature.continuous import ContinuousSignature, continuous_signature
from tme_platform.signature.decisions import clinical_decision_curves
from tme_platform.signature.identity import SIGNATURE_VERSION, SKOPS_TRUSTED_TYPES, content_key
from tme_platform.signature.learning_curve import learning_curve
from tme_platform.signature.leave_one_site_out import leave_one_site_out
from tme_platform.signature.optimism import optimism_corrected_auc
from tme_platform.signature.out_of_fold import (
    compare_within_fold,
    cross_validated_calibration,
    within_fold_auc,
    within_fold_roc,
)
from tme_platform.signature.performance import evaluate_signature, signature_decision_curve, signature_roc
from tme_platform.signature.permutation import LabelPermutation, label_permutation, mixed_groups
from tme_platform.signature.promotion import Criterion, promotion_criteria
from tme_platform.signature.recalibration import Recalibration, fit_recalibration
from tme_platform.signature.rivals import CrossValidatedModel, clinical_features, compare_rivals
from tme_platform.signature.score import rad_score
from tme_platform.signature.settings import PromotionSettings, SignatureSettings
from tme_platform.signature.split import assign_split
from tme_platform.signature.stored import MAX_MODEL_BYTES, StoredModelError, read_pipeline
from tme_platform.signature.trained import TrainedSignature
from tme_platform.signature.training import cross_validated_auc, train_signature
from tme_platform.signature.univariate import feature_univariate
from tme_platform.signature.versions import VersionComparison, compare_versions

__all__ = [
    "MAX_MODEL_BYTES",
    "SIGNATURE_VERSION",
    "SKOPS_TRUSTED_TYPES",
    "AddedValue",
    "ApplicabilityDomain",
    "ContinuousSignature",
    "Criterion",
    "CrossValidatedModel",
    "LabelPermutation",
    "PromotionSettings",
    "Recalibration",
    "SignatureSettings",
    "StoredModelError",
    "TrainedSignature",
    "VersionComparison",
    "added_value",
    "applicability",
    "assign_split",
    "clinical_decision_curves",
    "clinical_features",
    "compare_rivals",
    "compare_versions",
    "compare_within_fold",
    "content_key",
    "continuous_signature",
    "cross_validated_auc",
    "cross_validated_calibration",
    "evaluate_signature",
    "feature_univariate",
    "fit_applicability",
    "fit_recalibration",
    "label_permutation",
    "learning_curve",
    "leave_one_site_out",
    "mixed_groups",
    "optimism_corrected_auc",
    "promotion_criteria",
    "rad_score",
    "read_pipeline",
    "signature_decision_curve",
    "signature_roc",
    "train_signature",
    "within_fold_auc",
    "within_fold_roc",
]
