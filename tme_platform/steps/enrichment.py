"""Gene sets in hot compared with cold tumours. The tests belong in `tme_platform.expression`."""

import pandas as pd

from tme_platform.expression import (
    EnrichmentMethod,
    enrich,
    enrichment,
    harmonise_gene_sets,
    read_gmt,
)
from tme_platform.steps.reading import expression_matrix, hot_or_cold
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import EXPRESSION
from tme_platform.tables.phenotypes import GENE_COMPARISON, GENE_SET_TESTS, PATHWAY_ENRICHMENT, TME_PHENOTYPES

_METHODS: tuple[EnrichmentMethod, ...] = ("sample_permutation", "camera")
_LEAST_PER_PHENOTYPE = 2


@step(GENE_SET_TESTS, version="1", reads=[TME_PHENOTYPES, EXPRESSION])
def gene_set_tests(scope: Scope) -> StepResult:
    """Test gene sets between hot and cold tumours by permuting tumours, and by CAMERA beside it.

    Where the phenotypes come from the same expression, sets that share genes with their populations differ because of
    how the phenotypes are defined.
    """
    labels = hot_or_cold(scope)
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    matrix = expression_matrix(scope)
    hot = (labels == "hot")[labels.index.isin(matrix.columns)]
    n_hot, n_cold = int(hot.sum()), int((~hot).sum())
    if min(n_hot, n_cold) < _LEAST_PER_PHENOTYPE:
        return empty(scope, f"{n_hot} hot and {n_cold} cold tumours with expression are too few to compare")
    settings = scope.study.enrichment
    known = set(matrix.index)
    parts, left_out = [], 0
    for collection in settings.collections:
        gene_sets, _ = harmonise_gene_sets(
            read_gmt(scope.collection(collection)), matrix.index, aliases=scope.study.gene_sets.aliases
        )
        measured = {name: [gene for gene in genes if gene in known] for name, genes in gene_sets.items()}
        fitting = {
            name: genes for name, genes in measured.items() if _fits(genes, settings.min_size, settings.max_size)
        }
        for method in _METHODS:
            scope.report(f"{collection}: {method.replace('_', ' ')}")
            found = enrich(
                matrix, hot, fitting, method=method, permutations=settings.sample_permutations, seed=settings.seed
            )
            left_out = len(found.attrs["genes_left_out"])
            parts.append(found.rename_axis("term").reset_index().assign(collection=collection, method=method))
    table = pd.concat(parts, ignore_index=True).assign(n_hot=n_hot, n_cold=n_cold)
    table["higher_in"] = table.pop("direction").map({"Up": "hot", "Down": "cold"})
    below = table[table["fdr"] < 0.05].groupby(["method", "higher_in"]).size()
    details = {
        f"{method}_higher_in_{side}": int(below.get((method, side), 0))
        for method in _METHODS
        for side in ("hot", "cold")
    }
    return StepResult(table, details={"sets": table["term"].nunique(), "genes_without_variation": left_out, **details})


def _fits(genes: list[str], min_size: int, max_size: int) -> bool:
    return min_size <= len(set(genes)) <= max_size


@step(PATHWAY_ENRICHMENT, version="3", reads=[GENE_COMPARISON])
def pathway_enrichment(scope: Scope) -> StepResult:
    """Find the gene sets at either end of the genes ranked from hot to cold: the paper's way (gseapy prerank).

    It permutes genes, and genes of a set are correlated, so its p-values are far too small: nothing rests on them.
    """
    ranked = scope.read(GENE_COMPARISON, columns=["gene", "signal_to_noise"]).dropna()
    if ranked.empty:
        return empty(scope, "no genes were compared")
    settings = scope.study.enrichment
    ranking = ranked.set_index("gene")["signal_to_noise"]
    parts = []
    for collection in settings.collections:
        scope.report(f"{collection}: preranked GSEA")
        gene_sets, _ = harmonise_gene_sets(
            read_gmt(scope.collection(collection)), ranking.index, aliases=scope.study.gene_sets.aliases
        )
        found = enrichment(
            ranking,
            gene_sets,
            min_size=settings.min_size,
            max_size=settings.max_size,
            permutations=settings.permutations,
            seed=settings.seed,
            threads=scope.workers,
        )
        parts.append(found.assign(collection=collection))
    table = pd.concat(parts, ignore_index=True)
    return StepResult(table, details={"sets": len(table)})
