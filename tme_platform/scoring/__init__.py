"""One new patient through a stored signature: from image and outline to rad-score, and how far to trust it.

Loading a version from the registry belongs in `tracking`, learning a signature in `signature`.
"""

from tme_platform.scoring.case import TRAINED_GEOMETRY, CaseScore, ScoringModel, score_case

__all__ = ["TRAINED_GEOMETRY", "CaseScore", "ScoringModel", "score_case"]
