"""Tests, intervals, multiple testing, correlation, Table 1: statistics that several sciences share.

Arrays and frames in, frames and small records out. What is tested, and what a result means, belongs in the packages
above. Nothing of the house is imported.
"""

from tme_platform.statistics.adjust import benjamini_hochberg
from tme_platform.statistics.correlation import spearman_table
from tme_platform.statistics.group_tests import GroupComparison, compare_categories, compare_groups
from tme_platform.statistics.permuted import permutation_p
from tme_platform.statistics.proportions import mean_interval, proportion_interval
from tme_platform.statistics.table_one import table_one
from tme_platform.statistics.youden import YoudenThreshold, youden_threshold

__all__ = [
    "GroupComparison",
    "YoudenThreshold",
    "benjamini_hochberg",
    "compare_categories",
    "compare_groups",
    "mean_interval",
    "permutation_p",
    "proportion_interval",
    "spearman_table",
    "table_one",
    "youden_threshold",
]
