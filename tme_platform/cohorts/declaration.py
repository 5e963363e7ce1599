"""Models of the cohort file, `cohort.yaml`. Reading the file belongs in `cohort_file`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tme_platform.cohorts._workbook import WORKBOOK
from tme_platform.evaluation.endpoints import Endpoints, Subgroups
from tme_platform.tables.clinical import CLINICAL_COLUMNS

COHORT_NAME = r"^[a-z][a-z0-9_]{0,62}$"
"""Pattern of a cohort name; restricted because the name is a folder, a partition key and a value in SQL."""


class Role(StrEnum):
    """What a cohort is used for; a cohort may have several roles."""

    PHENOTYPE_REFERENCE = "phenotype_reference"
    PHENOTYPE_REPLICATION = "phenotype_replication"
    SCORE_COMPARISON = "score_comparison"
    SIGNATURE_DISCOVERY = "signature_discovery"
    SIGNATURE_VALIDATION = "signature_validation"
    IMMUNE_PHENOTYPE = "immune_phenotype"
    IMMUNOTHERAPY = "immunotherapy"
    IMAGING_METHODS = "imaging_methods"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Provenance(_Model):
    """Where the data come from. Everything derived from simulated data is labelled simulated."""

    kind: Literal["real", "simulated"]
    source: str
    licence: str


class PatientKey(_Model):
    """The column that names the patient. With `pattern`, its first group is the patient; other rows are left out.

    A pattern turns a sample table into a patient table: `^(TCGA-..-....)-01` keeps primary tumours and leaves out
    normal tissue (`-11`) and metastases (`-06`).
    """

    column: str
    pattern: str | None = None


class ColumnRule(_Model):
    """How a canonical column is derived from a column of the file."""

    column: str
    unit: Literal["days", "months", "years", "percent", "fraction", "ml", "mm3"] | None = None
    values: dict[str, str | float | int | bool | None] | None = None


class _Table(_Model):
    """A table by patient: its file, and the sheet of an Excel workbook (.xlsx)."""

    file: str
    sheet: str | None = None
    """Name of the sheet; may be left out if the workbook has only one."""

    @model_validator(mode="after")
    def _only_workbooks_have_sheets(self) -> _Table:
        if self.sheet is not None and not self.file.lower().endswith(WORKBOOK):
            raise ValueError(f"`sheet` names the sheet of an Excel workbook ({WORKBOOK}). Remove it")
        return self

    @property
    def label(self) -> str:
        """The file, and the sheet if one is named: a workbook may hold several tables."""
        return self.file if self.sheet is None else f"{self.file} ({self.sheet})"


class ClinicalSource(_Table):
    """A clinical table: its file, its patient column and the mapping of its columns to canonical ones."""

    patient_id: PatientKey
    columns: dict[str, ColumnRule] = Field(default_factory=dict)
    decimal: Literal[".", ","] = "."
    adds_patients: bool = True
    other: tuple[str, ...] = ()
    """Columns without mapping that are kept in `clinical_other`, beside those that endpoints and subgroups name."""

    @field_validator("patient_id", mode="before")
    @classmethod
    def _short_key(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _short_rules(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {ours: {"column": theirs} if isinstance(theirs, str) else theirs for ours, theirs in value.items()}


class ExpressionSource(_Model):
    """The expression matrix: genes in rows, samples in columns."""

    file: str
    unit: Literal[
        "counts", "tpm", "fpkm", "log2_counts", "log2_cpm", "log2_tpm", "log2_fpkm", "normal_score", "z_score"
    ]
    gene_id: Literal["symbol", "ensembl"] = "symbol"
    gene_column: str | None = None
    """The column that names the genes; by default the first."""
    gene_map: str | None = None
    gene_lengths: str | None = None
    """A two-column file, gene (named as in `file`) and length in bases, by which counts become TPM. Without it the
    packaged lengths are used."""
    patient_pattern: str | None = None

    @model_validator(mode="after")
    def _only_counts_take_lengths(self) -> ExpressionSource:
        if self.gene_lengths is not None and self.unit != "counts":
            raise ValueError(f"gene_lengths converts counts, not {self.unit}. Write `unit: counts`, or remove it")
        return self

    @model_validator(mode="after")
    def _ensembl_needs_a_map(self) -> ExpressionSource:
        if self.gene_id == "ensembl" and self.gene_map is None:
            raise ValueError("gene_id: ensembl needs gene_map: a two-column file, Ensembl id and symbol")
        return self


class ImagingSource(_Model):
    """The imaging manifest: one row per outline (patient_id, series, image, mask, mask_label, reader, session)."""

    manifest: str = "imaging.csv"
    series: str | None = None
    """Name of the series that the signature uses; may be left out if every patient has one series."""

    @field_validator("series", mode="before")
    @classmethod
    def _series_may_be_a_number(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class FeatureSource(_Table):
    """A finished radiomic feature table, one row per patient."""

    patient_id: PatientKey = PatientKey(column="patient_id")
    feature_set: str
    columns: str | tuple[str, ...] | None = None
    """The columns that are features, listed or as a pattern for the whole name; by default all that can be. A listed
    column is taken whatever it looks like, unless it is an outcome."""
    exclude: str | tuple[str, ...] = ()
    """Columns that are not taken, listed or as a pattern."""
    rename: dict[str, str] = Field(default_factory=dict)

    @field_validator("patient_id", mode="before")
    @classmethod
    def _short_key(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value


class CellScoreSource(_Table):
    """Finished cell scores or cell fractions, one row per patient.

    Scores need `groups`, fractions `lineages`: they are summed to lineages and put on a log scale.
    """

    patient_id: str = "patient_id"
    kind: Literal["scores", "fractions"] = "scores"
    groups: str | None = None
    """A two-column file (population, group); populations missing from it are not used."""
    lineages: str | None = None
    """A packaged lineage map (`instaprism`, `lm22`), or a three-column file (state, lineage, group)."""
    method: str

    @model_validator(mode="after")
    def _needs_one_map(self) -> CellScoreSource:
        if (self.groups is None) == (self.lineages is None) or (self.kind == "scores" and self.groups is None):
            raise ValueError(
                "`kind: scores` needs `groups: FILE`; `kind: fractions` needs `lineages: instaprism` (or "
                "`lm22`, or a file), or `groups: FILE` to cluster the raw fractions"
            )
        return self


class OtherScores(CellScoreSource):
    """The same patients' populations by another method, with which the phenotypes are compared."""

    times: str | None = None
    """A canonical clinical column by which fractions are multiplied, such as the leukocyte fraction for fractions that
    are relative to all leukocytes."""

    @model_validator(mode="after")
    def _only_fractions_are_multiplied(self) -> OtherScores:
        if self.times is not None and self.kind == "scores":
            raise ValueError("`times` multiplies fractions. Write `kind: fractions`, or remove `times`")
        return self

    @field_validator("times")
    @classmethod
    def _times_is_a_number(cls, value: str | None) -> str | None:
        numeric = [name for name, column in CLINICAL_COLUMNS.items() if column.dtype == "float64"]
        if value is not None and value not in numeric:
            raise ValueError(f"`times: {value}` is not a measured clinical column: {', '.join(numeric)}")
        return value


