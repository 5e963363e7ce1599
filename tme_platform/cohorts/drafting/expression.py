"""Draft the declaration of an expression matrix: its unit, how genes are named, and who the samples are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.cohorts._matrix import read_matrix
from tme_platform.cohorts.declaration import ExpressionSource
from tme_platform.cohorts.drafting.clinical import tcga_pattern
from tme_platform.cohorts.drafting.look import Seen
from tme_platform.cohorts.drafting.vocabulary import plain
from tme_platform.cohorts.rejections import Rejections
from tme_platform.expression import unit_warning
from tme_platform.expression.known_genes import share_recognised

_MOSTLY = 0.5
_LARGEST_LOG2 = 30.0
_MILLION = 1e6
_NEAR = 0.1
_CENTRED = 0.5
_ENSEMBL = r"ENS[A-Z]{0,4}G\d{6,}(?:\.\d+)?"
_IN_NAMES = (
    ("log2_tpm", {"log", "tpm"}), ("log2_fpkm", {"log", "fpkm"}), ("log2_fpkm", {"log", "rpkm"}),
    ("log2_cpm", {"log", "cpm"}), ("log2_counts", {"log", "counts"}), ("z_score", {"zscore"}), ("z_score", {"zscores"}),
    ("z_score", {"z", "scores"}), ("normal_score", {"normal", "scores"}), ("tpm", {"tpm"}), ("fpkm", {"fpkm"}),
    ("fpkm", {"rpkm"}), ("counts", {"counts"}), ("counts", {"count"}),
)  # fmt: skip
"""Units by words that the name of a file may have, the more telling first."""


@dataclass(frozen=True)
class DraftExpression:
    """An expression matrix as drafted; with `doubt`, the declaration stays a comment."""

    source: ExpressionSource
    why: str
    patients: frozenset[str]
    guesses: tuple[str, ...] = ()
    doubt: str = ""


def draft_expression(folder: Path, seen: Seen, gene_maps: list[Seen]) -> DraftExpression | None:
    """Draft the declaration of an expression matrix; None if it has no samples or cannot be read.

    Parameters
    ----------
    folder, seen
        Landing folder and the matrix.
    gene_maps
        Tables that may map Ensembl ids to symbols.
    """
    assert seen.table is not None  # noqa: S101 (it was looked at)
    column, ensembl = _gene_column(seen.table)
    named = ExpressionSource(
        file=seen.file, unit="log2_tpm", gene_column=column, gene_id="ensembl" if ensembl else "symbol",
        gene_map="any" if ensembl else None,
    )  # fmt: skip  # genes are left as they are named, so the map is not opened
    matrix = read_matrix(folder, named, Rejections(""))
    if matrix is None or matrix.empty:
        return None
    unit, why = _unit(matrix, seen.file)
    guesses = [f"genes are named by column {column!r}"] if column is not None else []
    pattern = tcga_pattern(list(map(str, matrix.columns)))
    patients = pd.Series(matrix.columns, dtype="string")
    if pattern is not None:
        guesses.append("only primary tumours of TCGA (-01)")
        patients = patients.str.extract(pattern)[0].dropna()
    given = {"file": seen.file, "unit": unit, "gene_column": column, "patient_pattern": pattern}
    doubt = ""
    if ensembl:
        found = _map(gene_maps)
        given |= {"gene_id": "ensembl", "gene_map": found or "ensembl_to_symbol.tsv"}
        if found is None:
            doubt = "genes are Ensembl ids: add a two-column file (id, symbol), and remove the # before the lines"
    return DraftExpression(ExpressionSource.model_validate(given), why, frozenset(patients), tuple(guesses), doubt)


def _gene_column(table: pd.DataFrame) -> tuple[str | None, bool]:
    """The column of the gene names if it is not the first, and whether they are Ensembl ids."""
    names = [str(name) for name in table.columns]
    shares: list[tuple[bool, float, str]] = []
    for name in names[:5]:
        genes = table[name].dropna().astype(str)
        if share_recognised(genes) > _MOSTLY:
            is_id = bool(genes.str.fullmatch(_ENSEMBL).mean() > _MOSTLY)
            shares.append((is_id, share_recognised(genes), name))
    symbols = [name for is_id, _, name in shares if not is_id]
    if symbols:
        return (symbols[0] if symbols[0] != names[0] else None), False
    return (shares[0][2] if shares and shares[0][2] != names[0] else None), bool(shares)


def _map(tables: list[Seen]) -> str | None:
    for seen in tables:
        if seen.table is None or seen.table.shape[1] < 2:
            continue
        first, second = (seen.table.iloc[:, at].dropna().astype(str) for at in (0, 1))
        if first.str.fullmatch(_ENSEMBL).mean() > _MOSTLY and share_recognised(second) > _MOSTLY:
            return seen.file
    return None


def _unit(matrix: pd.DataFrame, file: str) -> tuple[str, str]:
    """The likely unit, and by what."""
    values = matrix.to_numpy()
    words = set(plain(file).replace("log 2", "log").split())
    for unit, needed in _IN_NAMES:
        if needed <= words and _possible(matrix, unit):
            return unit, "by the name of the file and the size of the values"
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 and float(matrix.median(axis=1).abs().median()) < _CENTRED:
        return "z_score", "values are centred on 0 gene by gene; if they are ranks, write normal_score"
    if high <= _LARGEST_LOG2:
        total = float(np.median(np.nansum(np.exp2(values) - 1, axis=0)))
        if abs(total / _MILLION - 1) < _NEAR:
            return "log2_tpm", "values are small, and as 2^x - 1 sum to a million in a sample"
        return "log2_fpkm", "values are small, like logarithms; log2_tpm, log2_cpm and log2_counts look alike"
    if _are_whole(values):
        return "counts", "values are whole numbers"
    total = float(np.median(np.nansum(values, axis=0)))
    if abs(total / _MILLION - 1) < _NEAR:
        return "tpm", "values sum to a million in a sample"
    return "fpkm", "values are no logarithms and do not sum to a million; TPM of a part of the genes look alike"


def _possible(matrix: pd.DataFrame, unit: str) -> bool:
    values = matrix.to_numpy()
    negative, whole = bool((values < 0).any()), _are_whole(values)
    if (unit in ("counts", "tpm", "fpkm") and negative) or (unit in ("tpm", "fpkm") and whole):
        return False
    return unit_warning(matrix, unit) is None


def _are_whole(values: NDArray[np.float64]) -> bool:
    return bool((np.floor(values) == values)[~np.isnan(values)].all())
