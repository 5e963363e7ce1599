"""Analyse survival: Kaplan-Meier, log-rank, Cox regression, cut-points. Plots belong in `figures`."""

from tme_platform.survival.adjusted import adjusted_cox
from tme_platform.survival.at_risk import at_risk_table
from tme_platform.survival.by_group import cox_univariate_by_group
from tme_platform.survival.clinical_terms import clinical_terms
from tme_platform.survival.cox import cox_multivariable, cox_univariate
from tme_platform.survival.cut_point import MaximallySelected, maximally_selected_log_rank, youden_split
from tme_platform.survival.influence import cox_influence
from tme_platform.survival.kaplan_meier import kaplan_meier
from tme_platform.survival.log_rank import LogRank, log_rank
from tme_platform.survival.median import median_survival
from tme_platform.survival.nested import NestedCox, compare_nested_cox
from tme_platform.survival.proportional import proportional_hazards_test
from tme_platform.survival.restricted_mean import restricted_mean
from tme_platform.survival.searched import searched_log_rank

__all__ = [
    "LogRank",
    "MaximallySelected",
    "NestedCox",
    "adjusted_cox",
    "at_risk_table",
    "clinical_terms",
    "compare_nested_cox",
    "cox_influence",
    "cox_multivariable",
    "cox_univariate",
    "cox_univariate_by_group",
    "kaplan_meier",
    "log_rank",
    "maximally_selected_log_rank",
    "median_survival",
    "proportional_hazards_test",
    "restricted_mean",
    "searched_log_rank",
    "youden_split",
]
