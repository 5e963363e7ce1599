"""How well a score holds: ROC with DeLong, thresholds, calibration, decision curves, group comparisons, response.

Arrays and frames in, frames and small records out. Fitting a model belongs to ``signature``, drawing to ``figures``.
"""

from tme_platform.evaluation.adjust import benjamini_hochberg
from tme_platform.evaluation.classification import threshold_metrics
from tme_platform.evaluation.correlation import spearman_table
from tme_platform.evaluation.delong import (
    AucComparison,
    DeLongAuc,
    auc_delong,
    auc_from_estimate,
    auc_from_placements,
    compare_auc_delong,
    placements,
)
from tme_platform.evaluation.roc import roc_curve_points
from tme_platform.evaluation.youden import YoudenThreshold, youden_threshold

__all__ = [
    "AucComparison",
    "DeLongAuc",
    "YoudenThreshold",
    "auc_delong",
    "auc_from_estimate",
    "auc_from_placements",
    "benjamini_hochberg",
    "compare_auc_delong",
    "placements",
    "roc_curve_points",
    "spearman_table",
    "threshold_metrics",
    "youden_threshold",
]
