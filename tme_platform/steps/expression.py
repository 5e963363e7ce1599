"""Steps of the expression stage: scores of cell populations, and the genes that they are based on."""

import pandas as pd

from tme_platform import expression
from tme_platform.cohorts import (
    ScoreComparison,
    read_cell_scores,
    read_score_pairs,
    reject_same_data,
    row_fingerprints,
)
from tme_platform.expression import (
    DETECTION_LIMIT,
    PURITY_CAVEAT,
    gene_set_coverage,
    gene_set_groups,
    harmonise_gene_sets,
    intrinsic_subtype,
    mcp_counter,
    read_gmt,
    score_cells,
    score_range,
    shared_genes,
    usable_gene_sets,
    without_genes,
)
from tme_platform.steps.input_checks import every_other_score
from tme_platform.steps.reading import expression_matrix, measured_sets, population_scores
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import COHORT_FILES, EXPRESSION, PATIENTS
from tme_platform.tables.expression import (
    CELL_SCORE_RANGES,
    CELL_SCORES,
    ESTIMATE_SCORES,
    INTRINSIC_SUBTYPES,
    MCP_COUNTER_SCORES,
    OTHER_SCORES,
    POPULATIONS,
    SCORE_AGREEMENT,
)

WITHOUT_SHARED = " (without shared genes)"


@step(POPULATIONS, version="3", reads=[COHORT_FILES, EXPRESSION])
def populations(scope: Scope) -> StepResult:
    """List the populations, how many genes of each were measured, and leave out those with too few."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        _, groups, _ = read_cell_scores(scope.folder, scope.own_cohort, cohort.cell_scores)
        listed = pd.DataFrame({"population": list(groups), "population_group": list(groups.values())})
        return StepResult(
            listed.assign(method=cohort.cell_scores.method, used=True).reindex(columns=POPULATIONS.own_columns)
        )
    settings = scope.study.gene_sets
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings neither expression nor cell scores")
    path = scope.collection(settings.collection)
    genes = scope.read(EXPRESSION, columns=["gene"])["gene"].unique()
    groups = gene_set_groups(path)
    gene_sets, renamed = harmonise_gene_sets(read_gmt(path), genes)
    _, refused = usable_gene_sets(gene_sets, genes, settings.min_share, settings.min_genes)
    listed = gene_set_coverage(genes, gene_sets).merge(refused[["population", "reason"]], how="left")
    listed["population_group"] = listed["population"].map(groups)
    listed["used"] = listed["reason"].isna()
    details = {
        "scored": int(listed["used"].sum()),
        "refused": {r.population: r.reason for r in refused.itertuples()},
        "found_under_another_symbol": dict(zip(renamed["gene"], renamed["found_as"], strict=True)),
    }
    return StepResult(listed.assign(method=f"{settings.engine} {settings.collection}"), details=details)


@step(CELL_SCORES, version="4", reads=[COHORT_FILES, EXPRESSION])
def cell_scores(scope: Scope) -> StepResult:
    """Score each population in each tumour by single-sample GSEA, or take the finished scores that landed."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        scores, _, rejected = read_cell_scores(scope.folder, scope.own_cohort, cohort.cell_scores)
        twice = reject_same_data(scope.own_cohort, row_fingerprints(scores.T, "cell scores"), cohort.cell_scores.file)
        rejected = pd.concat([rejected, twice], ignore_index=True)
        return StepResult(_patient_rows(scores), rejected, {"patients": scores.shape[1], "populations": len(scores)})
    settings = scope.study.gene_sets
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    matrix = expression_matrix(scope)
    _, usable, _ = measured_sets(scope, settings.collection, matrix.index)
    if not usable:
        return empty(
            scope,
            f"no set of {settings.collection} has {settings.min_genes} genes and {settings.min_share:.0%} of its genes "
            "measured; see `gene_sets` in the study file",
        )
    raw = score_cells(matrix, usable, engine=settings.engine, weight=settings.weight)
    low, high = score_range(raw)
    return StepResult(_patient_rows(raw), details={"patients": raw.shape[1], "range_low": low, "range_high": high})


@step(CELL_SCORE_RANGES, version="1", reads_all_cohorts=[CELL_SCORES])
def cell_score_ranges(scope: Scope) -> StepResult:
    """Store the range that normalises ssGSEA scores; a cohort labelled by another's model takes its range, too."""
    source = scope.declaration("phenotypes", "cell_scores")
    if source.cell_scores is not None or not scope.has_rows(CELL_SCORES):
        return empty(scope, "no scores from expression")
    reference = source.phenotypes.cohort if source.phenotypes is not None and source.phenotypes.by == "model" else None
    spanning = reference or scope.own_cohort
    low, high = score_range(population_scores(scope, spanning))
    return StepResult(
        pd.DataFrame([{"low": low, "high": high, "range_cohort": spanning}]), details={"range": high - low}
    )


