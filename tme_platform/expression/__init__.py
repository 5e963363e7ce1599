"""Compute scores of cell populations and other results from expression matrices.

Gene sets, units, identifiers, ssGSEA, MCP-counter, ESTIMATE, intrinsic subtypes, comparison of genes between two
groups, enrichment. Matrices are frames of genes x samples; scores are sets x samples.

Reading the landed files belongs in `tme_platform.cohorts`, clustering the scores in `tme_platform.phenotypes`.
"""

from tme_platform.expression.agreement import score_agreement
from tme_platform.expression.comparison import CHECKPOINT_GENES, compare_genes
from tme_platform.expression.coverage import gene_set_coverage, usable_gene_sets
from tme_platform.expression.duplicates import collapse_duplicates
from tme_platform.expression.engines import Engine, gseapy_ssgsea, score_cells
from tme_platform.expression.enrich import EnrichmentMethod, enrich
from tme_platform.expression.estimate import PURITY_CAVEAT, estimate_scores
from tme_platform.expression.gene_lengths import (
    GeneLengths,
    describe_counts,
    find_gene_lengths,
    packaged_gene_lengths,
)
from tme_platform.expression.gene_sets import gene_set_groups, gene_set_path, packaged_gene_sets, read_gmt
from tme_platform.expression.known_genes import LEAST_TO_JUDGE, known_symbols, not_symbols, share_recognised
from tme_platform.expression.lineages import (
    DETECTION_LIMIT,
    PACKAGED_LINEAGES,
    LineageMap,
    lineage_map,
    lineages_of,
    log_lineages,
)
from tme_platform.expression.markers import mcp_counter
from tme_platform.expression.overlap import shared_genes, without_genes
from tme_platform.expression.pathways import enrichment
from tme_platform.expression.quality import CAUTION_TIE_NOISE, MOST_TIE_NOISE, expression_quality
from tme_platform.expression.single_sample import normalise_scores, score_range, ssgsea
from tme_platform.expression.subtypes import intrinsic_subtype
from tme_platform.expression.symbols import harmonise_gene_sets, harmonise_symbols
from tme_platform.expression.units import RELATIVE_UNITS, UNITS, negative_amount, to_log2, unit_warning

__all__ = [
    "CAUTION_TIE_NOISE",
    "CHECKPOINT_GENES",
    "DETECTION_LIMIT",
    "LEAST_TO_JUDGE",
    "MOST_TIE_NOISE",
    "PACKAGED_LINEAGES",
    "PURITY_CAVEAT",
    "RELATIVE_UNITS",
    "UNITS",
    "Engine",
    "EnrichmentMethod",
    "GeneLengths",
    "LineageMap",
    "collapse_duplicates",
    "compare_genes",
    "describe_counts",
    "enrich",
    "enrichment",
    "estimate_scores",
    "expression_quality",
    "find_gene_lengths",
    "gene_set_coverage",
    "gene_set_groups",
    "gene_set_path",
    "gseapy_ssgsea",
    "harmonise_gene_sets",
    "harmonise_symbols",
    "intrinsic_subtype",
    "known_symbols",
    "lineage_map",
    "lineages_of",
    "log_lineages",
    "mcp_counter",
    "negative_amount",
    "normalise_scores",
    "not_symbols",
    "packaged_gene_lengths",
    "packaged_gene_sets",
    "read_gmt",
    "score_agreement",
    "score_cells",
    "score_range",
    "share_recognised",
    "shared_genes",
    "ssgsea",
    "to_log2",
    "unit_warning",
    "usable_gene_sets",
    "without_genes",
]
