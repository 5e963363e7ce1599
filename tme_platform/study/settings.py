"""What can be set in a study. Every default is the published study's (Han 2024) or says why it is not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tme_platform.radiomics import ExtractionSettings
from tme_platform.signature import PromotionSettings, SignatureSettings

Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GeneSetSettings(_Settings):
    """Which populations are scored, and by what."""

    collection: str = "tme24"
    """A packaged collection, or the path of a .gmt file whose second column is the group of the population."""
    engine: Literal["gsva", "gseapy", "mcp_counter"] = "gsva"
    weight: float = 0.25
    """Exponent of the rank in ssGSEA's running sum (GSVA's `tau`)."""
    min_share: Share = 0.25
    """A set of which a smaller share of the genes was measured is refused."""


class PhenotypeSettings(_Settings):
    """How tumours are clustered into immune phenotypes."""

    k: Literal["vote", "silhouette"] | Annotated[int, Field(ge=2, le=15)] = 2
    """The published study found two clusters; `vote` takes the majority of the indices, `silhouette` its maximum."""
    k_min: Annotated[int, Field(ge=2)] = 2
    k_max: Annotated[int, Field(le=15)] = 8
    starts: Annotated[int, Field(ge=1)] = 50
    draws: Annotated[int, Field(ge=2)] = 100
    """Bootstrap draws for the stability of the clusters."""
    compared_collections: tuple[str, ...] = ("mcpcounter", "msigdb_hallmark_50")
    """Other gene-set collections: do they give the same two groups?"""
    seed: int = 2024


class EnrichmentSettings(_Settings):
    """Which gene sets are tested between hot and cold tumours."""

    collections: tuple[str, ...] = ("msigdb_hallmark_50", "msigdb_gobp_7658")
    min_size: Annotated[int, Field(ge=1)] = 15
    max_size: Annotated[int, Field(ge=2)] = 500
    permutations: Annotated[int, Field(ge=100)] = 1000
    seed: int = 2024


class SurvivalSettings(_Settings):
    """How survival is reported."""

    standardise: bool = True
    """Hazard ratios per standard deviation of a score; otherwise per unit."""
    min_events: Annotated[int, Field(ge=1)] = 5


class AgreementSettings(_Settings):
    """When a feature is read well enough to be used."""

    min_icc: Share = 0.75
    perturbation_seed: int = 2024
    perturbation_patients: Annotated[int, Field(ge=2)] = 30
    """As many patients as were read twice in the published study; where fewer have images, all of them."""


class RingWidthSettings(_Settings):
    """How far the ring's features hang on its width: a run beside the study's own, on some of the patients."""

    widths_mm: tuple[Annotated[float, Field(gt=0)], ...] = (1.0, 2.0, 3.0, 5.0)
    """Widths on either side of the border; one beyond the margin of the crop is passed over."""
    patients: Annotated[int, Field(ge=0)] = 10
    """Of each cohort, by pseudonym; 0 for none."""


class HarmonisationSettings(_Settings):
    """Whether scanner effects are taken out of the features before the signature sees them (ComBat)."""

    batch: Literal["none", "scanner", "site"] = "none"
    """The clinical column that names a patient's batch; `none` leaves the features as they are, as published."""


class EvaluationSettings(_Settings):
    """What the signature is held against, and how often chance is drawn."""

    rivals: tuple[Literal["random_forest", "l1_logistic", "gradient_boosting"], ...] = (
        "l1_logistic",
        "gradient_boosting",
    )
    """Other learners, trained and measured as the signature is."""
    volume_features: tuple[str, ...] = ("tumour_original_shape_MeshVolume", "S1_lesion_volume")
    """The feature of the volume-only model: the first of these that the feature set has."""
    clinical_variables: tuple[str, ...] = ("age_years", "stage", "er", "pr", "her2")
    """Canonical columns of the clinical and of the combined model, where a cohort has them."""
    permutations: Annotated[int, Field(ge=19)] = 100
    """Shuffles of the labels; p is never below 1 / (permutations + 1)."""
    learning_draws: Annotated[int, Field(ge=2)] = 10
    bootstraps: Annotated[int, Field(ge=10)] = 50
    """Resamples for the optimism of the apparent AUC; each learns the whole pipeline anew."""
    prevalence: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of hot tumours (or of the endpoint) for which PPV and NPV are also stated."""


class ReportSettings(_Settings):
    """What is drawn."""

    figures: bool = True
    """Whether figures are drawn, in the report and in Dagster's metadata; without them a run is quicker."""


class CheckSettings(_Settings):
    """When a check fails."""

    max_rejected_share: Share = 0.05
    """Of a cohort's patients, the share that may be left out because of bad input."""


class HousekeepingSettings(_Settings):
    """How long the platform keeps what nobody needs any more."""

    keep_days: Annotated[int, Field(ge=1)] = 30
    """Old table versions and runs; a version that a registered model was trained on stays for good."""


class Study(_Settings):
    """A study: settings and cohorts. The lake root is not part of it, so a study can be run anywhere."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    title: str
    cohorts: tuple[str, ...] | None = None
    """The landing folders that take part; all of them where none is named."""
    gene_sets: GeneSetSettings = GeneSetSettings()
    phenotypes: PhenotypeSettings = PhenotypeSettings()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    survival: SurvivalSettings = SurvivalSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    agreement: AgreementSettings = AgreementSettings()
    ring_width: RingWidthSettings = RingWidthSettings()
    harmonisation: HarmonisationSettings = HarmonisationSettings()
    signature: SignatureSettings = SignatureSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    promotion: PromotionSettings = PromotionSettings()
    checks: CheckSettings = CheckSettings()
    report: ReportSettings = ReportSettings()
    housekeeping: HousekeepingSettings = HousekeepingSettings()
