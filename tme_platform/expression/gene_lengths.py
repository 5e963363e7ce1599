"""Find the length of each gene of a matrix, by which counts become TPM. Units belong in `units`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from tme_platform.expression.gene_sets import DATA
from tme_platform.expression.symbols import harmonise_symbols

LEAST_SHARE_WITH_LENGTH = 0.5
"""Smallest share of the genes of a matrix that must have a length for its counts to become TPM."""


@dataclass(frozen=True)
class GeneLengths:
    """The length of every gene of a matrix.

    Attributes
    ----------
    bases
        Length by gene, in bases.
    source
        ``given`` with the cohort, or ``packaged``.
    without
        Genes that have no length there; they take the median of the others.
    """

    bases: pd.Series[float]
    source: Literal["given", "packaged"]
    without: tuple[str, ...]


def packaged_gene_lengths() -> pd.Series[float]:
    """Return the packaged lengths by gene symbol: median over the transcripts in hg19, bases."""
    return _packaged().copy()


def find_gene_lengths(genes: Sequence[str], given: pd.Series[float] | None = None) -> GeneLengths | None:
    """Find the length of each gene, under the name in the matrix or a former or current symbol.

    A gene without a length takes the median of the others. This does not affect its comparison between samples, only
    its level beside other genes of a sample.

    Parameters
    ----------
    genes
        The genes of the matrix.
    given
        Lengths that came with the matrix, by gene, in bases. Without them the packaged ones are used.

    Returns
    -------
    GeneLengths or None
        None if fewer than ``LEAST_SHARE_WITH_LENGTH`` of the genes have a length.
    """
    known = _packaged() if given is None else given
    names = harmonise_symbols(known.index, genes)
    found = pd.Series({gene: known[name] for gene, name in names.items()}, dtype="float64").reindex(list(genes))
    without = tuple(found.index[found.isna()])
    if not len(found) or len(without) > (1 - LEAST_SHARE_WITH_LENGTH) * len(found):
        return None
    return GeneLengths(found.fillna(float(np.nanmedian(found))), "packaged" if given is None else "given", without)


def describe_counts(lengths: GeneLengths | None) -> str:
    """Return how counts are converted, as shown to the user."""
    if lengths is None:
        return (
            "log2 CPM without gene lengths (fewer than half of the genes have one, or their file cannot be used): long "
            "genes appear higher than short ones, which affects ranks within a sample. `gene_lengths` in cohort.yaml "
            "names a file of lengths"
        )
    origin = "gene_lengths of the cohort" if lengths.source == "given" else "packaged gene lengths"
    if not lengths.without:
        return f"log2 TPM by the {origin}"
    return (
        f"log2 TPM by the {origin}; {len(lengths.without):,} of {len(lengths.bases):,} genes have no length there and "
        f"take the median ({float(lengths.bases.median()):,.0f} bases)"
    )


@cache
def _packaged() -> pd.Series[float]:
    table = pd.read_csv(DATA / "gene_lengths_hg19.tsv.gz", sep="\t", keep_default_na=False)
    return table.set_index("gene")["length"].astype("float64")
