"""Read one cohort of a long table as a matrix, block by block. Other reading belongs in `store`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from deltalake import DeltaTable


def matrix_of(table: DeltaTable, cohort: str, *, rows: str, columns: str, value: str, order: str) -> pd.DataFrame:
    """Arrange the numbers of a cohort by two text columns that are its key.

    Reading through rows of text would need several times the memory and twenty times the time: here a block of rows is
    read at a time, with its text as numbers.

    Parameters
    ----------
    table
        A table that is kept per cohort.
    cohort
        Whose rows are read.
    rows, columns
        Text columns whose values name the rows and columns of the matrix.
    value
        Column of numbers.
    order
        Column by which the rows of the matrix are sorted; its columns are sorted by name.

    Returns
    -------
    pandas.DataFrame
        float64, NaN where the table has no row. Empty if the cohort has no rows.
    """
    import pyarrow.compute as pc
    from pyarrow.dataset import ParquetReadOptions

    dataset = table.to_pyarrow_dataset(
        file_pruning_predicate=[("cohort", "=", cohort)],
        parquet_read_options=ParquetReadOptions(dictionary_columns={rows, columns}),
    )
    names: tuple[dict[str, int], dict[str, int]] = ({}, {})
    places: dict[int, int] = {}
    parts = []
    for batch in dataset.to_batches(columns=[rows, columns, value, order], filter=pc.field("cohort") == cohort):
        codes = []
        for known, column in zip(names, batch.columns[:2], strict=True):
            own = [known.setdefault(name, len(known)) for name in column.dictionary.to_pylist()]
            codes.append(np.asarray(own, dtype=np.int32)[column.indices.to_numpy(zero_copy_only=False)])
        ordered = batch.columns[3].to_numpy(zero_copy_only=False)
        found, first = np.unique(codes[0], return_index=True)
        places |= dict(zip(found.tolist(), ordered[first].tolist(), strict=True))
        parts.append((*codes, batch.columns[2].to_numpy(zero_copy_only=False)))
    # a name may be in the dictionary of a block without a row
    matrix = np.full((len(names[0]), len(names[1])), np.nan)
    while parts:
        own_rows, own_columns, values = parts.pop()
        matrix[own_rows, own_columns] = values
    frame = pd.DataFrame(matrix, index=list(names[0]), columns=list(names[1]), copy=False)
    by_place = sorted(places, key=lambda code: places[code])
    return frame.iloc[by_place].sort_index(axis="columns")
