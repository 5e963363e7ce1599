"""Steps of the phenotype stage: the number of clusters, the fitted model, the label of each tumour."""

from collections.abc import Collection, Mapping

import pandas as pd

from tme_platform.phenotypes import (
    IMMUNE_GROUPS,
    NbClust,
    PhenotypeModel,
    assign_phenotypes,
    choose_k,
    compare_labels,
    fit_phenotypes,
    kmeans_partitions,
    nbclust,
    silhouette_by_k,
    silhouette_by_sample,
)
from tme_platform.steps.input_checks import labels_meet
from tme_platform.steps.reading import (
    clustered_scores,
    phenotype_scaling,
    population_groups,
    population_scores,
    scaled_scores,
    unvarying,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.expression import CELL_SCORES, POPULATIONS
from tme_platform.tables.phenotypes import CLUSTER_EVIDENCE, CLUSTER_SILHOUETTES, PHENOTYPE_MODEL, TME_PHENOTYPES

NOT_FITTED = "phenotypes are not fitted on this cohort"
_SILHOUETTE = "mean_silhouette"
_MOST_CLUSTERS_SHOWN = 5
"""Largest number of clusters whose silhouettes are stored by tumour, as in the published study."""


def fits_here(scope: Scope) -> bool:
    """Whether the cohort's phenotypes are fitted on the cohort itself."""
    source = scope.declaration("phenotypes").phenotypes
    return source is not None and source.by == "fit" and scope.has_rows(CELL_SCORES)


def hot_unknown(groups: Mapping[str, str], populations: Collection[str]) -> str:
    """Why clusters of these populations cannot be called hot and cold; empty if they can."""
    if not len(populations) or any(groups.get(str(name)) in IMMUNE_GROUPS for name in populations):
        return ""
    return (
        f"none of the {len(populations)} populations is in the group {' or '.join(IMMUNE_GROUPS)}, so hot and cold "
        "cannot be told apart: use a collection with groups (see `gene_sets` in the study file)"
    )


def too_few(scaled: pd.DataFrame, k: int) -> str:
    """Why tumours cannot be divided into up to `k` clusters and judged; empty if they can."""
    if scaled.shape[1] == 0:
        return "no population varies over the patients"
    distinct = len(scaled.drop_duplicates())
    return "" if distinct > k else f"{distinct} tumours with different scores are too few for {k} clusters"


@step(CLUSTER_EVIDENCE, version="4", reads=[CELL_SCORES])
def cluster_evidence(scope: Scope) -> StepResult:
    """Cluster the scaled scores into k = 2 to 8 groups and ask each index how many it would take."""
    if not fits_here(scope):
        return empty(scope, NOT_FITTED)
    settings = scope.study.phenotypes
    scaled = scaled_scores(scope)
    if reason := too_few(scaled, settings.k_max):
        return empty(scope, reason)
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
    return StepResult(_evidence(result, widths), details=details)


@step(CLUSTER_SILHOUETTES, version="3", reads=[CELL_SCORES])
def cluster_silhouettes(scope: Scope) -> StepResult:
    """Compute the silhouette width of each tumour in the partitions of `cluster_evidence` with up to five clusters."""
    if not fits_here(scope):
        return empty(scope, NOT_FITTED)
    settings = scope.study.phenotypes
    scaled = scaled_scores(scope)
    k_max = min(settings.k_max, _MOST_CLUSTERS_SHOWN)
    if k_max < settings.k_min:
        return empty(scope, f"no partition has at most {_MOST_CLUSTERS_SHOWN} clusters")
    if reason := too_few(scaled, k_max):
        return empty(scope, reason)
    partitions = kmeans_partitions(scaled, settings.k_min, k_max, n_init=settings.starts, seed=settings.seed)
    shown = partitions[[f"k{k}" for k in range(settings.k_min, k_max + 1)]]
    table = silhouette_by_sample(scaled, shown).rename_axis("patient_id").reset_index()
    negative = table.groupby("k")["width"].agg(lambda widths: int((widths < 0).sum()))
    return StepResult(table, details={f"negative_k{k}": int(n) for k, n in negative.items()})


def _evidence(result: NbClust, widths: pd.Series) -> pd.DataFrame:
    """Indices and silhouette, one row per index and k, with what each would choose."""
    silhouette = widths.rename("value").rename_axis("k").reset_index()
    silhouette = silhouette.assign(
        index_name=_SILHOUETTE, chosen=silhouette["value"] == silhouette["value"].max(), rule="the largest"
    )
    return pd.concat([result.to_frame(), silhouette], ignore_index=True)  # no critical value, no reason


def _number_of_clusters(scope: Scope) -> int:
    """What the study fixed, or what the evidence says; 0 if there is no evidence."""
    k = scope.study.phenotypes.k
    if isinstance(k, int):
        return k
    evidence = scope.read(CLUSTER_EVIDENCE)
    if evidence.empty:
        return 0
    by_silhouette = evidence["index_name"] == _SILHOUETTE
    chosen = evidence[evidence["chosen"] & (by_silhouette if k == "silhouette" else ~by_silhouette)]
    return (
        int(chosen["k"].mode().min())
        if len(chosen)
        else int(evidence.loc[by_silhouette & evidence["chosen"], "k"].min())
    )


@step(PHENOTYPE_MODEL, version="4", reads=[CELL_SCORES, POPULATIONS, CLUSTER_EVIDENCE])
def phenotype_model(scope: Scope) -> StepResult:
    """Fit k-means and name the clusters: the one richest in adaptive and activated innate cells is A, hot.

    When a cohort grows, clusters are matched to those of the last version, so a label keeps its meaning.
    """
    if not fits_here(scope):
        return empty(scope, NOT_FITTED)
    settings = scope.study.phenotypes
    groups = population_groups(scope)
    scores = clustered_scores(scope)
    if reason := hot_unknown(groups, scores.index):
        return empty(scope, reason)
    k = _number_of_clusters(scope)
    if reason := too_few(scaled_scores(scope), k or settings.k_max):
        return empty(scope, reason)
    previous = _previous_model(scope, scores)
    model = fit_phenotypes(
        scores,
        groups,
        k=k,
        seed=settings.seed,
        n_init=settings.starts,
        scaling=phenotype_scaling(scope),
        previous=previous,
    )
    left_out = unvarying(scope, population_scores(scope))
    details: dict[str, object] = {"k": model.k, "n_samples": model.n_samples}
    details["labels_kept_from_last_version"] = previous is not None
    if left_out:
        details["populations_left_out"] = left_out
    return StepResult(model.to_frame(), details=details)


def _previous_model(scope: Scope, scores: pd.DataFrame) -> PhenotypeModel | None:
    """The last model, if it was fitted on the same populations; otherwise labels are assigned from scratch."""
    rows = scope.previous()
    if rows.empty or set(rows["population"]) != set(scores.index) or set(rows["scaling"]) != {phenotype_scaling(scope)}:
        return None
    return PhenotypeModel.from_frame(rows)


@step(
    TME_PHENOTYPES,
    version="3",
    reads=[PATIENTS],
    reads_all_cohorts=[CELL_SCORES, PHENOTYPE_MODEL],
    checks=[labels_meet],
)
def tme_phenotypes(scope: Scope) -> StepResult:
    """Call each tumour hot or cold by its nearest centroid: of the cohort's own model, or of the one it names."""
    source = scope.declaration("phenotypes").phenotypes
    if source is None:
        return empty(scope, "the cohort has no phenotypes")
    model_cohort = source.cohort or scope.own_cohort
    if not scope.has_rows(PHENOTYPE_MODEL, model_cohort):
        return empty(scope, f"{model_cohort} has no fitted phenotypes")
    model = PhenotypeModel.from_frame(scope.read(PHENOTYPE_MODEL, model_cohort))
    scored = scope.own_cohort if source.by == "model" else model_cohort
    labels = assign_phenotypes(model, population_scores(scope, scored)).dropna(subset=["cluster"])
    labels = labels.rename_axis("patient_id").reset_index()
    if source.by == "patient":
        labels = labels[labels["patient_id"].isin(scope.read(PATIENTS, columns=["patient_id"])["patient_id"])]
    hot = labels["phenotype"] == "hot"
    details = {
        "tumours": len(labels),
        "hot": int(hot.sum()),
        "hot_share": round(float(hot.mean()), 4),
        **_moved(scope, labels),
    }
    return StepResult(
        labels.assign(scaling=model.scaling, model_cohort=model_cohort, method=source.by), details=details
    )


def _moved(scope: Scope, labels: pd.DataFrame) -> dict[str, float | int]:
    """How the labels differ from the last version's."""
    before = scope.previous(always=True)
    if before.empty:
        return {}
    change = compare_labels(before.set_index("patient_id")["cluster"], labels.set_index("patient_id")["cluster"])
    return {"ari_to_last_version": change.ari, "patients_moved": len(change.moved)}
