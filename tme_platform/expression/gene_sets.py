"""Read gene-set collections from GMT files and find the packaged ones.

Matching sets with a matrix belongs in `coverage`, renamed symbols in `symbols`.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
"""Folder of the packaged collections. Its PROVENANCE.md documents sources and licences."""

_LICENCES = {
    "tme24": "No licence statement found for the gene lists of Bindea et al. 2013; endothelial cells and fibroblasts "
    "are MCP-counter's (CC0). Use 'mcpcounter' if you need a licensed collection.",
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
        A ``.gmt`` or ``.gmt.gz`` file. Each line is a set: name, description and genes, separated by tabs.

    Returns
    -------
    dict of str to list of str
        Genes by set name, both in file order. Repeated genes of a set are kept once.

    Raises
    ------
    ValueError
        If a line lacks a name, a description or genes, a name occurs twice, or the file is not text. The message names
        file and line.
    """
    return {entry.name: entry.genes for entry in _entries(Path(path))}


def gene_set_groups(path: str | Path) -> dict[str, str]:
    """Read the group of each set from the second column of a GMT file (``adaptive``, ``non_immune``, ...).

    Case, spaces and hyphens do not matter (``Non-immune``). Other descriptions, changed in the same way, are no groups.
    """
    return {entry.name: re.sub(r"[ -]+", "_", entry.group.strip()).lower() for entry in _entries(Path(path))}


def packaged_gene_sets() -> dict[str, str]:
    """Return the names of the packaged collections, each with its licence as far as known."""
    return dict(_LICENCES)


def gene_set_path(name_or_path: str | Path) -> Path:
    """Find a collection by its packaged name (``tme24``) or by the path of a GMT file.

    Raises
    ------
    ValueError
        If it is neither a packaged name nor a file. The message lists the packaged names.
    """
    if str(name_or_path) in _LICENCES:
        return next(DATA.glob(f"{name_or_path}.gmt*"))
    path = Path(name_or_path)
    if not path.is_file():
        raise ValueError(
            f"No gene sets '{name_or_path}': use the path of a .gmt or .gmt.gz file, or one of the packaged "
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
            raise ValueError(f"{path}, line {number}: the set '{name}' is already defined on line {first_line[name]}.")
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
