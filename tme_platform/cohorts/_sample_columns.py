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
    | {"row", "rownumber", "rownames", "rowid", "index", "number", "no", "unnamed0", "gccontent", "gc", "gcpercent"}
    | {"percentagegenegccontent", "percentagegccontent", "chromosomename", "transcriptcount", "exonlength", "exoncount"}
    | {"log2fc", "foldchange", "log2ratio", "bh", "fdrp", "adjp"}
    | {
        f"{of}{what}"
        for of in ("mean", "median", "average", "avg", "max", "min", "sd", "sum", "total")
        for what in ("expression", "expr", "counts", "count", "tpm", "fpkm", "tumor", "tumour", "normal", "all")
    }
)
"""Names of columns beside the samples, in lower case without anything but letters and digits."""

_FEWEST_COLUMNS = 3
_NEARLY_ALL = 0.95
_FIRST_LOOK = 500
"""Rows that tell whether the others need to be looked at."""
_ROUNDED = 1e-3
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
        Genes x columns; NaN and infinite values are ignored.

    Returns
    -------
    dict
        By position what the column looks like: whole numbers that only rise or fall, whole numbers that are all
        different, whole numbers far larger than the samples, or one value. Empty below `LEAST_TO_JUDGE` genes or three
        columns.
    """
    if len(numbers) < LEAST_TO_JUDGE or numbers.shape[1] < _FEWEST_COLUMNS:
        return {}
    if np.isinf(numbers).any():
        numbers = np.where(np.isinf(numbers), np.nan, numbers)
    with np.errstate(invalid="ignore"):
        whole = ((np.floor(numbers) == numbers) | np.isnan(numbers)).all(axis=0)
    columns = {int(position): _finite(numbers[:, position]) for position in np.flatnonzero(whole)}
    columns = {position: column for position, column in columns.items() if len(column) >= LEAST_TO_JUDGE}
    few = max(numbers.shape[1] / 2, 2)
    steps = {position: np.diff(column) for position, column in columns.items()}
    different = [position for position, column in columns.items() if _all_different(column)]
    as_samples = bool(different) and sum(_distinct(column) >= _NEARLY_ALL for column in columns.values()) >= few
    shapes = {
        "the same number in every row": [p for p, step in steps.items() if not step.any() and columns[p].any()],
        "whole numbers in running order": [
            p
            for p, step in steps.items()
            if ((step > 0).all() or (step < 0).all()) and not (as_samples and np.ptp(step) > 0)  # a sorted sample
        ],
        "whole numbers that are all different": [] if as_samples else different,
        "whole numbers far larger than the other columns": [],
    }
    if 0 < len(columns) < few:
        typical = float(np.median(np.nanmedian(np.abs(numbers[:, ~whole]), axis=0))) if (~whole).any() else np.inf
        shapes["whole numbers far larger than the other columns"] = [
            position for position, column in columns.items() if np.median(np.abs(column)) > _ORDERS * max(typical, 1.0)
        ]
    found: dict[int, str] = {}
    for what, positions in shapes.items():
        if len(positions) < few:
            found = dict.fromkeys(positions, what) | found
    return found


def summary_columns(numbers: NDArray[np.float64]) -> dict[int, str]:
    """Columns that are the mean or the sum of the others in every row, whatever they are called.

    Parameters
    ----------
    numbers
        Genes x columns; rows with NaN or infinite values are ignored.

    Returns
    -------
    dict
        By position what the column is. Empty below `LEAST_TO_JUDGE` genes or four columns.
    """
    n = numbers.shape[1]
    if n <= _FEWEST_COLUMNS:
        return {}
    found: dict[int, str] = {}
    for rows in (numbers[:_FIRST_LOOK], numbers):
        rows = rows[np.isfinite(rows).all(axis=1)]
        if len(rows) < LEAST_TO_JUDGE:
            return {}
        total = rows.sum(axis=1, keepdims=True)
        found = {}
        for what, expected in (("the mean of the others", total / n), ("the sum of the others", total / 2)):
            apart = np.abs(rows - expected)
            same = (apart <= _ROUNDED + _ROUNDED * np.abs(expected)).all(axis=0)
            if same.sum() == 1 and np.median(apart) > 10 * _ROUNDED:  # otherwise the samples are alike
                found[int(np.flatnonzero(same)[0])] = what
        if not found:
            return {}
    return found


def _all_different(column: NDArray[np.float64]) -> bool:
    return _distinct(column[:LEAST_TO_JUDGE]) == 1 and _distinct(column) == 1


def _finite(column: NDArray[np.float64]) -> NDArray[np.float64]:
    return column[~np.isnan(column)]


def _distinct(column: NDArray[np.float64]) -> float:
    return len(pd.unique(column)) / max(len(column), 1)
