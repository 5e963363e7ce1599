"""The expression matrix as it landed: genes x samples, numbers as in the file. Units are `expression`'s."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._known import patient_of
from tme_platform.cohorts._tables import MISSING, delimiter_of, header_of, open_landed, read_text_table, short
from tme_platform.cohorts.declaration import Cohort, ExpressionSource
from tme_platform.cohorts.rejections import Rejections
from tme_platform.expression import collapse_duplicates

_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize())} | {"NaN"})


def read_expression(folder: Path, cohort_name: str, cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the expression matrix of a cohort.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cohort_name
        Its name.
    cohort
        Its declaration.

    Returns
    -------
    matrix
        Gene symbols x samples (the patient, where the cohort file has a `patient_pattern`), float64 in the unit of the
        file; empty where there is none to be read. Of a gene's several rows it has the one with the highest mean.
    rejected
        Rows of `REJECTED_COLUMNS`. Nothing is raised for what the file holds.
    """
    rejected = Rejections(cohort_name)
    source = cohort.expression
    matrix = pd.DataFrame(index=pd.Index([], name="gene", dtype="object"), dtype="float64")
    if source is not None:
        read = _read(folder, source, rejected)
        matrix = matrix if read is None else _usable(read, folder, source, rejected)
    return matrix, rejected.frame()


def _usable(read: pd.DataFrame, folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    matrix = _name_samples(read, source, rejected)
    matrix = _name_genes(matrix, folder, source, rejected)
    return _one_row_per_gene(_drop_empty_samples(matrix, source, rejected), source, rejected)


def _read(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
    """The file's own rows and columns, names untouched; genes with anything but finite numbers are left out."""
    path = open_landed(folder, source.file, rejected)
    if path is None:
        return None
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            return _numbers(
                table.iloc[:, 0].astype("object"),
                table.iloc[:, 1:],
                list(map(str, table.columns[1:])),
                source,
                rejected,
            )
        return _read_text(path, source, rejected)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        rejected.add(
            rule="file_unreadable", message=f"{source.file}: {error}", action="file left out", file=source.file
        )
        return None


def _read_text(path: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    import pyarrow as pa

    header = header_of(path)
    if len(header) < 2:
        raise ValueError(
            "it has one column only. Save it tab- or comma-separated, as its name says, samples in columns."
        )
    try:
        table = _arrow_table(path, len(header), pa.float64())
    except pa.ArrowInvalid:
        table = _arrow_table(path, len(header), pa.string())
    values = table.iloc[:, 1:]
    return _numbers(table.iloc[:, 0], values, header[1:], source, rejected)


def _arrow_table(path: Path, n_columns: int, value_type: object) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    names = [f"c{position}" for position in range(n_columns)]
    types = {names[0]: pa.string()} | dict.fromkeys(names[1:], value_type)
    with pa.input_stream(str(path), compression="detect") as stream:
        table = csv.read_csv(
            stream,
            read_options=csv.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=delimiter_of(path)),
            convert_options=csv.ConvertOptions(column_types=types, null_values=_NULLS, strings_can_be_null=True),
        )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _numbers(
    genes: pd.Series, values: pd.DataFrame, samples: Sequence[str], source: ExpressionSource, rejected: Rejections
) -> pd.DataFrame:
    if all(dtype == np.float64 for dtype in values.dtypes):
        numbers = values.to_numpy()
        bad = np.isinf(numbers)
    else:
        numbers = values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        bad = (np.isnan(numbers) & values.notna().to_numpy()) | np.isinf(numbers)
    keep = ~bad.any(axis=1)
    cases: list[tuple[str | None, str]] = []
    for row in np.flatnonzero(~keep).tolist():
        column = int(np.flatnonzero(bad[row])[0])
        where = f"gene {short(genes.iloc[row])}, sample {short(samples[column])}"
        cases.append((None, f"{where}: {short(values.iloc[row, column])} is no number"))
    if cases:
        advice = "Correct the value, or leave it empty where it is missing."
        rejected.add_cases(
            cases, rule="not_a_number", advice=advice, action="gene left out", file=source.file, unit="genes"
        )
    index = pd.Index(genes.to_numpy(dtype="object")[keep], name="gene")
    return pd.DataFrame(numbers[keep], index=index, columns=list(samples))


def _name_samples(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Samples become patients by the pattern; nameless ones, other kinds and repeated ones are left out."""
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
        "have no name: name each in the header line",
    )
    others = [i for i, patient in enumerate(patients) if patient is None and names[i]]
    drop(others, "other_samples", f"do not match {source.patient_pattern}: samples of another kind, nothing to do")
    first = pd.Series(patients, dtype="object")
    again = first.duplicated() & first.notna()
    drop(
        list(first.index[again]),
        "duplicate_sample",
        "repeat an earlier sample of that name: keep one per patient; the first is used",
    )
    keep = (first.notna() & ~again).to_numpy()
    return matrix.loc[:, keep].set_axis(first[keep].tolist(), axis=1)


def _name_genes(matrix: pd.DataFrame, folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    names = matrix.index.to_series().astype("string").str.strip()
    nameless = (names.isna() | (names == "")).to_numpy()
    if nameless.any():
        message = f"{nameless.sum():,} rows have no gene name in the first column. Name them, or delete the rows."
        rejected.add(rule="empty_gene_name", message=message, action="gene left out", file=source.file)
    if source.gene_id == "ensembl" and source.gene_map is not None:
        names = _symbols(names, folder, source.gene_map, rejected)
    keep = (names.notna() & (names != "")).to_numpy(dtype=bool, na_value=False) & ~nameless
    return matrix[keep].set_axis(pd.Index(names[keep].astype("object").tolist(), name="gene", dtype="object"), axis=0)


def _symbols(names: pd.Series, folder: Path, gene_map: str, rejected: Rejections) -> pd.Series:
    """Ensembl ids (versions cut) to symbols; without a map there are no genes."""
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
        shown = ", ".join(unknown.head(3))
        message = f"{len(unknown):,} of {len(names):,} Ensembl ids are not in the map ({shown}...). Add those you need."
        rejected.add(rule="gene_not_in_map", message=message, action="gene left out", file=gene_map)
    return symbols


def _drop_empty_samples(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Samples without a value, or of counts without a single count, say nothing and cannot be scaled."""
    empty = matrix.isna().all()
    if source.unit == "counts":
        empty |= (matrix.fillna(0) == 0).all()
    for sample in matrix.columns[empty] if len(matrix) else []:
        message = f"sample {short(sample)} has no expression at all. Take the column out, or add its values."
        rejected.add(
            rule="empty_sample", message=message, action="sample left out", patient_id=str(sample), file=source.file
        )
    return matrix.loc[:, ~empty] if len(matrix) else matrix


def _one_row_per_gene(matrix: pd.DataFrame, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    single, collapsed = collapse_duplicates(matrix)
    cases: list[tuple[str | None, str]] = [
        (None, f"gene {row.gene} has {row.n_rows} rows; the one with the highest mean ({row.kept_mean:.6g}) is used")
        for row in collapsed.itertuples()
    ]
    if cases:
        advice = "Nothing to do, unless another row is meant: then keep only that one."
        rejected.add_cases(
            cases, rule="gene_twice", advice=advice, action="row left out", file=source.file, unit="genes"
        )
    return single
