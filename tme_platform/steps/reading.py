"""Loaders that several steps share: a scope in, a frame in the shape that the science takes out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from tme_platform.cohorts import several_series, with_borrowed, with_own_columns
from tme_platform.evaluation import (
    BinaryEndpoint,
    Endpoint,
    Subgroup,
    TimeEndpoint,
    combined_endpoints,
    combined_subgroups,
    endpoint_outcome,
    endpoint_times,
    subgroup_members,
)
from tme_platform.expression import harmonise_gene_sets, read_gmt, usable_gene_sets
from tme_platform.phenotypes import Scaling, constant_populations, scale_scores
from tme_platform.steps.scope import Scope
from tme_platform.study.settings import GeneSetSettings
from tme_platform.tables import COMMON_COLUMNS, TableSchema
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.tables.cohorts import CLINICAL_OTHER, EXPRESSION, PATIENTS
from tme_platform.tables.expression import CELL_SCORES, EXPRESSION_QUALITY, POPULATIONS
from tme_platform.tables.imaging import OUTLINE_KEY
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.radiomics import HARMONISED_FEATURES, RADIOMIC_FEATURES
from tme_platform.tables.signature import SIGNATURE
from tme_platform.tracking import ModelRecord

FEATURE_DESCRIPTION = ("cohort", *OUTLINE_KEY, "feature_set", "row_key", "provenance", "batch", "harmonised", "note")
"""Columns of feature tables that are not features."""


def expression_matrix(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """The expression of a cohort, genes x samples, log2; genes in the order of the cohort's file, which breaks ties."""
    return scope.read_matrix(EXPRESSION, cohort, rows="gene", columns="sample_id", value="value", order="gene_order")


