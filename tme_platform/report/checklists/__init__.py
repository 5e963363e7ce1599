"""Reporting checklists filled in from the study's tables: METRICS, CLEAR, TRIPOD+AI and RQS.

The YAML files list the items by number in our own short wording. `known` and `rules` define how each item is answered.
"""

from tme_platform.report.checklists.fill import Answer, Filled, fill_checklists
from tme_platform.report.checklists.known import RULES
from tme_platform.report.checklists.rules import Verdict

__all__ = ["RULES", "Answer", "Filled", "Verdict", "fill_checklists"]
