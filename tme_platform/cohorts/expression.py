"""Read the expression matrix of a cohort and name its genes and patients; read the lengths of its genes.

Units belong in `tme_platform.expression`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._known import patient_of
from tme_platform.cohorts._matrix import read_matrix
from tme_platform.cohorts._tables import as_numbers, read_text_table, short
from tme_platform.cohorts.cells import cell, examples
from tme_platform.cohorts.declaration import Cohort, ExpressionSource
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted
from tme_platform.expression import (
    LEAST_TO_JUDGE,
    GeneLengths,
    collapse_duplicates,
    find_gene_lengths,
    negative_amount,
    unit_warning,
)

_MOSTLY = 0.5


def read_expression(folder: Path, cohort_name: str, cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the expression matrix of a cohort.

    Returns
    -------
    matrix
        Gene symbols x samples (patients, if the cohort file has a `patient_pattern`), both in the order of the file,
        float64 in the unit of the file, without missing values; empty if there is no readable file. Genes with a
        missing or non-numeric value and samples without values are left out. Of several rows for a gene, the one with
        the highest mean is kept. A matrix whose values contradict the declared unit is refused: what is returned
        passes `to_log2`.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """
    rejected = Rejections(cohort_name)
    source = cohort.expression
    matrix = pd.DataFrame(index=pd.Index([], name="gene", dtype="object"), dtype="float64")
    if source is not None:
        read = read_matrix(folder, source, rejected)
        matrix = matrix if read is None else _usable(read, folder, source, rejected)
    return matrix, rejected.frame()


def read_gene_lengths(
    folder: Path, cohort_name: str, source: ExpressionSource, genes: pd.Index
) -> tuple[GeneLengths | None, pd.DataFrame]:
    """Find the lengths of the genes of a cohort's counts: in the file that it names, or the packaged ones.

    Parameters
    ----------
    folder, cohort_name
        Landing folder and name of the cohort.
    source
        Its expression, in counts.
    genes
        The genes of its matrix, as `read_expression` names them.

    Returns
    -------
    lengths
        None if fewer than half of the genes have a length. A file that cannot be used is not replaced by the packaged
        lengths: the counts have no lengths then.
    rejected
        Rows of `REJECTED_COLUMNS`: lengths that are not a number above 0, or the whole file.
    """
    rejected = Rejections(cohort_name)
    if source.gene_lengths is None:
        return find_gene_lengths(list(genes)), rejected.frame()
    given = _given_lengths(folder, source, rejected)
    lengths = None if given is None else find_gene_lengths(list(genes), given)
    if given is not None and lengths is None and len(genes):
        message = (
            f"{source.gene_lengths} has a length for fewer than half of the {len(genes):,} genes: name them as in "
            f"{source.file}, or remove `gene_lengths` to use the packaged lengths."
        )
        rejected.add(
            rule="gene_lengths_unusable", message=message, action="gene lengths left out", file=source.gene_lengths
        )
    return lengths, rejected.frame()


