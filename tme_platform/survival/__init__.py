"""Survival: Kaplan-Meier, log-rank, Cox regression, cut-points. Plots are in `figures`, phenotypes in `phenotypes`."""

from tme_platform.survival.at_risk import at_risk_table
from tme_platform.survival.cox import cox_multivariable, cox_univariate
from tme_platform.survival.kaplan_meier import kaplan_meier
from tme_platform.survival.log_rank import LogRank, log_rank
from tme_platform.survival.median import median_survival

__all__ = [
    "LogRank",
    "at_risk_table",
    "cox_multivariable",
    "cox_univariate",
    "kaplan_meier",
    "log_rank",
    "median_survival",
]
