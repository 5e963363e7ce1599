"""From an expression matrix to scores of cell populations, and what else is read from the RNA.

Here: gene sets, units, identifiers, ssGSEA, MCP-counter, ESTIMATE, intrinsic subtypes, comparison of genes between two
groups, enrichment. Matrices are genes x samples frames; scores are sets x samples.

Not here: reading what landed (``tme_platform.cohorts``), and what the scores say of a tumour
(``tme_platform.phenotypes``).
"""

from tme_platform.expression.coverage import gene_set_coverage, usable_gene_sets
from tme_platform.expression.duplicates import collapse_duplicates
from tme_platform.expression.gene_sets import gene_set_groups, gene_set_path, packaged_gene_sets, read_gmt
from tme_platform.expression.single_sample import normalise_scores, score_range, ssgsea
from tme_platform.expression.units import UNITS, to_log2, unit_doubt

__all__ = [
    "UNITS",
    "collapse_duplicates",
    "gene_set_coverage",
    "gene_set_groups",
    "gene_set_path",
    "normalise_scores",
    "packaged_gene_sets",
    "read_gmt",
    "score_range",
    "ssgsea",
    "to_log2",
    "unit_doubt",
    "usable_gene_sets",
]