@step(MCP_COUNTER_SCORES, version="2", reads=[EXPRESSION])
def mcp_counter_scores(scope: Scope) -> StepResult:
    """Score MCP-counter's populations, and again without the genes that the study's own sets use.

    MCP-counter defines CD8 T cells by a single gene, so the study's minimum number of genes does not apply.
    """
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    matrix = expression_matrix(scope)
    listed, markers, refused = measured_sets(scope, "mcpcounter", matrix.index, min_genes=1)
    own, _, _ = measured_sets(scope, scope.study.gene_sets.collection, matrix.index)
    apart = without_genes(markers, {gene for genes in own.values() for gene in genes})
    scores = mcp_counter(matrix, markers)
    independent = mcp_counter(matrix, apart).rename(index=lambda name: f"{name}{WITHOUT_SHARED}")
    together = pd.concat([scores, independent]).dropna(how="all")
    coverage = gene_set_coverage(matrix.index, listed).set_index("population")["share"]
    shared = shared_genes(markers, own).to_dict("records")
    details = {
        "share_of_genes_found": {str(name): round(float(share), 3) for name, share in coverage.items()},
        "refused": dict(zip(refused["population"], refused["reason"], strict=True)),
        "genes_shared_with_the_scored_sets": {
            f"{row['population']} ~ {row['compared_with']}": row["genes"] for row in shared
        },
    }
    return StepResult(_patient_rows(together), details=details)


@step(ESTIMATE_SCORES, version="1", reads=[EXPRESSION])
def estimate_scores(scope: Scope) -> StepResult:
    """Compute ESTIMATE's stromal and immune scores, and purity by a formula fitted on Affymetrix arrays."""
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    try:
        scores = expression.estimate_scores(expression_matrix(scope))
    except ValueError as error:  # too few of its genes were measured: no score rather than a wrong one
        return empty(scope, str(error))
    shares = {str(name): float(share) for name, share in scores.attrs.items()}
    table = scores.rename_axis("patient_id").reset_index().assign(caveat=PURITY_CAVEAT)
    return StepResult(table, details={"caveat": PURITY_CAVEAT, **shares})


@step(INTRINSIC_SUBTYPES, version="1", reads=[EXPRESSION, PATIENTS])
def intrinsic_subtypes(scope: Scope) -> StepResult:
    """Call the nearest PAM50 centroid after centring each gene on the cohort, beside the published call."""
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    try:
        called = intrinsic_subtype(expression_matrix(scope))
    except ValueError as error:
        return empty(scope, str(error))
    share = float(called.attrs["gene_share"])
    published = scope.read(PATIENTS, columns=["patient_id", "pam50"]).set_index("patient_id")["pam50"]
    table = called.rename_axis("patient_id").reset_index().assign(gene_share=share)
    table["published"] = table["patient_id"].map(published)
    both = table.dropna(subset=["subtype", "published"])
    confusion = both.groupby(["published", "subtype"]).size()
    agreement = float((both["subtype"] == both["published"]).mean()) if len(both) else float("nan")
    details = {
        "gene_share": share,
        "called_and_published": len(both),
        "agreement": None if pd.isna(agreement) else round(agreement, 4),
        "published_called": {
            " ".join(map(str, pair)): int(n) for pair, n in zip(confusion.index, confusion, strict=True)
        },
    }
    return StepResult(table, details=details)


@step(SCORE_AGREEMENT, version="2", reads=[COHORT_FILES], reads_all_cohorts=[CELL_SCORES])
def score_agreement(scope: Scope) -> StepResult:
    """Correlate the scores with another estimate of the same populations in the same patients (Spearman)."""
    scope.files("score_comparison")
    compared = [
        comparison
        for comparison in scope.declaration("score_comparison").score_comparison
        if scope.has_rows(CELL_SCORES, comparison.cohort)
    ]
    if not compared:
        return empty(scope, "the cohort declares no comparison of scores")
    own = population_scores(scope)
    table = pd.concat([_agreement(scope, own, comparison) for comparison in compared], ignore_index=True)
    known = table.dropna(subset=["rho"])
    details = {
        f"{row['population']} ({row['compared_cohort']})": round(float(row["rho"]), 3)
        for row in known.to_dict("records")
    }
    return StepResult(table, details=details)


def _agreement(scope: Scope, own: pd.DataFrame, comparison: ScoreComparison) -> pd.DataFrame:
    other = population_scores(scope, comparison.cohort)
    source = scope.declaration("cell_scores", cohort=comparison.cohort).cell_scores
    if source is not None and source.lineages is not None:  # fractions are summed, not their logarithms
        other = 10**other - DETECTION_LIMIT
    if comparison.pairs is not None:
        pairs = read_score_pairs(scope.folder, comparison.pairs)
    else:
        pairs = {name: [name] for name in own.index.intersection(other.index)}
    return expression.score_agreement(own, other, pairs).assign(compared_cohort=comparison.cohort)


@step(OTHER_SCORES, version="3", reads=[COHORT_FILES, PATIENTS], checks=[every_other_score])
def other_scores(scope: Scope) -> StepResult:
    """Read the scores of the same patients by other methods, with which the phenotypes are compared."""
    scope.files("other_scores")
    sources = scope.declaration("other_scores").other_scores
    if not sources:
        return empty(scope, "the cohort brings no other scores")
    parts, rejected = [], []
    for name, source in sources.items():
        times = None
        if source.times is not None:
            clinical = scope.read(PATIENTS, columns=["patient_id", source.times])
            times = clinical.set_index("patient_id")[source.times]
        scores, groups, left_out = read_cell_scores(scope.folder, scope.own_cohort, source, times=times)
        long = scores.reset_index().melt("population", var_name="patient_id", value_name="score")
        parts.append(long.assign(name=name, method=source.method, population_group=long["population"].map(groups)))
        rejected.append(left_out)
    table = pd.concat(parts, ignore_index=True)
    details = {str(name): int(rows["patient_id"].nunique()) for name, rows in table.groupby("name")}
    return StepResult(table, pd.concat(rejected, ignore_index=True), details)


def _patient_rows(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.T.rename_axis(index="patient_id", columns=None).reset_index()
