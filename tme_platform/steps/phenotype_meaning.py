"""Characteristics, gene comparison, stability and clusters of the phenotypes against one cloud.

Tests belong in `phenotypes`, gene sets in `enrichment`.
"""

import pandas as pd

from tme_platform.expression import CHECKPOINT_GENES, compare_genes, score_cells
from tme_platform.phenotypes import (
    adjusted_rand_index,
    assign_phenotypes,
    bootstrap_jaccard,
    characterise,
    compare_with_cloud,
    fit_kmeans,
    fit_phenotypes,
    group_means,
    label_stability_over_k,
    scale_scores,
)
from tme_platform.steps.expression import WITHOUT_SHARED
from tme_platform.steps.phenotypes import NOT_FITTED, fits_here, too_few
from tme_platform.steps.reading import (
    by_patient,
    expression_matrix,
    measured_sets,
    phenotype_scaling,
    phenotypes,
    population_groups,
    population_scores,
    rankable_matrix,
    scaled_scores,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.survival import searched_log_rank
from tme_platform.tables.clinical import columns_of_group
from tme_platform.tables.cohorts import EXPRESSION, PATIENTS
from tme_platform.tables.expression import (
    CELL_SCORES,
    ESTIMATE_SCORES,
    EXPRESSION_QUALITY,
    INTRINSIC_SUBTYPES,
    MCP_COUNTER_SCORES,
    POPULATIONS,
)
from tme_platform.tables.phenotypes import (
    CLUSTER_NULL,
    GENE_COMPARISON,
    PHENOTYPE_CHARACTERISTICS,
    PHENOTYPE_STABILITY,
    TME_PHENOTYPES,
)

_LEAST_TO_DRAW = 5
"""Tumours per cluster below which resampling says nothing."""


@step(
    PHENOTYPE_CHARACTERISTICS,
    version="1",
    reads=[
        TME_PHENOTYPES,
        PATIENTS,
        CELL_SCORES,
        POPULATIONS,
        MCP_COUNTER_SCORES,
        ESTIMATE_SCORES,
        INTRINSIC_SUBTYPES,
        EXPRESSION,
    ],
)
def phenotype_characteristics(scope: Scope) -> StepResult:
    """Compare hot with cold tumours, family by family; multiple testing is corrected within each family (FDR)."""
    labels = phenotypes(scope)
    if labels.empty:
        return empty(scope, "the cohort has no phenotypes")
    # The published study compares the checkpoint genes by Wilcoxon, whatever their distribution.
    table = characterise(_families(scope), labels, tests={"checkpoint_genes": "wilcoxon"})
    if table.empty:
        return empty(scope, "nothing to compare")
    by_variable = table.drop_duplicates(["family", "variable"])
    significant = by_variable[by_variable["fdr"] < 0.05].groupby("family").size()
    tested = by_variable.groupby("family").size()
    details = {f"{family}_fdr_below_0.05": f"{significant.get(family, 0)} of {n}" for family, n in tested.items()}
    return StepResult(table, details=details)


def _families(scope: Scope) -> dict[str, pd.DataFrame]:
    """The families of variables that the cohort has, patients x variables."""
    clinical = scope.read(PATIENTS).set_index("patient_id")
    families = {
        "clinical": clinical[columns_of_group("clinical")],
        "purity": clinical[columns_of_group("purity")],
        "yardsticks": clinical[columns_of_group("yardstick")],
        "subtype": clinical[["pam50"]].rename(columns={"pam50": "published"}),
    }
    if scope.has_rows(CELL_SCORES):
        scores = population_scores(scope)
        groups = population_groups(scope)
        families |= {"populations": scores.T, "population_groups": group_means(scores, groups).T}
    if scope.has_rows(EXPRESSION):
        families |= _expression_families(scope, families)
    return families


def _expression_families(scope: Scope, known: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    markers = by_patient(scope.read(MCP_COUNTER_SCORES))
    apart = [name for name in markers.columns if name.endswith(WITHOUT_SHARED)]
    estimate = scope.read(ESTIMATE_SCORES).set_index("patient_id")
    called = scope.read(INTRINSIC_SUBTYPES).set_index("patient_id")["subtype"].rename("called")
    genes = scope.read(EXPRESSION, rows={"gene": CHECKPOINT_GENES})
    checkpoints = genes.pivot(index="sample_id", columns="gene", values="value")
    return {
        "mcp_counter": markers.drop(columns=apart),
        "mcp_counter_without_shared_genes": markers[apart],
        "estimate": estimate[["stromal_score", "immune_score", "estimate_score", "tumour_purity"]],
        "subtype": known["subtype"].join(called, how="outer"),
        "checkpoint_genes": checkpoints,
    }


@step(GENE_COMPARISON, version="2", reads=[TME_PHENOTYPES, EXPRESSION])
def gene_comparison(scope: Scope) -> StepResult:
    """Compare every measured gene between hot and cold tumours (Wilcoxon, FDR)."""
    labels = phenotypes(scope)
    if not scope.has_rows(EXPRESSION) or labels.nunique() < 2:
        return empty(scope, "no expression, or not both phenotypes")
    names = {"n_first": "n_hot", "n_second": "n_cold", "mean_first": "mean_hot", "mean_second": "mean_cold"}
    table = compare_genes(expression_matrix(scope), labels, first="hot", second="cold").rename(columns=names)
    checkpoints = table[table["gene"].isin(CHECKPOINT_GENES)]
    higher = checkpoints[(checkpoints["mean_difference"] > 0) & (checkpoints["fdr"] < 0.05)]
    details = {
        "genes": len(table),
        "genes_fdr_below_0.05": int((table["fdr"] < 0.05).sum()),
        "checkpoint_genes_higher_in_hot": f"{len(higher)} of {len(checkpoints)} measured",
    }
    return StepResult(table, details=details)


@step(
    PHENOTYPE_STABILITY,
    version="4",
    reads=[CELL_SCORES, POPULATIONS, TME_PHENOTYPES, EXPRESSION, EXPRESSION_QUALITY, PATIENTS],
)
def phenotype_stability(scope: Scope) -> StepResult:
    """Resample tumours, change the number of clusters and the gene sets, and measure label stability."""
    if not fits_here(scope):
        return empty(scope, NOT_FITTED)
    settings = scope.study.phenotypes
    scores = population_scores(scope)
    groups = population_groups(scope)
    scaling = phenotype_scaling(scope)
    clusters = (
        scope.read(TME_PHENOTYPES, columns=["patient_id", "cluster"])
        .set_index("patient_id")["cluster"]
        .astype("object")
    )
    k = clusters.nunique()
    if k < 2 or len(clusters) < _LEAST_TO_DRAW * k:
        return empty(scope, f"{len(clusters)} labelled tumours are too few to resample")
    if reason := too_few(scaled_scores(scope), settings.k_max):
        return empty(scope, reason)
    scope.report(f"{settings.draws} bootstrap draws")
    drawn = bootstrap_jaccard(scaled_scores(scope), clusters, k, n_boot=settings.draws, seed=settings.seed)
    by_k = label_stability_over_k(
        scores,
        groups,
        range(settings.k_min, settings.k_max + 1),
        reference_k=k,
        seed=settings.seed,
        n_init=settings.starts,
        scaling=scaling,
    )
    followed = scope.read(PATIENTS, columns=["patient_id", "os_days", "os_event"]).set_index("patient_id").dropna()
    by_other_k = {
        f"k = {other}": assign_phenotypes(
            fit_phenotypes(scores, groups, k=other, seed=settings.seed, n_init=settings.starts, scaling=scaling),
            scores,
        )["phenotype"]
        for other in range(settings.k_min, settings.k_max + 1)
    }
    by_collection = _other_collections(scope, k)
    parts = [
        _bootstrap_rows(drawn),
        _cluster_rows(by_k, len(clusters)),
        _collection_rows(by_collection, clusters),
        *(
            _survival_rows(labelled, followed, settings.log_rank_permutations, settings.seed).assign(kind=kind)
            for kind, labelled in (("clusters", by_other_k), ("gene_sets", by_collection))
        ),
    ]
    table = pd.concat([part for part in parts if len(part)]).reindex(columns=PHENOTYPE_STABILITY.own_columns)
    jaccard = {f"jaccard_{row['cluster']}": round(float(row["jaccard"]), 3) for row in drawn.to_dict("records")}
    return StepResult(table, details=jaccard)


@step(CLUSTER_NULL, version="3", reads=[CELL_SCORES, TME_PHENOTYPES])
def cluster_null(scope: Scope) -> StepResult:
    """Ask whether one Gaussian cloud would give clusters as separate and as stable."""
    if not fits_here(scope):
        return empty(scope, NOT_FITTED)
    settings = scope.study.phenotypes
    labels = scope.read(TME_PHENOTYPES, columns=["patient_id", "cluster"]).set_index("patient_id")["cluster"]
    k = labels.nunique()
    if k < 2 or len(labels) < _LEAST_TO_DRAW * k:
        return empty(scope, f"{len(labels)} tumours are too few to simulate a cloud like theirs")
    scope.report(f"{settings.null_draws} simulated clouds")
    scaled = scaled_scores(scope)
    table = compare_with_cloud(
        scaled,
        k,
        draws=settings.null_draws,
        seed=settings.seed,
        rescale=phenotype_scaling(scope) == "within_sample",
    )
    # clusters are numbered by decreasing size
    letters = {0: "all", **dict(enumerate(labels.astype("object").value_counts().index, start=1))}
    table = table.assign(cluster=table["cluster"].map(letters), n=len(scaled), draws=settings.null_draws)
    above = int((table["value"] > table["null_high"]).sum())
    return StepResult(table, details={"above_one_cloud": f"{above} of {len(table)} measures"})


def _bootstrap_rows(drawn: pd.DataFrame) -> pd.DataFrame:
    named = drawn.rename(columns={"cluster": "subject"})
    jaccard = named.assign(measure="jaccard", value=named["jaccard"])[
        ["subject", "measure", "value", "ci_low", "ci_high", "n"]
    ]
    shares = named.melt(
        ["subject", "n"], ["share_recovered", "share_dissolved"], var_name="measure", value_name="value"
    )
    return pd.concat([jaccard, shares]).assign(kind="bootstrap")


def _cluster_rows(by_k: pd.DataFrame, n: int) -> pd.DataFrame:
    rows = by_k.drop(columns="n_hot").melt("k", var_name="measure", value_name="value")
    subject = "k = " + rows.pop("k").astype(str)
    return rows.assign(kind="clusters", subject=subject, n=n)


def _other_collections(scope: Scope, k: int) -> dict[str, pd.Series]:
    """Clusters found on other collections of gene sets, where there is expression to score them."""
    settings = scope.study.phenotypes
    found: dict[str, pd.Series] = {}
    if scope.has_rows(EXPRESSION):
        matrix = rankable_matrix(scope)
        for name in settings.compared_collections:
            _, usable, _ = measured_sets(scope, name, matrix.index)
            if len(usable) < 2:  # too little of the collection was measured to cluster by
                continue
            scaled = scale_scores(score_cells(matrix, usable), settings.scaling).dropna()
            found[name] = fit_kmeans(scaled, k, n_init=settings.starts, seed=settings.seed).labels.astype(str)
    return found


def _collection_rows(by_collection: dict[str, pd.Series], clusters: pd.Series) -> pd.DataFrame:
    rows = []
    for name, found in by_collection.items():
        common = clusters.index.intersection(found.index)
        ari = adjusted_rand_index(clusters[common], found[common])
        rows.append({"subject": name, "measure": "ari", "value": ari, "n": len(common)})
    return pd.DataFrame(rows, columns=["subject", "measure", "value", "n"]).assign(kind="gene_sets")


def _survival_rows(
    labelled: dict[str, pd.Series], followed: pd.DataFrame, permutations: int, seed: int
) -> pd.DataFrame:
    """Log-rank p of each labelling, and p corrected for the search over them.

    Of phenotypes only hot and cold are compared; of clusters without such names, all.
    """
    compared = {
        subject: labels.where(labels != "intermediate").reindex(followed.index) for subject, labels in labelled.items()
    }
    scored = pd.DataFrame(compared, index=followed.index).notna().any(axis=1)  # others have follow-up only
    found = searched_log_rank(
        followed.loc[scored, "os_days"],
        followed.loc[scored, "os_event"],
        {subject: labels[scored] for subject, labels in compared.items()},
        permutations=permutations,
        seed=seed,
    ).dropna(subset=["p"])
    names = {"labelling": "subject", "p": "value", "p_corrected": "log_rank_p_corrected"}
    return found.rename(columns=names).assign(measure="log_rank_p")
