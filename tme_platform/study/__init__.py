"""Define and load study files: cohorts, gene sets and settings. Using the settings belongs in `steps`."""

from tme_platform.study.load import StudyError, load_study, packaged_studies
from tme_platform.study.problems import study_problems
from tme_platform.study.settings import (
    AgreementSettings,
    CheckSettings,
    EnrichmentSettings,
    GeneSetSettings,
    PhenotypeSettings,
    Study,
    SurvivalSettings,
)

__all__ = [
    "AgreementSettings",
    "CheckSettings",
    "EnrichmentSettings",
    "GeneSetSettings",
    "PhenotypeSettings",
    "Study",
    "StudyError",
    "SurvivalSettings",
    "load_study",
    "packaged_studies",
    "study_problems",
]
