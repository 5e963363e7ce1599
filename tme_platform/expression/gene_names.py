"""Say why a matrix has no gene of any set: names of another kind, or rows and columns exchanged.

Renamed genes belong in `symbols`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_SOME = 0.2
"""Share of the wanted genes that a rewriting has to find to be proposed."""
_AT_LEAST = 2

_REWRITINGS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    (
        "they are in another case, as symbols of the mouse are",
        "Use human symbols: a mouse gene is not its human namesake in capitals.",
        str.upper,
    ),
    (
        "they have an identifier after the symbol",
        "Keep only the symbol.",
        lambda name: re.split(r"[|;:/ ]", name)[0],
    ),
    (
        "they have an identifier before the symbol",
        "Keep only the symbol.",
        lambda name: re.split(r"[|;:/_ ]", name)[-1],
    ),
    ("they have a version number", "Remove it.", lambda name: re.sub(r"\.\d+$", "", name)),
)
_KINDS = (
    (r"ENS[A-Z]*G\d+(\.\d+)?", "Ensembl ids", "Write `gene_id: ensembl` and a `gene_map` under `expression`."),
    (r"\d+(\.0)?", "numbers (row numbers or Entrez ids)", "Write gene symbols into the first column."),
    (r".*_(at|st)", "probe sets of a microarray", "Write gene symbols into the first column."),
    (r"[NX][MR]_\d+(\.\d+)?", "RefSeq transcripts", "Write gene symbols into the first column."),
)
_MOSTLY = 0.5


def why_no_genes(genes: Collection[str], samples: Collection[str], wanted: Collection[str], collection: str) -> str:
    """Explain why too few genes of the sets are in a matrix, and what to do.

    Parameters
    ----------
    genes, samples
        Names of the rows and of the columns.
    wanted
        The genes of the sets.
    collection
        Name of the collection.

    Returns
    -------
    str
        One or more sentences.
    """
    rows, columns, sought = list(map(str, genes)), set(map(str, samples)), set(wanted)
    found = len(sought & set(rows))
    few = f"no set of {collection} has enough of its genes in the matrix ({found:,} of {len(sought):,} genes found)."
    if len(sought & columns) > max(found, _AT_LEAST - 1):
        return (
            f"{few} The columns are named after genes ({_shown(sought & columns)}): the matrix is transposed. "
            "Write genes in rows and samples in columns."
        )
    shown = _shown(rows)
    for what, advice, rewrite in _REWRITINGS:
        better = len(sought & {rewrite(name) for name in rows})
        if better > found and better >= max(_AT_LEAST, _SOME * min(len(sought), len(rows))):
            return f"{few} Names such as {shown} would match {better:,} of them, but {what}. {advice}"
    for pattern, what, advice in _KINDS:
        if sum(bool(re.fullmatch(pattern, name)) for name in rows) > _MOSTLY * len(rows):
            return f"{few} Names such as {shown} look like {what}. {advice}"
    if found > _SOME * len(rows):
        return f"{few} Bring more genes, or lower `min_genes` or `min_share` under `gene_sets` in the study file."
    return (
        f"{few} Its genes are named {shown}. Name them by HGNC symbols, or choose another collection under `gene_sets` "
        "in the study file."
    )


def _shown(names: Collection[str], most: int = 3) -> str:
    return ", ".join(repr(name[:40]) for name in sorted(names)[:most])
