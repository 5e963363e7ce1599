"""Statistics shared by several packages: tests, intervals, logistic regression, correlation, ROC points, Table 1.

Functions take arrays or frames and return frames or small records. Choosing what to test and interpreting the result
belong in the calling packages. This package imports no other part of `tme_platform`.
"""

from tme_platform.statistics.adjust import benjamini_hochberg
from tme_platform.statistics.correlation import spearman_interval, spearman_table
from tme_platform.statistics.effect_size import StandardisedDifference, standardised_difference
from tme_platform.statistics.group_tests import GroupComparison, NumericTest, compare_categories, compare_groups
from tme_platform.statistics.inputs import (
    CONSTANT,
    TOO_EXTREME,
    Vector,
    check_columns,
    outcome_and_scores,
    single_class_reason,
    unscalable_reason,
)
from tme_platform.statistics.logistic import LogisticFit, fit_logistic
from tme_platform.statistics.mean_difference import Summary, mean_difference
from tme_platform.statistics.permuted import SequentialP, p_of_counts, permutation_p, sequential_p
from tme_platform.statistics.proportions import mean_interval, proportion_interval
from tme_platform.statistics.roc import roc_curve_points
from tme_platform.statistics.table_one import table_one
from tme_platform.statistics.youden import YoudenThreshold, youden_threshold

__all__ = [
    "CONSTANT",
    "TOO_EXTREME",
    "GroupComparison",
    "LogisticFit",
    "NumericTest",
    "SequentialP",
    "StandardisedDifference",
    "Summary",
    "Vector",
    "YoudenThreshold",
    "benjamini_hochberg",
    "check_columns",
    "compare_categories",
    "compare_groups",
    "fit_logistic",
    "mean_difference",
    "mean_interval",
    "outcome_and_scores",
    "p_of_counts",
    "permutation_p",
    "proportion_interval",
    "roc_curve_points",
    "sequential_p",
    "single_class_reason",
    "spearman_interval",
    "spearman_table",
    "standardised_difference",
    "table_one",
    "unscalable_reason",
    "youden_threshold",
]