def rankable_matrix(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """The expression of a cohort as `expression_matrix`, without samples that have too many ties to be scored."""
    matrix = expression_matrix(scope, cohort)
    quality = scope.read(EXPRESSION_QUALITY, cohort, columns=["patient_id", "verdict"])
    return matrix.drop(columns=quality.loc[quality["verdict"] == "not scored", "patient_id"], errors="ignore")


def population_scores(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """The cell scores of a cohort, populations x patients."""
    return by_patient(scope.read(CELL_SCORES, cohort)).T


def phenotype_scaling(scope: Scope, cohort: str | None = None) -> Scaling:
    """How a cohort's scores are scaled before clustering."""
    declared = scope.declaration("phenotypes", "cell_scores", cohort=cohort)
    if declared.phenotypes is not None and declared.phenotypes.scaling is not None:
        return declared.phenotypes.scaling
    in_lineages = declared.cell_scores is not None and declared.cell_scores.lineages is not None
    return "over_cohort" if in_lineages else scope.study.phenotypes.scaling


def clustered_scores(scope: Scope) -> pd.DataFrame:
    """The cell scores that clusters are made from, populations x patients, without `unvarying` populations."""
    scores = population_scores(scope)
    return scores.drop(index=list(unvarying(scope, scores)))


def unvarying(scope: Scope, scores: pd.DataFrame) -> dict[str, str]:
    """The populations that cannot be scaled over the cohort because they are the same in all patients, and why."""
    if phenotype_scaling(scope) == "within_sample":
        return {}
    return dict.fromkeys(constant_populations(scores), "the same in all patients, so not used for phenotypes")


def scaled_scores(scope: Scope) -> pd.DataFrame:
    """The cell scores of the cohort as they are clustered, patients x populations; without patients that lack one."""
    return scale_scores(population_scores(scope), phenotype_scaling(scope)).dropna()


def population_groups(scope: Scope) -> dict[str, str]:
    """Group of each population that has one."""
    listed = scope.read(POPULATIONS, columns=["population", "population_group"]).dropna(subset=["population_group"])
    return dict(zip(listed["population"], listed["population_group"], strict=True))


def no_set_measured(settings: GeneSetSettings, n_genes: int, cohort: str) -> str:
    """Say that no gene set can be scored with the genes of a cohort, and what to do."""
    return (
        f"no set of {settings.collection} has {settings.min_genes} genes and {settings.min_share:.0%} of its genes "
        f"among the {n_genes:,} of cohort {cohort}; `populations` lists what was found. Lower "
        "`min_genes` or `min_share` under `gene_sets` in the study file, or correct the names of the genes."
    )


def measured_sets(
    scope: Scope, collection: str, genes: Collection[str], *, min_genes: int | None = None
) -> tuple[dict[str, list[str]], dict[str, list[str]], pd.DataFrame]:
    """A gene-set collection against the genes that were measured; `min_genes` replaces the study's setting.

    Genes are also found under former symbols, unless the study switches that off.

    Returns
    -------
    All sets with their symbols harmonised, those with enough measured genes, and the refused ones with the reason.
    """
    settings = scope.study.gene_sets
    listed, _ = harmonise_gene_sets(read_gmt(scope.collection(collection)), genes, aliases=settings.aliases)
    usable, refused = usable_gene_sets(listed, genes, settings.min_share, min_genes or settings.min_genes)
    return listed, usable, refused


def phenotypes(scope: Scope, cohort: str | None = None) -> pd.Series:
    """The phenotype of each patient of a cohort."""
    labels = scope.read(TME_PHENOTYPES, cohort, columns=["patient_id", "phenotype"])
    return labels.set_index("patient_id")["phenotype"].astype("object")


def hot_or_cold(scope: Scope, cohort: str | None = None) -> pd.Series:
    """The phenotype of each patient who is one or the other."""
    labels = phenotypes(scope, cohort)
    return labels[labels.isin(["hot", "cold"])]


def of_signature_series(scope: Scope, table: pd.DataFrame, cohort: str | None = None) -> pd.DataFrame:
    """The rows of the series that the cohort names for the signature; all rows where it names none.

    Parameters
    ----------
    table
        Rows of one cohort with the column `series`.
    """
    declared = scope.declaration("imaging", "features", cohort=cohort)
    if declared.features is not None or declared.imaging is None or declared.imaging.series is None:
        return table
    return table[table["series"] == declared.imaging.series]


def first_readings(table: pd.DataFrame) -> pd.DataFrame:
    """The first reading of the first reader of each patient, with only the features and their `feature_set`.

    Raises
    ------
    ValueError
        A patient has several series: see `of_signature_series`.
    """
    unknown = several_series(table)
    if unknown is not None:
        raise ValueError(unknown)
    first = table.sort_values(["session", "reader", "series"], kind="stable").drop_duplicates("patient_id")
    described = [*(set(FEATURE_DESCRIPTION) - {"feature_set", "patient_id"})]
    return first.set_index("patient_id").sort_index().drop(columns=described, errors="ignore")


def features_by_patient(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """Features of each patient's first reading of the signature's series, with the `feature_set`.

    They are harmonised if the study does so.
    """
    raw = scope.study.harmonisation.batch == "none"
    table = scope.read(RADIOMIC_FEATURES if raw else HARMONISED_FEATURES, cohort)
    return first_readings(of_signature_series(scope, table, cohort))


def clinical_by_patient(
    scope: Scope, cohort: str, columns: Sequence[str] | None = None, *, among: TableSchema | None = None
) -> pd.DataFrame:
    """Clinical columns of a cohort's patients, or of those in a table of the whole study.

    Where the phenotypes come by patient from another cohort, that cohort knows the same patients: values that are
    missing here are taken from there, time and event of survival together.
    """

    def patients(part: str) -> pd.DataFrame:
        wanted = None if columns is None else ["patient_id", *columns]
        return scope.read(PATIENTS, part, columns=wanted, among=among).set_index("patient_id")

    own = patients(cohort)
    source = scope.declaration("phenotypes", cohort=cohort).phenotypes
    if source is None or source.by != "patient" or source.cohort is None:
        return own
    return with_borrowed(own, patients(source.cohort))


def time_endpoints(scope: Scope, *, borrowed: bool = False) -> dict[str, pd.DataFrame]:
    """Time-to-event endpoints that the cohort has values for.

    Parameters
    ----------
    scope
        Of a table that is kept per cohort.
    borrowed
        Whether missing values are taken from the cohort that the phenotypes come from, as in `clinical_by_patient`.

    Returns
    -------
    dict
        By endpoint a frame by patient: ``time_days`` and ``event`` (1 observed, 0 censored), known or missing together.
    """
    declared = {name: found for name, found in declared_endpoints(scope).items() if isinstance(found, TimeEndpoint)}
    clinical = _named_columns(scope, declared.values(), borrowed)
    found = {name: endpoint_times(clinical, endpoint) for name, endpoint in declared.items()}
    return {name: times for name, times in found.items() if times["event"].notna().any()}


def binary_endpoints(scope: Scope, *, borrowed: bool = False) -> dict[str, pd.Series]:
    """Endpoints with two classes that the cohort has values for: 1, 0 or missing by patient. See `time_endpoints`."""
    declared = {name: found for name, found in declared_endpoints(scope).items() if isinstance(found, BinaryEndpoint)}
    clinical = _named_columns(scope, declared.values(), borrowed)
    found = {name: endpoint_outcome(clinical, endpoint) for name, endpoint in declared.items()}
    return {name: outcome for name, outcome in found.items() if outcome.notna().any()}


def subgroups(scope: Scope, *, borrowed: bool = False) -> dict[str, pd.Series]:
    """Subgroups that have members in the cohort: which patients belong to each. See `time_endpoints`."""
    declared = declared_subgroups(scope)
    clinical = _named_columns(scope, declared.values(), borrowed)
    found = {name: subgroup_members(clinical, subgroup) for name, subgroup in declared.items()}
    return {name: members for name, members in found.items() if members.any()}


def declared_subgroups(scope: Scope) -> dict[str, Subgroup]:
    """The subgroups of the cohort as declared, whether or not it has values for them."""
    return combined_subgroups(scope.study.subgroups, scope.declaration("subgroups").subgroups)


def declared_endpoints(scope: Scope) -> dict[str, Endpoint]:
    """The endpoints of the cohort as declared, whether or not it has values for them."""
    return combined_endpoints(scope.study.endpoints, scope.declaration("endpoints").endpoints)


def _named_columns(scope: Scope, declared: Collection[Endpoint | Subgroup], borrowed: bool) -> pd.DataFrame:
    """The columns that endpoints or subgroups are made of, by patient; the cohort's own ones as text."""
    named = {column for entry in declared for column in entry.columns}
    canonical = [name for name in CLINICAL_COLUMNS if name in named]
    if borrowed:
        clinical = clinical_by_patient(scope, scope.own_cohort, canonical)
    else:
        clinical = scope.read(PATIENTS, columns=["patient_id", *canonical]).set_index("patient_id")
    if own := sorted(named - set(canonical)):
        other = scope.read(CLINICAL_OTHER, columns=["patient_id", "column", "value"], rows={"column": own})
        clinical = with_own_columns(clinical, other)
    return clinical


def current_model(scope: Scope) -> tuple[ModelRecord, pd.Series] | None:
    """The registered model that the `signature` table names, and its row; None where there is no signature.

    Raises
    ------
    LookupError
        MLflow does not have the model.
    """
    # Without version and run, which change when a lost model is trained again, while the model is the same.
    columns = [name for name in SIGNATURE.own_columns if name not in ("model_version", "mlflow_run_id")]
    table = scope.read(SIGNATURE, columns=columns)
    if table.empty:
        return None
    row = table.iloc[0]
    record = scope.tracker.find(row["content_key"])
    if record is None:
        raise LookupError(
            f"model {row['content_key'][:8]} of table `signature` is no longer in the registry: "
            "`tme run` trains it again"
        )
    return record, row


def by_patient(table: pd.DataFrame) -> pd.DataFrame:
    """A table of one row per patient as values by patient, without the columns that the platform adds."""
    return table.drop(columns=list(COMMON_COLUMNS), errors="ignore").set_index("patient_id")
