"""Reporting checklists filled in from what the platform knows: METRICS, CLEAR, TRIPOD+AI, RQS.

Items stand in the YAML files by number and in our own short wording; what decides an item, in `known` and `rules`.
"""

from tme_platform.report.checklists.fill import Answer, Filled, fill_checklists
from tme_platform.report.checklists.known import RULES
from tme_platform.report.checklists.rules import Verdict

__all__ = ["RULES", "Answer", "Filled", "Verdict", "fill_checklists"]
