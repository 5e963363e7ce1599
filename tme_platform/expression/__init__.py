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
from tme_platform.expression.gene_names import why_no_genes
from tme_platform.expression.gene_sets import gene_set_groups, gene_set_path, packaged_gene_sets, read_gmt
from tme_platform.expression.lineages import (
    DETECTION_LIMIT,
    PACKAGED_LINEAGES,
    LineageMap,
    lineage_map,
    log_lineages,
)
from tme_platform.expression.markers import mcp_counter
from tme_platform.expression.overlap import shared_genes, without_genes
from tme_platform.expression.pathways import enrichment
from tme_platform.expression.single_sample import normalise_scores, score_range, ssgsea
from tme_platform.expression.subtypes import intrinsic_subtype
from tme_platform.expression.symbols import harmonise_gene_sets, harmonise_symbols
from tme_platform.expression.units import RELATIVE_UNITS, UNITS, to_log2, unit_warning

__all__ = [
    "CHECKPOINT_GENES",
    "DETECTION_LIMIT",
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
    "find_gene_lengths",
    "gene_set_coverage",
    "gene_set_groups",
    "gene_set_path",
    "gseapy_ssgsea",
    "harmonise_gene_sets",
    "harmonise_symbols",
    "intrinsic_subtype",
    "lineage_map",
    "log_lineages",
    "mcp_counter",
    "normalise_scores",
    "packaged_gene_lengths",
    "packaged_gene_sets",
    "read_gmt",
    "score_agreement",
    "score_cells",
    "score_range",
    "shared_genes",
    "ssgsea",
    "to_log2",
    "unit_warning",
    "usable_gene_sets",
    "why_no_genes",
    "without_genes",
]