def _given_lengths(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.Series | None:
    """Lengths by gene symbol; of several rows for a gene, the median."""
    name = str(source.gene_lengths)
    table = read_text_table(folder, name, rejected)
    if table is None:
        return None
    if table.shape[1] < 2:
        message = f"{name} should have two columns, gene and length in bases."
        rejected.add(rule="file_unreadable", message=message, action="gene lengths left out", file=name)
        return None
    genes, bases = table.iloc[:, 0], as_numbers(table.iloc[:, 1])
    usable = genes.notna() & (bases > 0) & np.isfinite(bases)
    cases = [
        (None, f"gene {cell(gene)} has no length that is a number above 0") for gene in genes[genes.notna() & ~usable]
    ]
    rejected.add_cases(
        cases, rule="gene_length_invalid", advice="Correct the length in bases, or delete the row.",
        action="gene length left out", file=name, unit="genes",
    )  # fmt: skip
    genes, bases = genes[usable], bases[usable]
    if source.gene_id == "ensembl" and source.gene_map is not None:
        genes = _symbols(genes, folder, source.gene_map, Rejections(rejected.cohort))
    by_gene: pd.Series = bases.groupby(genes).median()
    return by_gene


def _usable(read: pd.DataFrame, folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    matrix = _name_samples(read, source, rejected)
    matrix = _name_genes(matrix, folder, source, rejected)
    matrix = _drop_incomplete_genes(_drop_empty_samples(matrix, source, rejected), source, rejected)
    matrix = _drop_empty_samples(_one_row_per_gene(matrix, source, rejected), source, rejected)
    return matrix.iloc[:0, :0] if _contradicts_unit(matrix, source, rejected) else matrix


def _contradicts_unit(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> bool:
    """Refuse negative amounts, and values that look like another unit if there are enough genes to judge."""
    problem = negative_amount(matrix, source.unit)
    rule = "negative_expression"
    if problem is None and len(matrix) >= LEAST_TO_JUDGE:
        problem, rule = unit_warning(matrix, source.unit), "unit_unlikely"
        problem = None if problem is None else f"{problem} Correct `unit` in cohort.yaml."
    if problem is not None:
        rejected.add(rule=rule, message=problem, action="expression left out", file=source.file)
    return problem is not None


def _name_samples(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Name samples after patients; leave out unnamed, non-matching and repeated samples."""
    names = [str(name) for name in matrix.columns]
    patients = [patient_of(name, source.patient_pattern) for name in names]

    def drop(positions: list[int], rule: str, what: str) -> None:
        if positions:
            shown = ", ".join(short(names[position]) for position in positions[:5])
            more = ", ..." if len(positions) > 5 else ""
            message = f"{len(positions):,} of {len(names):,} sample columns {what} ({shown}{more})."
            rejected.add(rule=rule, message=message, action="sample left out", file=source.file)

    drop(
        [i for i, name in enumerate(names) if not name],
        "empty_sample_name",
        "have no name: add the names to the header line",
    )
    others = [i for i, patient in enumerate(patients) if patient is None and names[i]]
    drop(
        others,
        "other_samples",
        f"do not match {source.patient_pattern}: taken for samples of another kind, no action needed",
    )
    first = pd.Series(patients, dtype="object")
    again = first.duplicated() & first.notna()
    drop(
        list(first.index[again]),
        "duplicate_sample",
        "repeat the name of an earlier sample: keep one per patient; the first is used",
    )
    keep = (first.notna() & ~again).to_numpy()
    named = matrix.copy(deep=False) if keep.all() else matrix.loc[:, keep]
    named.columns = pd.Index(first[keep].tolist())
    return named


def _name_genes(matrix: pd.DataFrame, folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    names = matrix.index.to_series().astype("string").str.strip()
    unnamed = (names.isna() | (names == "")).to_numpy()
    if unnamed.any():
        what = counted(int(unnamed.sum()), "row has", "rows have")
        message = f"{what} no gene name in the first column. Add it, or delete the rows."
        rejected.add(rule="empty_gene_name", message=message, action="gene left out", file=source.file)
    if source.gene_id == "ensembl" and source.gene_map is not None:
        names = _symbols(names, folder, source.gene_map, rejected)
    keep = (names.notna() & (names != "")).to_numpy(dtype=bool, na_value=False) & ~unnamed
    named = matrix.copy(deep=False) if keep.all() else matrix[keep]
    named.index = pd.Index(names[keep].astype("object").tolist(), name="gene", dtype="object")
    return named


def _symbols(names: pd.Series, folder: Path, gene_map: str, rejected: Rejections) -> pd.Series:
    """Map Ensembl ids, without their version, to symbols; without a map no gene is kept."""
    table = read_text_table(folder, gene_map, rejected)
    if table is None or table.shape[1] < 2:
        if table is not None:
            message = f"{gene_map} should have two columns, Ensembl id and symbol."
            rejected.add(rule="file_unreadable", message=message, action="expression left out", file=gene_map)
        return pd.Series(pd.NA, index=names.index, dtype="string")
    known = table.iloc[:, :2].dropna().set_axis(["id", "symbol"], axis=1)
    known["id"] = known["id"].str.replace(r"\.\d+$", "", regex=True)
    symbols = (
        names.str.replace(r"\.\d+$", "", regex=True)
        .map(known.drop_duplicates("id").set_index("id")["symbol"])
        .astype("string")
    )
    unknown = names[symbols.isna() & names.notna()]
    if len(unknown):
        message = (
            f"{len(unknown):,} of {len(names):,} Ensembl ids are not in the map{examples(unknown[:3])}. Add the "
            "ones you need."
        )
        rejected.add(rule="gene_not_in_map", message=message, action="gene left out", file=gene_map)
    return symbols


def _drop_empty_samples(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Leave out samples with mostly missing values or only zero counts; they cannot be scaled."""
    if matrix.empty:
        return matrix
    empty = matrix.isna().mean() > _MOSTLY
    if source.unit == "counts":
        empty |= matrix.fillna(0).eq(0).all()
    for sample in matrix.columns[empty]:
        message = f"sample {short(sample)} has no expression for most genes. Remove the column, or add its values."
        rejected.add(
            rule="empty_sample", message=message, action="sample left out", patient_id=str(sample), file=source.file
        )
    return matrix.loc[:, ~empty] if empty.any() else matrix


def _drop_incomplete_genes(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Leave out genes that any sample lacks; scores are based on ranks, which depend on the set of genes."""
    incomplete = matrix.isna().any(axis=1).to_numpy()
    cases = [
        (None, f"gene {gene} is missing in {missing} of {matrix.shape[1]} samples")
        for gene, missing in zip(matrix.index[incomplete], matrix[incomplete].isna().sum(axis=1), strict=True)
    ]
    advice = "Add the values if you need the gene."
    rejected.add_cases(
        cases, rule="missing_expression", advice=advice, action="gene left out", file=source.file, unit="genes"
    )
    return matrix[~incomplete] if cases else matrix


def _one_row_per_gene(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    single, collapsed = collapse_duplicates(matrix)
    cases = [
        (None, f"gene {row.gene} has {row.n_rows} rows; the one with the highest mean ({row.kept_mean:.6g}) is used")
        for row in collapsed.itertuples()
    ]
    advice = "No action needed unless you want another row; then keep only that one."
    rejected.add_cases(cases, rule="gene_twice", advice=advice, action="row left out", file=source.file, unit="genes")
    return single
