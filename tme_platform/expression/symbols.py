"""Find renamed genes in a matrix.

Repeated names in a matrix belong in `duplicates`. Ensembl ids are converted to symbols when a cohort is read, in
`tme_platform.cohorts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import pandas as pd

from tme_platform.expression.gene_sets import DATA


def harmonise_symbols(genes: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Find wanted genes in a matrix, where either side may use former symbols.

    A gene present under the wanted name always keeps it. Otherwise the current symbol is tried, then former symbols.
    The matrix is not renamed, so two of its genes are never merged.

    Parameters
    ----------
    genes
        The genes of the matrix.
    wanted
        The genes to find.

    Returns
    -------
    dict of str to str
        Name in the matrix by wanted name, in the order of ``wanted``. Genes that are not found are left out.
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
    gene_sets: Mapping[str, Sequence[str]], genes: Iterable[str], *, aliases: bool = True
) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """Translate gene sets to the gene names of a matrix.

    Parameters
    ----------
    gene_sets
        Genes by set name.
    genes
        The genes of the matrix.
    aliases
        Without, only the names in the sets are looked for, as R's GSVA does on the same file.

    Returns
    -------
    gene_sets
        The same sets with the names used in the matrix. Missing genes keep their name; two names of one gene become
        one entry.
    renamed
        One row per gene found under another name: ``gene``, ``found_as``.
    """
    wanted = dict.fromkeys(gene for members in gene_sets.values() for gene in members)
    found = harmonise_symbols(genes, wanted) if aliases else {}
    translated = {
        name: list(dict.fromkeys(found.get(gene, gene) for gene in members)) for name, members in gene_sets.items()
    }
    renamed = [(gene, name) for gene, name in found.items() if gene != name]
    return translated, pd.DataFrame(renamed, columns=["gene", "found_as"])


def current_symbols() -> dict[str, str]:
    """Return the current symbol of every former symbol and alias of the packaged table."""
    return dict(_aliases()[0])


@cache
def _aliases() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the current symbol by alias, and the aliases by current symbol with former symbols first."""
    table = pd.read_csv(DATA / "symbol_aliases.tsv.gz", sep="\t", dtype=str, keep_default_na=False)
    current = dict(zip(table["alias"], table["symbol"], strict=True))
    names: dict[str, list[str]] = {}
    for alias, symbol in current.items():
        names.setdefault(symbol, []).append(alias)
    return current, names
