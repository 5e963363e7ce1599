"""Score one new patient with a stored signature, and report how far the case lies outside the training data.

Loading a version from the registry belongs in ``tracking``, training a signature in ``signature``.
"""

from tme_platform.scoring.case import TRAINED_GEOMETRY, CaseScore, ScoringModel, score_case

__all__ = ["TRAINED_GEOMETRY", "CaseScore", "ScoringModel", "score_case"]
