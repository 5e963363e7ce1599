"""Tables of scores of cell populations, purity and intrinsic subtypes from RNA."""

from __future__ import annotations

from tme_platform.tables.clinical import SUBTYPES
from tme_platform.tables.columns import PATIENT, POPULATION, count, flag, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

POPULATION_GROUPS = ("adaptive", "innate_activated", "innate_inactivated", "non_immune")
"""The groups of cell populations; adaptive and activated innate ones order the clusters from hot to cold."""

POPULATIONS = TableSchema(
    "populations",
    Stage.EXPRESSION,
    "The cell populations of a cohort: group, genes of the set, genes found, and why a set is not used.",
    (
        POPULATION,
        text("population_group", "Group of the population.", isin=POPULATION_GROUPS),
        text("method", "Scoring method.", required=True),
        count("n_genes", "Genes in the set."),
        count("n_found", "Genes of the set that were measured."),
        share("share", "Share of the set's genes that were measured."),
        text("missing", "Genes of the set that were not measured, separated by commas."),
        text("by_alias", "Genes found under a former symbol or alias (gene as symbol), separated by commas."),
        flag("aliases", "Whether aliases were looked for (`gene_sets: {aliases: true}`, the default)."),
        Column("used", "boolean", "Whether the population is scored.", nullable=False),
        text("reason", "Reason why it is not used, or not used for phenotypes."),
    ),
    key=("population",),
)

EXPRESSION_QUALITY = TableSchema(
    "expression_quality",
    Stage.EXPRESSION,
    "How much of each sample's expression can be ranked: detected genes, zeros, ties, and what ties do to its scores.",
    (
        PATIENT,
        count("n_genes", "Genes of the matrix."),
        count("n_detected", "Genes with a value above 0; missing for relative units."),
        share("zero_share", "Share of the genes with the value 0; missing for relative units."),
        share("tied_share", "Share of the genes that have the value of another gene."),
        share("largest_tie_share", "Share of the genes that have the most frequent value."),
        number(
            "tie_noise",
            "Standard deviation of the sample's ssGSEA scores over random orders of tied genes, as a share of their "
            "standard deviation over the populations.",
            0,
        ),
        text(
            "verdict",
            "scored; caution: tie_noise above 0.1; not scored: above 0.25, no cell scores and so no phenotype.",
            required=True,
            isin=("scored", "caution", "not scored"),
        ),
    ),
    key=("patient_id",),
)

CELL_SCORES = TableSchema(
    "cell_scores",
    Stage.EXPRESSION,
    "One row per patient, one column per cell population: raw ssGSEA scores, or finished scores from the cohort.",
    (PATIENT,),
    key=("patient_id",),
    wide="Score of the cell population on the scale of the method.",
)

CELL_SCORE_RANGES = TableSchema(
    "cell_score_ranges",
    Stage.EXPRESSION,
    "The range that normalises a cohort's ssGSEA scores: its own, or that of the cohort its labels come from.",
    (
        number("low", "Smallest raw score of the range."),
        number("high", "Largest raw score of the range."),
        text("range_cohort", "Cohort that the range is taken from.", required=True),
    ),
    key=("range_cohort",),
)

MCP_COUNTER_SCORES = TableSchema(
    "mcp_counter_scores",
    Stage.EXPRESSION,
    "MCP-counter: mean log2 expression of each population's markers, from the same RNA as the cell scores.",
    (PATIENT,),
    key=("patient_id",),
    wide="MCP-counter score of the population, log2.",
)

ESTIMATE_SCORES = TableSchema(
    "estimate_scores",
    Stage.EXPRESSION,
    "ESTIMATE: stromal and immune content from RNA, and the tumour purity derived from them.",
    (
        PATIENT,
        number("stromal_score", "Stromal ssGSEA score."),
        number("immune_score", "Immune ssGSEA score."),
        number("estimate_score", "Sum of the stromal and the immune score."),
        number("tumour_purity", "cos(0.6049872018 + 0.0001467884 * estimate_score); see `caveat`."),
        text("caveat", "Limits of the validity of the purity.", required=True),
    ),
    key=("patient_id",),
)

INTRINSIC_SUBTYPES = TableSchema(
    "intrinsic_subtypes",
    Stage.EXPRESSION,
    "Intrinsic subtype by the nearest PAM50 centroid, and the published call if there is one.",
    (
        PATIENT,
        text("subtype", "Nearest centroid.", isin=SUBTYPES),
        *(number(name, f"Spearman correlation with the {name} centroid.", -1, 1) for name in sorted(SUBTYPES)),
        share("gene_share", "Share of the 50 genes that were measured."),
        text("published", "Published call (`pam50` of the clinical table)."),
    ),
    key=("patient_id",),
)

SCORE_AGREEMENT = TableSchema(
    "score_agreement",
    Stage.EXPRESSION,
    "Spearman correlation of the scores from RNA with another estimate of the same populations in the same patients.",
    (
        POPULATION,
        text("compared_with", "Population of the other estimate, or the populations that are summed.", required=True),
        text("compared_cohort", "Cohort that holds the other estimate.", required=True),
        count("n", "Patients with both estimates."),
        number("rho", "Spearman's rho.", -1, 1),
        share("p", "Its p-value."),
        share("fdr", "p-value corrected over the pairs (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing correlation."),
    ),
    key=("population", "compared_with", "compared_cohort"),
)

OTHER_SCORES = TableSchema(
    "other_scores",
    Stage.EXPRESSION,
    "Populations of the cohort's patients by other methods, with which the phenotypes are compared.",
    (
        text("name", "Name of the scores in the cohort file.", required=True),
        PATIENT,
        POPULATION,
        text("population_group", "Group of the population.", isin=POPULATION_GROUPS),
        number("score", "Score, or log10(fraction + 1e-4) of a lineage."),
        text("method", "Method of the scores.", required=True),
    ),
    key=("name", "patient_id", "population"),
)
