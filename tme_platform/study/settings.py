"""The settings of a study. Defaults are those of the published study (Han et al. 2024) unless documented otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tme_platform.evaluation.endpoints import Endpoints, Subgroups
from tme_platform.radiomics import ExtractionSettings
from tme_platform.signature import PromotionSettings, SignatureSettings
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.yaml_file import nearest

Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _canonical(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that are no canonical column: they would be left out without a word."""
    for column in columns:
        if column not in CLINICAL_COLUMNS:
            raise ValueError(
                f"{column!r} is not a canonical column{nearest(column, list(CLINICAL_COLUMNS))}. Correct it"
            )
    return columns


CanonicalColumns = Annotated[tuple[str, ...], AfterValidator(_canonical)]
"""Names of canonical clinical columns."""


class GeneSetSettings(_Settings):
    """The cell populations that are scored, and the scoring method."""

    collection: str = "tme24"
    """A packaged collection, or the path of a .gmt file with the population group in its second column."""
    engine: Literal["gsva", "gseapy", "mcp_counter"] = "gsva"
    weight: float = 0.25
    """Exponent of the rank in ssGSEA's running sum (GSVA's `tau`)."""
    min_share: Share = 0.25
    """Smallest share of measured genes for a set to be scored."""
    min_genes: Annotated[int, Field(ge=1)] = 5
    """Smallest number of measured genes; a set of one or two genes is a gene, not a population."""
    aliases: bool = True
    """Whether genes of a set are also found under former symbols and aliases; scores then differ from R's on the same
    file by what `by_alias` of `populations` lists."""


class PhenotypeSettings(_Settings):
    """Clustering of tumours into immune phenotypes."""

    k: Literal["vote", "silhouette"] | Annotated[int, Field(ge=2, le=15)] = 2
    """Number of clusters (published: 2); `vote` takes the majority of the indices, `silhouette` the maximum."""
    scaling: Literal["within_sample", "over_cohort"] = "within_sample"
    """How scores are scaled before clustering: each tumour across its populations (published), or each population over
    the cohort. Log fractions are always scaled over the cohort; a cohort file may set its own rule.
    """
    k_min: Annotated[int, Field(ge=2)] = 2
    k_max: Annotated[int, Field(le=15)] = 8
    starts: Annotated[int, Field(ge=1)] = 50
    draws: Annotated[int, Field(ge=2)] = 100
    """Bootstrap draws for the stability of the clusters."""
    null_draws: Annotated[int, Field(ge=19)] = 100
    """Simulated Gaussian clouds with which the clusters are compared; the smallest p-value is 1 / (null_draws + 1)."""
    log_rank_permutations: Annotated[int, Field(ge=19)] = 1000
    """Permutations of the follow-up that correct the log-rank p for searching over k, and over collections."""
    compared_collections: tuple[str, ...] = ("mcpcounter", "msigdb_hallmark_50")
    """Other gene-set collections whose phenotypes are compared with those of the study."""
    seed: int = 2024


class SpecificationSettings(_Settings):
    """The specification curve: hot and cold by other definitions, beside the study's own."""

    cohorts: tuple[str, ...] = ()
    """Cohorts that measure the same patients by another method, such as cell fractions."""
    repeats: Annotated[int, Field(ge=1)] = 1
    """Repeats of the cross-validation of each definition's signature."""


class EnrichmentSettings(_Settings):
    """Gene sets that are compared between hot and cold tumours."""

    collections: tuple[str, ...] = ("msigdb_hallmark_50", "msigdb_gobp_7658")
    min_size: Annotated[int, Field(ge=1)] = 15
    max_size: Annotated[int, Field(ge=2)] = 500
    sample_permutations: Annotated[int, Field(ge=99)] = 2000
    """Permutations of the tumours' labels; the smallest p-value is 1 / (sample_permutations + 1)."""
    permutations: Annotated[int, Field(ge=100)] = 1000
    """Random gene sets per size that normalise the score of preranked GSEA, the paper's way."""
    seed: int = 2024


class SurvivalSettings(_Settings):
    """Survival analysis."""

    standardise: bool = True
    """Report hazard ratios per standard deviation of a score rather than per unit."""
    min_events: Annotated[int, Field(ge=1)] = 5
    """Smallest number of events of an endpoint, or of a subgroup, to be analysed."""
    covariates: CanonicalColumns = ("age_years", "stage", "pam50", "er", "her2", "grade")
    """Clinical columns that the phenotype is adjusted for, in the order in which they enter the model. Receptors enter
    only if PAM50 does not."""
    events_per_term: Annotated[float, Field(gt=0)] = 10
    """Smallest number of events per term of the adjusted model; covariates that would leave fewer do not enter."""


class AgreementSettings(_Settings):
    """Agreement that a feature needs to be used."""

    min_icc: Share = 0.75
    perturbation_seed: int = 2024
    perturbation_patients: Annotated[int, Field(ge=2)] = 30
    """Number of patients, as many as had second readings in the published study; all if fewer have images."""


