"""Evaluate scores: AUC, thresholds, calibration, decision curves, group comparisons, treatment response.

Functions take arrays or frames and return frames or small records. Fitting models belongs in `signature`, drawing in
`figures`.
"""

from tme_platform.evaluation.auc_logit import auc_from_estimate, auc_logit
from tme_platform.evaluation.calibration import calibration, clipped_logit, reliability_curve
from tme_platform.evaluation.classification import call_metrics, threshold_metrics
from tme_platform.evaluation.confounding import label_confounding
from tme_platform.evaluation.decision_curve import decision_curve, net_benefit_difference
from tme_platform.evaluation.delong import (
    AucComparison,
    DeLongAuc,
    auc_delong,
    compare_auc_delong,
    comparison_from_estimates,
    placements,
    variance,
)
from tme_platform.evaluation.endpoints import (
    PACKAGED_ENDPOINTS,
    PACKAGED_SUBGROUPS,
    BinaryEndpoint,
    Endpoint,
    Endpoints,
    Subgroup,
    Subgroups,
    TimeEndpoint,
    combined_endpoints,
    combined_subgroups,
    definition,
    endpoint_title,
)
from tme_platform.evaluation.groups import score_by_group
from tme_platform.evaluation.interaction import treatment_interaction
from tme_platform.evaluation.median_split import median_split_survival
from tme_platform.evaluation.odds import GroupShare, OddsRatio, odds_per_sd, odds_ratio
from tme_platform.evaluation.outcomes import endpoint_outcome, endpoint_times, subgroup_members
from tme_platform.evaluation.roles import ROLE_ENDPOINTS
from tme_platform.evaluation.sample_size import SampleSize, sample_size
from tme_platform.evaluation.scores import AUC_METHOD, METRIC_COLUMNS, evaluate_scores
from tme_platform.statistics import benjamini_hochberg, roc_curve_points, youden_threshold

__all__ = [
    "AUC_METHOD",
    "METRIC_COLUMNS",
    "PACKAGED_ENDPOINTS",
    "PACKAGED_SUBGROUPS",
    "ROLE_ENDPOINTS",
    "AucComparison",
    "BinaryEndpoint",
    "DeLongAuc",
    "Endpoint",
    "Endpoints",
    "GroupShare",
    "OddsRatio",
    "SampleSize",
    "Subgroup",
    "Subgroups",
    "TimeEndpoint",
    "auc_delong",
    "auc_from_estimate",
    "auc_logit",
    "benjamini_hochberg",
    "calibration",
    "call_metrics",
    "clipped_logit",
    "combined_endpoints",
    "combined_subgroups",
    "compare_auc_delong",
    "comparison_from_estimates",
    "decision_curve",
    "definition",
    "endpoint_outcome",
    "endpoint_times",
    "endpoint_title",
    "evaluate_scores",
    "label_confounding",
    "median_split_survival",
    "net_benefit_difference",
    "odds_per_sd",
    "odds_ratio",
    "placements",
    "reliability_curve",
    "roc_curve_points",
    "sample_size",
    "score_by_group",
    "subgroup_members",
    "threshold_metrics",
    "treatment_interaction",
    "variance",
    "youden_threshold",
]
