"""Tell the samples of an expression matrix from its annotation, by name and by shape. Reading belongs in `_matrix`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.expression.known_genes import LEAST_TO_JUDGE

ANNOTATION = frozenset(
    {"entrez", "entrezid", "entrezgene", "entrezgeneid", "ncbi", "ncbiid", "ncbigeneid", "geneid", "gene", "genes"}
    | {"hugo", "hugosymbol", "hgnc", "hgncid", "hgncsymbol", "symbol", "genesymbol", "genename", "name", "alias"}
    | {"ensembl", "ensemblid", "ensemblgeneid", "ensg", "transcript", "transcriptid", "transcriptids", "refseq"}
    | {"uniprot", "accession", "probe", "probeid", "id", "idref", "locus", "locusid", "feature", "featureid"}
    | {"genetype", "genebiotype", "biotype", "genestatus", "description", "genedescription", "title", "genetitle"}
    | {"chr", "chrom", "chromosome", "seqname", "seqnames", "cytoband", "band", "strand", "start", "end", "stop"}
    | {"chromstart", "chromend", "genestart", "geneend", "startposition", "endposition", "position", "exons"}
    | {"length", "genelength", "lengthbp", "bp", "width", "efflength", "effectivelength", "transcriptlength"}
    | {"mean", "total", "sum", "median", "average", "avg", "sd", "std", "stdev", "var", "variance", "min", "max"}
    | {"rowmean", "rowmeans", "rowsum", "rowsums", "totalcounts", "basemean", "aveexpr", "logfc", "log2foldchange"}
    | {"lfcse", "stat", "pvalue", "pval", "padj", "fdr", "qvalue", "adjpval"}
    | {"row", "rownumber", "rownames", "rowid", "index", "number", "no", "unnamed0", "gccontent"}
)
"""Names of columns beside the samples, in lower case without anything but letters and digits."""

_NEARLY_ALL = 0.95
_ORDERS = 100.0
"""How many times larger than a typical sample a column of whole numbers must be to be taken for a length or an id."""


def is_annotation(name: str) -> bool:
    """Whether a column has the name of an annotation: `Entrez_Gene_Id`, `Length`, `Mean`, ..."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) in ANNOTATION


def annotation_columns(names: Sequence[str]) -> list[int]:
    """Positions of the columns that are annotation by their name."""
    return [position for position, name in enumerate(names) if is_annotation(name)]


def identifier_columns(numbers: NDArray[np.float64]) -> dict[int, str]:
    """Columns whose shape is not that of a sample, unlike most of the others.

    Parameters
    ----------
    numbers
        Genes x columns; NaN is ignored.

    Returns
    -------
    dict
        By position what the column looks like: whole numbers that only rise or fall, whole numbers that are all
        different, whole numbers far larger than the samples, or one value. Empty below `LEAST_TO_JUDGE` genes.
    """
    if len(numbers) < LEAST_TO_JUDGE or not numbers.shape[1]:
        return {}
    with np.errstate(invalid="ignore"):
        whole = ((np.floor(numbers) == numbers) | np.isnan(numbers)).all(axis=0)
    found: dict[int, str] = {}
    columns = [_finite(numbers[:, position]) if whole[position] else None for position in range(numbers.shape[1])]
    usable = {p: column for p, column in enumerate(columns) if column is not None and len(column) >= LEAST_TO_JUDGE}
    most = numbers.shape[1] / 2
    same = [position for position, column in usable.items() if column.any() and np.ptp(column) == 0]
    steps = {p: np.diff(column) for p, column in usable.items() if column[0] != column[1]}
    running = [position for position, step in steps.items() if (step > 0).all() or (step < 0).all()]
    for positions, what in ((same, "the same number in every row"), (running, "whole numbers in running order")):
        if len(positions) < max(most, 2):
            found |= dict.fromkeys(positions, what)
    different = [p for p, column in usable.items() if p not in found and _distinct(column[:LEAST_TO_JUDGE]) == 1]
    different = [position for position in different if _distinct(usable[position]) == 1]
    if different and sum(_distinct(column) >= _NEARLY_ALL for column in usable.values()) < max(most, 2):
        found |= dict.fromkeys(different, "whole numbers that are all different")
    if 0 < len(usable) < max(most, 2):
        typical = float(np.nanmedian(np.nanmedian(np.abs(numbers[:, ~whole]), axis=0))) if (~whole).any() else np.nan
        large = [p for p, column in usable.items() if np.median(np.abs(column)) > _ORDERS * max(typical, 1.0)]
        found |= {position: "whole numbers far larger than the other columns" for position in large} | found
    return found


def _finite(column: NDArray[np.float64]) -> NDArray[np.float64]:
    return column[~np.isnan(column)]


def _distinct(column: NDArray[np.float64]) -> float:
    return len(pd.unique(column)) / max(len(column), 1)