class RingWidthSettings(_Settings):
    """Sensitivity of the ring features to the ring width, computed on some of the patients."""

    widths_mm: tuple[Annotated[float, Field(gt=0)], ...] = (1.0, 2.0, 3.0, 5.0)
    """Widths on either side of the border; a width beyond the margin of the crop is skipped."""
    patients: Annotated[int, Field(ge=0)] = 10
    """Number of patients per cohort, the first by pseudonym; 0 disables the analysis."""


class ControlSettings(_Settings):
    """Negative controls of the signature, extracted from the discovery patients."""

    shuffled_voxels: bool = True
    """Features of shuffled voxels inside tumour and ring; about one more extraction per discovery patient."""
    seed: int = 2024


class HarmonisationSettings(_Settings):
    """Removal of scanner effects from the features (ComBat) before the signature uses them."""

    batch: Literal["none", "scanner", "site"] = "none"
    """Clinical column that holds a patient's batch; `none` leaves the features unchanged, as published."""
    min_patients: Annotated[int, Field(ge=2)] = 8
    """Training patients that a batch needs; patients of smaller or unseen batches stay unharmonised and are marked."""


class EvaluationSettings(_Settings):
    """Models that the signature is compared with, and numbers of permutations and resamples."""

    rivals: tuple[Literal["random_forest", "ridge", "gradient_boosting"], ...] = ("ridge", "gradient_boosting")
    """Other learners, trained and evaluated like the signature."""
    volume_features: tuple[str, ...] = ("tumour_original_shape_MeshVolume", "S1_lesion_volume")
    """Feature of the volume-only model: the first of these in the feature set."""
    clinical_variables: CanonicalColumns = ("age_years", "stage", "er", "pr", "her2")
    """Canonical columns of the clinical and the combined model, if a cohort has them."""
    permutations: Annotated[int, Field(ge=19)] = 499
    """Permutations of the labels at most; the smallest p-value is 1 / (permutations + 1)."""
    permutations_reaching: Annotated[int, Field(ge=5)] = 20
    """The permutation test stops when so many permutations have reached the AUC of the true labels: the standard error
    of p is then at most p / sqrt(permutations_reaching), 22 % of p."""
    continuous_permutations: Annotated[int, Field(ge=19)] = 49
    """Permutations of each continuous target; the smallest p-value is 1 / (continuous_permutations + 1)."""
    learning_draws: Annotated[int, Field(ge=2)] = 25
    """Random subsets per size of the learning curve."""
    learning_null_draws: Annotated[int, Field(ge=2)] = 20
    """Random subsets per size with shuffled labels."""
    bootstraps: Annotated[int, Field(ge=10)] = 50
    """Resamples for the optimism of the apparent AUC; each refits the whole pipeline."""
    prevalence: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of hot tumours (or of the endpoint) for which PPV and NPV are reported as well."""


class ReportSettings(_Settings):
    """The report and its figures."""

    figures: bool = True
    """Draw figures in the report, in Dagster's metadata and beside the model; a run without them is faster."""


class CheckSettings(_Settings):
    """Limits of the data checks."""

    max_rejected_share: Share = 0.05
    """Largest share of a cohort's patients that may be left out because of bad input."""
    min_shared_patients: Share = 0.1
    """Smallest share of the smaller of two tables of a cohort whose patients the other table names as well; below it,
    what depends on the cohort's patients is not built."""


class HousekeepingSettings(_Settings):
    """How long obsolete data are kept."""

    keep_days: Annotated[int, Field(ge=1)] = 30
    """Days to keep old table versions and runs; versions that a registered model was trained on are never removed."""


class Study(_Settings):
    """A study: cohorts and settings. The lake root is not part of it, so a study can run anywhere."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    title: str
    cohorts: tuple[str, ...] | None = None
    """Landing folders that take part; all of them by default."""
    endpoints: Endpoints = Endpoints({})
    """Endpoints of the study's cohorts, added to the packaged ones or replacing them by name."""
    subgroups: Subgroups = Subgroups({})
    gene_sets: GeneSetSettings = GeneSetSettings()
    phenotypes: PhenotypeSettings = PhenotypeSettings()
    specifications: SpecificationSettings = SpecificationSettings()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    survival: SurvivalSettings = SurvivalSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    agreement: AgreementSettings = AgreementSettings()
    ring_width: RingWidthSettings = RingWidthSettings()
    controls: ControlSettings = ControlSettings()
    harmonisation: HarmonisationSettings = HarmonisationSettings()
    signature: SignatureSettings = SignatureSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    promotion: PromotionSettings = PromotionSettings()
    checks: CheckSettings = CheckSettings()
    report: ReportSettings = ReportSettings()
    housekeeping: HousekeepingSettings = HousekeepingSettings()
