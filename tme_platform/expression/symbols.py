"""Renamed genes: which row of a matrix is the gene a set asks for.

Not here: genes that a matrix has twice under one name (``duplicates``), and Ensembl ids, which become symbols when a
cohort is read (``tme_platform.cohorts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import pandas as pd

from tme_platform.expression.gene_sets import DATA


def harmonise_symbols(genes: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Find wanted genes in a matrix under the name they have there, whichever side is the older one.

    A gene that is there under the wanted name is taken as it is, whatever the alias table says; the matrix is not
    renamed, so two of its genes can never become one. Otherwise the current symbol is tried, then former ones.

    Parameters
    ----------
    genes
        The genes of the matrix.
    wanted
        The genes asked for.

    Returns
    -------
    dict of str to str
        The name in the matrix by wanted name, in the order wanted; what is not there is left out.
    """
    present = set(genes)
    current, names = _aliases()
    found = {}
    for gene in wanted:
        symbol = current.get(gene, gene)
        name = next((name for name in (gene, symbol, *names.get(symbol, ())) if name in present), None)
        if name is not None:
            found[gene] = name
    return found


def harmonise_gene_sets(
    gene_sets: Mapping[str, Sequence[str]], genes: Iterable[str]
) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """Write gene sets in the names of a matrix.

    Parameters
    ----------
    gene_sets
        Genes by set name.
    genes
        The genes of the matrix.

    Returns
    -------
    gene_sets
        The same sets; a gene that the matrix has under another name is called by that name, what is missing keeps
        its own name. Two names of one gene in a set become one entry.
    renamed
        One row per gene that was found under another name: ``gene``, ``found_as``.
    """
    found = harmonise_symbols(genes, dict.fromkeys(gene for members in gene_sets.values() for gene in members))
    translated = {
        name: list(dict.fromkeys(found.get(gene, gene) for gene in members)) for name, members in gene_sets.items()
    }
    renamed = [(gene, name) for gene, name in found.items() if gene != name]
    return translated, pd.DataFrame(renamed, columns=["gene", "found_as"])


@cache
def _aliases() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Current symbol by other name, and the other names by current symbol: former symbols first."""
    table = pd.read_csv(DATA / "symbol_aliases.tsv.gz", sep="\t", dtype=str, keep_default_na=False)
    current = dict(zip(table["alias"], table["symbol"], strict=True))
    names: dict[str, list[str]] = {}
    for alias, symbol in current.items():
        names.setdefault(symbol, []).append(alias)
    return current, names
