"""Tell whether names are human gene symbols, and if not, what they are. Renamed symbols belong in `symbols`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import cache

from tme_platform.expression.gene_lengths import packaged_gene_lengths
from tme_platform.expression.gene_sets import DATA
from tme_platform.expression.symbols import current_symbols

LEAST_SHARE_RECOGNISED = 0.1
"""Smallest share of the names of a matrix that must be known symbols.

A table of all 60,000 annotated genes still has a third of them; one of other identifiers has hardly any.
"""

LEAST_TO_JUDGE = 20
"""Number of names, or rows, from which on shares and shapes are judged."""

_ENSEMBL = re.compile(r"ENS[A-Z]{0,4}[GTP]\d{6,}(\.\d+)?(_\w+)?")
_PROBE = re.compile(r"(AFFX.*|\d+(_[a-z])*_at|ILMN_\d+|A_\d\d_P\d+)")
_MOSTLY = 0.5


@cache
def known_symbols() -> frozenset[str]:
    """Return the human gene symbols, current and former, that the packaged tables name."""
    with gzip.open(DATA / "estimate_common_genes_10412.tsv.gz", "rt", encoding="utf-8") as table:
        estimate = table.read().split()[1:]
    current = current_symbols()
    return frozenset({*packaged_gene_lengths().index, *current, *current.values(), *estimate})


def share_recognised(names: Iterable[str]) -> float:
    """Return the share of names that are human gene symbols or Ensembl ids; 0 without names."""
    listed = list(names)
    known = known_symbols()
    return sum(name in known or bool(_ENSEMBL.fullmatch(name)) for name in listed) / max(len(listed), 1)


def not_symbols(names: Iterable[str]) -> str | None:
    """Say what the names of a matrix are if they are not human gene symbols.

    Parameters
    ----------
    names
        The genes of a matrix.

    Returns
    -------
    str or None
        What they look like and what to do; None if at least ``LEAST_SHARE_RECOGNISED`` of them are symbols, or there
        are fewer than ``LEAST_TO_JUDGE``.
    """
    listed = list(dict.fromkeys(names))
    known = known_symbols()
    found = sum(name in known for name in listed)
    if len(listed) < LEAST_TO_JUDGE or found >= LEAST_SHARE_RECOGNISED * len(listed):
        return None

    def mostly(test: Iterable[bool]) -> bool:
        return sum(test) > _MOSTLY * len(listed)

    if mostly(bool(_ENSEMBL.fullmatch(name)) for name in listed):
        what = "look like Ensembl ids. Declare `gene_id: ensembl` with a `gene_map`, or name the column of symbols"
    elif mostly(name.isdigit() for name in listed):
        what = (
            "are numbers: row numbers, or ids such as Entrez's. Name the column of symbols (`gene_column` in "
            "cohort.yaml), or map the ids to symbols"
        )
    elif mostly(bool(_PROBE.fullmatch(name)) for name in listed):
        what = "look like probes of an array. Map them to gene symbols, one row per gene"
    elif sum(name.upper() in known for name in listed) > LEAST_SHARE_RECOGNISED * len(listed):
        what = (
            "are symbols in another spelling, as those of mouse genes (Cd8a). Map them to human orthologues, or write "
            "human symbols in capitals"
        )
    else:
        what = "are of an unknown kind. Name genes by their HGNC symbol"
    return f"{found:,} of {len(listed):,} gene names are known human symbols; the others {what}"
