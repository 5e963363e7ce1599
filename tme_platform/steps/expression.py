"""Steps of the expression stage: scores of cell populations, and the genes that they are based on."""

import numpy as np
import pandas as pd

from tme_platform import expression
from tme_platform.cohorts import (
    CellScoreSource,
    Rejections,
    ScoreComparison,
    folded,
    read_cell_scores,
    read_score_pairs,
    reject_same_data,
    row_fingerprints,
)
from tme_platform.expression import (
    CAUTION_TIE_NOISE,
    DETECTION_LIMIT,
    MOST_TIE_NOISE,
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
from tme_platform.steps.reading import (
    expression_matrix,
    measured_sets,
    no_set_measured,
    population_scores,
    rankable_matrix,
    unvarying,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, UnusableInputError, empty, step
from tme_platform.tables.cohorts import COHORT_FILES, EXPRESSION, PATIENTS
from tme_platform.tables.expression import (
    CELL_SCORE_RANGES,
    CELL_SCORES,
    ESTIMATE_SCORES,
    EXPRESSION_QUALITY,
    INTRINSIC_SUBTYPES,
    MCP_COUNTER_SCORES,
    OTHER_SCORES,
    POPULATION_GROUPS,
    POPULATIONS,
    SCORE_AGREEMENT,
)

WITHOUT_SHARED = " (without shared genes)"


@step(POPULATIONS, version="4", reads=[COHORT_FILES, EXPRESSION])
def populations(scope: Scope) -> StepResult:
    """List the populations, how many genes of each were measured, and leave out those with too few."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        scores, groups, _ = _finished_scores(scope, cohort.cell_scores)
        listed = pd.DataFrame({"population": list(groups), "population_group": list(groups.values())})
        listed["reason"] = listed["population"].map(unvarying(scope, scores))
        return StepResult(
            listed.assign(method=cohort.cell_scores.method, used=True).reindex(columns=POPULATIONS.own_columns)
        )
    settings = scope.study.gene_sets
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings neither expression nor cell scores")
    path = scope.collection(settings.collection)
    genes = expression_matrix(scope).index.sort_values()
    groups = gene_set_groups(path)
    own = read_gmt(path)
    gene_sets, renamed = harmonise_gene_sets(own, genes, aliases=settings.aliases)
    _, refused = usable_gene_sets(gene_sets, genes, settings.min_share, settings.min_genes)
    listed = gene_set_coverage(genes, gene_sets).merge(refused[["population", "reason"]], how="left")
    group = listed["population"].map(groups)
    listed["population_group"] = group.where(group.isin(POPULATION_GROUPS))
    listed["used"] = listed["reason"].isna()
    found_as = dict(zip(renamed["gene"], renamed["found_as"], strict=True))
    by_alias = {
        name: ", ".join(f"{g} as {found_as[g]}" for g in members if g in found_as) for name, members in own.items()
    }
    listed = listed.assign(by_alias=listed["population"].map(by_alias), aliases=settings.aliases)
    details = {
        "scored": int(listed["used"].sum()),
        "without_a_group": int(listed["population_group"].isna().sum()),
        "refused": {r.population: r.reason for r in refused.itertuples()},
        "found_under_another_symbol": found_as,
    }
    return StepResult(listed.assign(method=f"{settings.engine} {settings.collection}"), details=details)


@step(EXPRESSION_QUALITY, version="1", reads=[EXPRESSION])
def expression_quality(scope: Scope) -> StepResult:
    """Count detected genes, zeros and ties of each sample, and judge whether its ranks can be scored."""
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    matrix, settings = expression_matrix(scope), scope.study.gene_sets
    _, usable, _ = measured_sets(scope, settings.collection, matrix.index)
    declared = scope.declaration("expression").expression
    unit = declared.unit if declared is not None else ""
    table = expression.expression_quality(matrix, usable, unit, weight=settings.weight)
    noise = table["tie_noise"] if settings.engine != "mcp_counter" else table["tie_noise"].mask(table["n_genes"] > 0)
    table["verdict"] = np.select(
        [noise > MOST_TIE_NOISE, noise > CAUTION_TIE_NOISE], ["not scored", "caution"], "scored"
    )
    details = {str(verdict): int(n) for verdict, n in table["verdict"].value_counts().items()}
    return StepResult(table.rename_axis("patient_id").reset_index(), details=details)


@step(CELL_SCORES, version="5", reads=[COHORT_FILES, EXPRESSION, EXPRESSION_QUALITY])
def cell_scores(scope: Scope) -> StepResult:
    """Score each population in each tumour by single-sample GSEA, or take the finished scores that landed."""
    scope.files("cell_scores")
    cohort = scope.declaration("cell_scores")
    if cohort.cell_scores is not None:
        scores, _, rejected = _finished_scores(scope, cohort.cell_scores)
        if scores.empty:
            raise UnusableInputError(f"{cohort.cell_scores.file} gives no cell scores", rejected)
        twice = reject_same_data(scope.own_cohort, row_fingerprints(scores.T, "cell scores"), cohort.cell_scores.file)
        rejected = pd.concat([rejected, twice], ignore_index=True)
        return StepResult(_patient_rows(scores), rejected, {"patients": scores.shape[1], "populations": len(scores)})
    settings = scope.study.gene_sets
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    matrix = rankable_matrix(scope)
    _, usable, _ = measured_sets(scope, settings.collection, matrix.index)
    if not usable:
        raise UnusableInputError(no_set_measured(settings, len(matrix), scope.own_cohort))
    rejected = _too_many_ties(scope)
    if matrix.empty:
        raise UnusableInputError(f"no sample of cohort {scope.own_cohort} can be ranked", rejected)
    raw = score_cells(matrix, usable, engine=settings.engine, weight=settings.weight)
    low, high = score_range(raw)
    details = {"patients": raw.shape[1], "range_low": low, "range_high": high, "aliases": settings.aliases}
    return StepResult(_patient_rows(raw), rejected, details)


def _too_many_ties(scope: Scope) -> pd.DataFrame:
    rejected = Rejections(scope.own_cohort)
    quality = scope.read(EXPRESSION_QUALITY)
    for row in quality[quality["verdict"] == "not scored"].itertuples():
        message = (
            f"{row.largest_tie_share:.0%} of the genes have the same value: {row.tie_noise:.0%} of the spread of the "
            f"scores (at most {MOST_TIE_NOISE:.0%}) comes from the order of tied genes in the file. Leave the sample "
            "out, or sequence it deeper."
        )
        rejected.add(rule="ranks_are_ties", message=message, action="patient left out", patient_id=str(row.patient_id))
    return rejected.frame()


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


@step(ESTIMATE_SCORES, version="2", reads=[EXPRESSION, EXPRESSION_QUALITY])
def estimate_scores(scope: Scope) -> StepResult:
    """Compute ESTIMATE's stromal and immune scores, and purity by a formula fitted on Affymetrix arrays."""
    if not scope.has_rows(EXPRESSION):
        return empty(scope, "the cohort brings no expression")
    try:
        scores = expression.estimate_scores(rankable_matrix(scope))
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


@step(SCORE_AGREEMENT, version="3", reads=[COHORT_FILES], reads_all_cohorts=[CELL_SCORES])
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
        named = read_score_pairs(scope.folder, comparison.pairs)
        ours, theirs = _by_folded(own.index), _by_folded(other.index)
        pairs = {
            ours.get(folded(name), name): [theirs.get(folded(compared), compared) for compared in summed]
            for name, summed in named.items()
        }
    else:
        pairs = {name: [name] for name in own.index.intersection(other.index)}
    return expression.score_agreement(own, other, pairs).assign(compared_cohort=comparison.cohort)


def _by_folded(names: pd.Index) -> dict[str, str]:
    """The stored spelling of each population, by its name without case."""
    return {folded(str(name)): str(name) for name in names}


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
        scores, groups, left_out = _finished_scores(scope, source, times)
        long = scores.reset_index().melt("population", var_name="patient_id", value_name="score")
        parts.append(long.assign(name=name, method=source.method, population_group=long["population"].map(groups)))
        rejected.append(left_out)
    table = pd.concat(parts, ignore_index=True)
    details = {str(name): int(rows["patient_id"].nunique()) for name, rows in table.groupby("name")}
    return StepResult(table, pd.concat(rejected, ignore_index=True), details)


def _finished_scores(
    scope: Scope, source: CellScoreSource, times: pd.Series | None = None
) -> tuple[pd.DataFrame, dict[str, str], pd.DataFrame]:
    """Scores, groups and rejections of `read_cell_scores`, the populations in the study's spelling."""
    scores, groups, rejected = read_cell_scores(scope.folder, scope.own_cohort, source, times=times)
    spelled = scope.spelling("populations")
    return (
        scores.rename(index=spelled),
        {spelled.get(name, name): group for name, group in groups.items()},
        rejected,
    )


def _patient_rows(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.T.rename_axis(index="patient_id", columns=None).reset_index()
