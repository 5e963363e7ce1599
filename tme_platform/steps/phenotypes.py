"""Immune phenotypes: how many clusters, the fitted model, each tumour's label. The method itself is `phenotypes`'."""

import numpy as np
import pandas as pd

from tme_platform.orchestration.table_asset import Made, nothing, table_asset
from tme_platform.phenotypes import (
    NbClust,
    PhenotypeModel,
    assign_phenotypes,
    choose_k,
    compare_labels,
    fit_phenotypes,
    kmeans_partitions,
    nbclust,
    scale_samples,
    silhouette_by_k,
)
from tme_platform.steps.expression import population_scores
from tme_platform.steps.scope import Scope
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.expression import CELL_SCORES, POPULATIONS
from tme_platform.tables.phenotypes import CLUSTER_EVIDENCE, PHENOTYPE_MODEL, TME_PHENOTYPES

_SILHOUETTE = "mean_silhouette"


def fits_here(scope: Scope) -> bool:
    """Whether the cohort's phenotypes are fitted on the cohort itself."""
    source = scope.declaration("phenotypes").phenotypes
    return source is not None and source.by == "fit" and scope.has_rows(CELL_SCORES)


@table_asset(CLUSTER_EVIDENCE, code_version="1", deps=[CELL_SCORES])
def cluster_evidence(scope: Scope) -> Made:
    """Cluster the scaled scores into k = 2 to 8 groups and ask each index how many it would take."""
    if not fits_here(scope):
        return nothing(scope, "phenotypes are not fitted on this cohort")
    settings = scope.use(scope.study.phenotypes)
    scaled = scale_samples(population_scores(scope)).dropna()
    partitions = kmeans_partitions(scaled, settings.k_min, settings.k_max, n_init=settings.starts, seed=settings.seed)
    result = nbclust(scaled, settings.k_min, settings.k_max, partitions=partitions)
    widths = silhouette_by_k(scaled, partitions).loc[settings.k_min : settings.k_max]
    choice = choose_k(result, widths)
    details = {
        "k_by_vote": choice.k,
        "votes": {str(k): int(n) for k, n in result.votes.items()},
        "k_by_silhouette": int(widths.idxmax()),
        "silhouette": {str(k): round(float(width), 4) for k, width in widths.items()},
    }
    return Made(_evidence(result, widths), details=details)


def _evidence(result: NbClust, widths: pd.Series) -> pd.DataFrame:
    """Indices and silhouette, one row per index and k, with what each would choose."""
    silhouette = widths.rename("value").rename_axis("k").reset_index()
    silhouette = silhouette.assign(
        index_name=_SILHOUETTE, chosen=silhouette["value"] == silhouette["value"].max(), reason=None
    )
    return pd.concat(
        [result.to_frame(), silhouette.assign(rule="the largest", critical_value=np.nan)], ignore_index=True
    )


def _number_of_clusters(scope: Scope) -> int:
    """What the study fixed, or what the evidence says."""
    k = scope.use(scope.study.phenotypes).k
    if isinstance(k, int):
        return k
    evidence = scope.table(CLUSTER_EVIDENCE)
    by_silhouette = evidence["index_name"] == _SILHOUETTE
    chosen = evidence[evidence["chosen"] & (by_silhouette if k == "silhouette" else ~by_silhouette)]
    return (
        int(chosen["k"].mode().min())
        if len(chosen)
        else int(evidence.loc[by_silhouette & evidence["chosen"], "k"].min())
    )


@table_asset(PHENOTYPE_MODEL, code_version="1", deps=[CELL_SCORES, POPULATIONS, CLUSTER_EVIDENCE])
def phenotype_model(scope: Scope) -> Made:
    """Fit k-means and name the clusters: the one richest in adaptive and activated innate cells is A, hot.

    When a cohort grows, clusters are matched to those of the last version, so a label keeps its meaning.
    """
    if not fits_here(scope):
        return nothing(scope, "phenotypes are not fitted on this cohort")
    settings = scope.use(scope.study.phenotypes)
    k = _number_of_clusters(scope)
    listed = scope.table(POPULATIONS).dropna(subset=["population_group"])
    groups = dict(zip(listed["population"], listed["population_group"], strict=True))
    scores = population_scores(scope)
    previous = _previous_model(scope, scores)
    model = fit_phenotypes(scores, groups, k=k, seed=settings.seed, n_init=settings.starts, previous=previous)
    details = {"k": model.k, "n_samples": model.n_samples, "labels_kept_from_last_version": previous is not None}
    return Made(model.to_frame(), details=details)


def _previous_model(scope: Scope, scores: pd.DataFrame) -> PhenotypeModel | None:
    """The last model, if it was fitted on the same populations; otherwise labels start anew."""
    rows = scope.previous()
    if rows.empty or set(rows["population"]) != set(scores.index):
        return None
    return PhenotypeModel.from_frame(rows)


@table_asset(TME_PHENOTYPES, code_version="1", deps=[PATIENTS], all_cohorts=[CELL_SCORES, PHENOTYPE_MODEL])
def tme_phenotypes(scope: Scope) -> Made:
    """Call each tumour hot or cold by its nearest centroid: of the cohort's own model, or of the one it names."""
    source = scope.declaration("phenotypes").phenotypes
    if source is None:
        return nothing(scope, "the cohort has no phenotypes")
    model_cohort = source.cohort or scope.own_cohort
    if not scope.has_rows(PHENOTYPE_MODEL, model_cohort):
        return nothing(scope, f"{model_cohort} has no fitted phenotypes")
    model = PhenotypeModel.from_frame(scope.table(PHENOTYPE_MODEL, model_cohort))
    scored = scope.own_cohort if source.by == "model" else model_cohort
    labels = assign_phenotypes(model, population_scores(scope, scored)).dropna(subset=["cluster"])
    labels = labels.rename_axis("patient_id").reset_index()
    if source.by == "patient":
        labels = labels[labels["patient_id"].isin(scope.table(PATIENTS, columns=["patient_id"])["patient_id"])]
    hot = labels["phenotype"] == "hot"
    details = {
        "tumours": len(labels),
        "hot": int(hot.sum()),
        "hot_share": round(float(hot.mean()), 4),
        **_moved(scope, labels),
    }
    return Made(labels.assign(model_cohort=model_cohort, method=source.by), details=details)


def _moved(scope: Scope, labels: pd.DataFrame) -> dict[str, float | int]:
    """How the labels differ from the last version's."""
    before = scope.lake.read(TME_PHENOTYPES, scope.own_cohort)
    if before.empty:
        return {}
    change = compare_labels(before.set_index("patient_id")["cluster"], labels.set_index("patient_id")["cluster"])
    return {"ari_to_last_version": change.ari, "patients_moved": len(change.moved)}
