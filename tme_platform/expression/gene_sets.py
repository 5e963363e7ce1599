"""Gene-set collections: reading GMT files and finding the packaged ones.

Not here: which of a set's genes a matrix has (``coverage``), and renamed symbols (``symbols``).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
"""Where the packaged collections are; its PROVENANCE.md says what is known of each licence."""

_LICENCES = {
    "tme24": "No licence statement found for the gene lists of Bindea et al. 2013; endothelial cells and fibroblasts "
    "are MCP-counter's (CC0). Take 'mcpcounter' if you need a licensed collection.",
    "mcpcounter": "CC0 (Becht et al. 2016)",
    "estimate_141": "From the R package estimate (GPL-2; Yoshihara et al. 2013)",
    "msigdb_hallmark_50": "CC BY 4.0 (MSigDB)",
    "msigdb_gobp_7658": "CC BY 4.0 (MSigDB)",
}


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Read a gene-set collection.

    Parameters
    ----------
    path
        A ``.gmt`` or ``.gmt.gz`` file: one set a line, tab-separated name, description and genes.

    Returns
    -------
    dict of str to list of str
        Genes by set name, both in file order. A gene that a line names twice is kept once.

    Raises
    ------
    ValueError
        A line without name, description and at least one gene; a name that occurs twice; a file that is not text.
        The message names file and line.
    """
    return {entry.name: entry.genes for entry in _entries(Path(path))}


def gene_set_groups(path: str | Path) -> dict[str, str]:
    """Read the group of each set: the second column of the GMT file (``adaptive``, ``non_immune``, ...)."""
    return {entry.name: entry.group for entry in _entries(Path(path))}


def packaged_gene_sets() -> dict[str, str]:
    """Names of the packaged collections, each with what is known of its licence."""
    return dict(_LICENCES)


def gene_set_path(name_or_path: str | Path) -> Path:
    """Find a collection by its packaged name (``tme24``) or by the path of a GMT file.

    Raises
    ------
    ValueError
        Neither a packaged name nor a file; the message lists the packaged names.
    """
    if str(name_or_path) in _LICENCES:
        return next(DATA.glob(f"{name_or_path}.gmt*"))
    path = Path(name_or_path)
    if not path.is_file():
        raise ValueError(
            f"No gene sets '{name_or_path}': give the path of a .gmt or .gmt.gz file or one of the packaged "
            f"collections: {', '.join(_LICENCES)}."
        )
    return path


class _Entry(NamedTuple):
    name: str
    group: str
    genes: list[str]


def _entries(path: Path) -> Iterator[_Entry]:
    first_line: dict[str, int] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        name, *rest = (field.strip() for field in line.split("\t"))
        genes = list(dict.fromkeys(gene for gene in rest[1:] if gene))
        if not name or not genes:
            raise ValueError(
                f"{path}, line {number}: a gene set needs a name, a description and at least one gene, "
                "separated by tabs."
            )
        if name in first_line:
            raise ValueError(f"{path}, line {number}: the set '{name}' is already on line {first_line[name]}.")
        first_line[name] = number
        yield _Entry(name, rest[0], genes)


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig").splitlines()
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a readable GMT file: {error}.") from error
