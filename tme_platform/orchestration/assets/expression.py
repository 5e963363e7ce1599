"""Scores of cell populations, and which genes they rest on. The scores themselves are `expression`'s."""

import pandas as pd

from tme_platform.cohorts import read_cell_scores
from tme_platform.expression import (
    gene_set_coverage,
    gene_set_groups,
    harmonise_gene_sets,
    read_gmt,
    score_cells,
    score_range,
    usable_gene_sets,
)
from tme_platform.lake.tables import CELL_SCORES, COHORT_FILES, EXPRESSION, POPULATIONS
from tme_platform.orchestration.scope import Scope
from tme_platform.orchestration.table_asset import Made, table_asset

_COLUMNS = [column.name for column in POPULATIONS.columns]


def expression_matrix(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """The expression of a cohort, genes x samples, log2."""
    long = scope.table(EXPRESSION, cohort, columns=["gene", "sample_id", "value"])
    return long.pivot(index="gene", columns="sample_id", values="value").rename_axis(index=None, columns=None)


@table_asset(POPULATIONS, code_version="1", deps=[COHORT_FILES, EXPRESSION])
def populations(scope: Scope) -> Made:
    """List the populations, how many genes of each were measured, and leave out those with too few."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        _, groups, _ = read_cell_scores(scope.folder, scope.own_cohort, cohort)
        listed = pd.DataFrame({"population": list(groups), "population_group": list(groups.values())})
        return Made(listed.assign(method=cohort.cell_scores.method, used=True).reindex(columns=_COLUMNS))
    settings = scope.use(scope.study.gene_sets)
    if not scope.has_rows(EXPRESSION):
        return Made(
            pd.DataFrame(columns=_COLUMNS), details={"note": "the cohort brings neither expression nor cell scores"}
        )
    path = scope.collection(settings.collection)
    genes = scope.table(EXPRESSION, columns=["gene"])["gene"].unique()
    groups = gene_set_groups(path)
    gene_sets, renamed = harmonise_gene_sets(read_gmt(path), genes)
    _, refused = usable_gene_sets(gene_sets, genes, settings.min_share)
    listed = gene_set_coverage(genes, gene_sets).merge(refused[["population", "reason"]], how="left")
    listed["population_group"] = listed["population"].map(groups)
    listed["used"] = listed["reason"].isna()
    details = {
        "scored": int(listed["used"].sum()),
        "refused": {r.population: r.reason for r in refused.itertuples()},
        "found_under_another_symbol": dict(zip(renamed["gene"], renamed["found_as"], strict=True)),
    }
    return Made(listed.assign(method=f"{settings.engine} {settings.collection}"), details=details)


@table_asset(CELL_SCORES, code_version="1", deps=[COHORT_FILES, EXPRESSION, POPULATIONS])
def cell_scores(scope: Scope) -> Made:
    """Score each population in each tumour by single-sample GSEA, or take the finished scores that landed."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        scores, _, rejected = read_cell_scores(scope.folder, scope.own_cohort, cohort)
        return Made(_by_patient(scores), rejected, {"patients": scores.shape[1], "populations": len(scores)})
    used = scope.table(POPULATIONS).query("used")["population"]
    if used.empty:
        return Made(pd.DataFrame({"patient_id": []}), details={"note": "no population to score"})
    settings = scope.use(scope.study.gene_sets)
    matrix = expression_matrix(scope)
    gene_sets, _ = harmonise_gene_sets(read_gmt(scope.collection(settings.collection)), matrix.index)
    raw = score_cells(matrix, {name: gene_sets[name] for name in used}, engine=settings.engine, weight=settings.weight)
    low, high = score_range(raw)
    return Made(_by_patient(raw), details={"patients": raw.shape[1], "range_low": low, "range_high": high})


def population_scores(scope: Scope, cohort: str | None = None) -> pd.DataFrame:
    """The scores of a cohort, populations x patients."""
    table = scope.table(CELL_SCORES, cohort)
    return table.drop(columns=["cohort", "provenance"]).set_index("patient_id").T


def _by_patient(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.T.rename_axis(index="patient_id", columns=None).reset_index()
