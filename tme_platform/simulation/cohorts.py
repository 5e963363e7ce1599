"""The cohorts of the simulated study: published sizes, roles and data. Drawing patients belongs in `patients`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Subtype = Literal["LumA", "LumB", "Her2", "Basal", "Normal"]
SUBTYPES: tuple[Subtype, ...] = ("LumA", "LumB", "Her2", "Basal", "Normal")

_PUBLIC = (0.47, 0.21, 0.08, 0.18, 0.06)
_HOSPITAL = (0.32, 0.24, 0.17, 0.22, 0.05)
_ONE_STAGE = {"I": 0.17, "IIA": 0.33, "IIB": 0.24, "IIIA": 0.14, "IIIB": 0.03, "IIIC": 0.06, "IV": 0.03}
_ADVANCED = {"IIB": 0.10, "IIIA": 0.20, "IIIB": 0.15, "IIIC": 0.20, "IV": 0.35}

RECEPTORS = ("er", "pr", "her2")
_BASIC = ("age_years", "sex", "laterality", "os_days", "os_event", "stage", *RECEPTORS, "site")
_TUMOUR_BANK = (*_BASIC, "pam50", "purity_absolute", "purity_lump", "purity_ihc")


@dataclass(frozen=True)
class SimulatedCohort:
    """One cohort of the simulated study.

    Attributes
    ----------
    name, title, roles
        As in its cohort file.
    prefix
        Prefix of its patients' pseudonyms.
    published
        Patients in Han et al. 2024.
    clinical
        The canonical clinical columns it provides.
    expression, imaging
        Whether it provides RNA-seq, and DCE-MRI.
    read_again
        Number of its first patients whom two readers outline twice.
    subtypes
        Shares of `SUBTYPES`.
    stages
        Shares of the stages.
    follow_up_days, survival_days
        Median follow-up, and median survival of the average patient.
    """

    name: str
    title: str
    roles: tuple[str, ...]
    prefix: str
    published: int
    clinical: tuple[str, ...]
    expression: bool = False
    imaging: bool = False
    read_again: int = 0
    subtypes: tuple[float, ...] = _PUBLIC
    stages: tuple[tuple[str, float], ...] = tuple(_ONE_STAGE.items())
    follow_up_days: float = 1100.0
    survival_days: float = 4200.0


EXPRESSION = SimulatedCohort(
    "sim_expression",
    "Simulated gene expression cohort",
    ("phenotype_reference", "score_comparison"),
    "SE",
    1089,
    _TUMOUR_BANK,
    expression=True,
)
RADIOMICS = SimulatedCohort(
    "sim_radiomics",
    "Simulated radiomics discovery and validation cohort",
    ("signature_discovery", "signature_validation"),
    "SR",
    94 + 24,
    (*_TUMOUR_BANK, "scanner"),
    expression=True,
    imaging=True,
    read_again=30,
)
IMMUNE_PHENOTYPE = SimulatedCohort(
    "sim_immune_phenotype",
    "Simulated immune phenotype cohort (CD8 immunohistochemistry)",
    ("immune_phenotype",),
    "SP",
    158,
    (*_BASIC, "scanner", "cd8_percent", "immune_phenotype", "pd_l1"),
    imaging=True,
    subtypes=_HOSPITAL,
)
IMMUNOTHERAPY = SimulatedCohort(
    "sim_immunotherapy",
    "Simulated immunotherapy-treated cohort (RECIST 1.1 at 6 months)",
    ("immunotherapy",),
    "ST",
    77,
    (*_BASIC, "pfs_days", "pfs_event", "scanner", "arm", "recist", "pd_l1", "pd_l1_assay"),
    imaging=True,
    subtypes=_HOSPITAL,
    stages=tuple(_ADVANCED.items()),
    follow_up_days=650.0,
    survival_days=800.0,
)

COHORTS: dict[str, SimulatedCohort] = {
    cohort.name: cohort for cohort in (EXPRESSION, RADIOMICS, IMMUNE_PHENOTYPE, IMMUNOTHERAPY)
}
"""The cohorts by name; discovery and validation are one collection, split 80/20."""

TRUTH = "sim_truth"
"""The landing folder with the true abundances behind the expression cohort, for comparison with the scores."""


def published_sizes(scale: float = 1.0) -> dict[str, int]:
    """Return patients by cohort: the published numbers times `scale`, at least one each.

    Raises
    ------
    ValueError
        If `scale` is not positive.
    """
    if not scale > 0:
        raise ValueError(f"the scale of the cohort sizes is {scale}; it must be more than 0")
    return {name: max(1, round(cohort.published * scale)) for name, cohort in COHORTS.items()}