class PhenotypeSource(_Model):
    """Where labels come from: fitted in this cohort, taken by patient from another, or assigned by its model."""

    by: Literal["fit", "patient", "model"] = "fit"
    cohort: str | None = None
    scaling: Literal["within_sample", "over_cohort"] | None = None
    """How scores are scaled before clustering; by default over the cohort for log fractions, otherwise as the study
    sets it."""

    @model_validator(mode="after")
    def _needs_a_cohort(self) -> PhenotypeSource:
        if (self.by == "fit") != (self.cohort is None):
            raise ValueError("`by: patient` and `by: model` need a cohort, `by: fit` takes none")
        return self


class ScoreComparison(_Model):
    """Comparison with another estimate of the same populations, for patients who have both."""

    cohort: str
    """Cohort that holds the other estimate as its cell scores."""
    pairs: str | None = None
    """A two-column file (population, compared_with); the fractions of several rows are summed. Without it, populations
    of the same name are compared."""


class Split(_Model):
    """Split of one collection into discovery and validation; an assigned patient never moves."""

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the patients assigned to validation."""
    seed: int = 2024
    stratify_by: Literal["phenotype"] = "phenotype"


class Cohort(_Model):
    """A cohort as declared in its `cohort.yaml`."""

    title: str
    roles: tuple[Role, ...] = Field(min_length=1)
    provenance: Provenance
    clinical: tuple[ClinicalSource, ...] = ()
    expression: ExpressionSource | None = None
    cell_scores: CellScoreSource | None = None
    imaging: ImagingSource | None = None
    features: FeatureSource | None = None
    phenotypes: PhenotypeSource | None = None
    split: Split | None = None
    score_comparison: tuple[ScoreComparison, ...] = ()
    other_scores: dict[str, OtherScores] = Field(default_factory=dict)
    control_arm: str | None = None
    """The value of `arm` that other treatment arms are compared with."""
    endpoints: Endpoints = Endpoints({})
    """Added to those of the study, or replacing them by name."""
    subgroups: Subgroups = Subgroups({})

    @field_validator("score_comparison", mode="before")
    @classmethod
    def _single_comparison(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _split_needs_both_roles(self) -> Cohort:
        both = {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION} <= set(self.roles)
        if self.split is not None and not both:
            raise ValueError("split: needs both roles signature_discovery and signature_validation")
        if both and self.split is None:
            raise ValueError("roles signature_discovery and signature_validation together need a split")
        return self

    @property
    def simulated(self) -> bool:
        """Whether the data are simulated; everything derived from them is labelled so."""
        return self.provenance.kind == "simulated"
