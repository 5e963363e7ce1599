"""Define table schemas and check frames against them. The tables are defined in the modules of the stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

Dtype = Literal["string", "float64", "Int64", "boolean"]


class Stage(StrEnum):
    """Stages of the study in order. A table is stored in the folder of its stage and belongs to its asset group."""

    COHORTS = "cohorts"
    EXPRESSION = "expression"
    PHENOTYPES = "phenotypes"
    SURVIVAL = "survival"
    IMAGING = "imaging"
    RADIOMICS = "radiomics"
    SIGNATURE = "signature"
    EVALUATION = "evaluation"
    CATALOG = "catalog"

    @property
    def number(self) -> int:
        """Position in the study, from 1."""
        return list(Stage).index(self) + 1

    @property
    def group(self) -> str:
        """Name of the asset group; numbered, because Dagster sorts groups by name."""
        return f"s{self.number}_{self.value}"


ARROW_TYPES: dict[Dtype, pa.DataType] = {
    "string": pa.string(),
    "float64": pa.float64(),
    "Int64": pa.int64(),
    "boolean": pa.bool_(),
}


SCHEMA_CHECK = "schema"
"""Name of the check before a frame is committed: columns, types, values, keys, finite numbers."""


class TableError(ValueError):
    """A frame does not conform to its table; nothing was written."""


@dataclass(frozen=True)
class Column:
    """A column: its type, its description with the unit, and its allowed values.

    Attributes
    ----------
    at_least, at_most
        Limits that are themselves allowed.
    above
        Lower limit that is itself not allowed.
    """

    name: str
    dtype: Dtype
    description: str
    nullable: bool = True
    isin: tuple[str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None


COHORT = Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False)
PROVENANCE = Column(
    "provenance",
    "string",
    "Whether the row comes from real or simulated data.",
    nullable=False,
    isin=("real", "simulated"),
)

EXPRESSION_SCALE = Column(
    "expression_scale",
    "string",
    "absolute: based on measured expression levels; relative: on levels relative to the cohort (normal scores, "
    "z-scores), so that ranks within a tumour compare genes relative to their own distribution; missing: on neither.",
    isin=("absolute", "relative"),
)
_BASED_ON_EXPRESSION = (Stage.EXPRESSION, Stage.PHENOTYPES, Stage.SURVIVAL, Stage.SIGNATURE, Stage.EVALUATION)

COMMON_COLUMNS = (COHORT.name, PROVENANCE.name, EXPRESSION_SCALE.name)
"""Columns that the platform adds to the rows of a step."""


@dataclass(frozen=True)
class TableSchema:
    """A table: its columns, its key, and whether it may have further measured columns.

    Attributes
    ----------
    stage
        Stage of the study that the table belongs to.
    per_cohort
        Whether the table has one partition per cohort, replaced independently.
    key
        Columns that identify a row.
    wide
        Meaning of further float columns (one per population or feature); None if there are none.
    unit
        The column whose values are counted as new, changed, unchanged or removed; by default the first of the key.
    """

    name: str
    stage: Stage
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    per_cohort: bool = True
    wide: str | None = None
    unit: str | None = None
    all_columns: tuple[Column, ...] = field(init=False)

    def __post_init__(self) -> None:
        first = (COHORT,) if self.per_cohort else ()
        last = (EXPRESSION_SCALE,) if self.based_on_expression else ()
        object.__setattr__(self, "all_columns", (*first, *self.columns, PROVENANCE, *last))

    @property
    def based_on_expression(self) -> bool:
        """Whether the rows rest on expression, directly or through phenotypes."""
        return self.stage in _BASED_ON_EXPRESSION and not self.internal

    @property
    def own_columns(self) -> list[str]:
        """Names of the columns that a step fills: all but `COMMON_COLUMNS`."""
        return [column.name for column in self.columns]

    @property
    def counted_by(self) -> str:
        """The column whose values are counted when rows are compared with the previous version."""
        return self.unit or self.key[0]

    @property
    def internal(self) -> bool:
        """Whether the table is internal and left out of the catalog."""
        return self.name.startswith("_")

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Select the columns of a frame that belong to the table; all of them if it has further measured columns."""
        if self.wide is not None:
            return frame
        return frame[[name for name in self.own_columns if name in frame]]

    def conform(
        self, frame: pd.DataFrame, *, cohort: str | None, provenance: str, expression_scale: str | None = None
    ) -> pd.DataFrame:
        """Order, cast and sort a frame as the table requires.

        Raises
        ------
        TableError
            A column is missing, unexpected, or cannot be cast.
        """
        table = frame.copy(deep=False)
        if self.per_cohort:
            table["cohort"] = cohort
        table["provenance"] = provenance
        if self.based_on_expression:
            table["expression_scale"] = expression_scale
        names = [column.name for column in self.all_columns]
        if missing := [name for name in names if name not in table.columns]:
            raise TableError(f"table {self.name}: column(s) missing: {', '.join(missing)}")
        extra = [name for name in table.columns if name not in names]
        if extra and self.wide is None:
            raise TableError(f"table {self.name}: unexpected column(s): {', '.join(map(str, extra))}")
        cast = {column.name: self._cast(table[column.name], column.dtype) for column in self.all_columns}
        for column in self.all_columns:
            if column.dtype == "string" and column.nullable:  # empty text means missing
                cast[column.name] = cast[column.name].replace("", pd.NA)
        conformed = pd.DataFrame(cast, columns=names)
        if extra:
            conformed = pd.concat([conformed, self._measured(table[extra])], axis="columns")
        return conformed.sort_values(list(self.key), kind="stable", ignore_index=True)

    def _measured(self, values: pd.DataFrame) -> pd.DataFrame:
        """Convert the wide columns to numbers, all at once because there are thousands."""
        try:
            numbers = values.astype("float64").reset_index(drop=True)
        except (TypeError, ValueError):  # find the column for the message
            numbers = pd.DataFrame({name: self._cast(values[name], "float64") for name in values.columns})
        numbers.columns = pd.Index([str(name) for name in numbers.columns])
        return numbers.loc[:, numbers.notna().any()]  # empty columns belong to the features of other cohorts

    def _cast(self, values: pd.Series, dtype: Dtype) -> pd.Series:
        try:
            if dtype == "string":
                return values.astype("string").reset_index(drop=True)
            return values.astype(dtype).reset_index(drop=True)
        except (TypeError, ValueError) as error:
            raise TableError(f"table {self.name}: column {values.name} is not {dtype}: {error}") from None

    def validate(self, frame: pd.DataFrame) -> None:
        """Raise an error if a conformed frame violates the schema.

        Raises
        ------
        TableError
            Lists every problem with its first offending values.
        """
        if found := self.problems(frame):
            raise TableError(f"table {self.name}: " + "; ".join(found))

    def problems(self, frame: pd.DataFrame) -> list[str]:
        """Check a conformed frame against the schema.

        Returns
        -------
        A sentence for each problem; empty if the frame is valid.
        """
        return [
            *self._names_alike(frame),
            *self._broken_values(frame),
            *self._repeated_keys(frame),
            *self._infinite_values(frame),
        ]

    @staticmethod
    def _names_alike(frame: pd.DataFrame) -> Iterator[str]:
        """Delta and DuckDB compare names of columns without case."""
        names = pd.Series(frame.columns.astype(str))
        alike = names[names.str.lower().duplicated(keep=False)]
        if len(alike):
            yield f"these columns differ only in case: {', '.join(sorted(alike)[:6])}. Rename all but one of them"

    def _broken_values(self, frame: pd.DataFrame) -> Iterator[str]:
        if frame.empty:  # `conform` has given it columns and types
            return
        import pandera.pandas as pandera
        from pandera.errors import SchemaErrors

        columns = {column.name: self._pandera_column(column, frame) for column in self.all_columns}
        schema: Any = pandera.DataFrameSchema(columns, strict=self.wide is None, name=self.name)
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            cases = errors.failure_cases.loc[:, ["column", "check", "failure_case"]]
            words = cases["check"].astype(str).str.startswith("isin")  # they may be cells, and are stored with failures
            cases["failure_case"] = cases["failure_case"].mask(words, "has another value")
            first = cases.drop_duplicates().head(5).itertuples(index=False)
            yield f"{len(cases)} value(s) violate the schema: {'; '.join(' '.join(map(str, case)) for case in first)}"

    def _repeated_keys(self, frame: pd.DataFrame) -> Iterator[str]:
        repeated = frame.duplicated(list(self.key))
        if repeated.any():
            first = frame.loc[repeated, list(self.key)].head(5)
            shown = ", ".join(" / ".join(map(str, row)) for row in first.itertuples(index=False))
            yield f"{int(repeated.sum())} row(s) repeat the key {' / '.join(self.key)}: {shown}"

    @staticmethod
    def _infinite_values(frame: pd.DataFrame) -> Iterator[str]:
        numbers = frame.select_dtypes("float64")
        infinite = np.isinf(numbers.to_numpy()).any(axis=0)
        if infinite.any():
            yield f"{int(infinite.sum())} column(s) hold infinite values: {', '.join(numbers.columns[infinite][:5])}"

    @staticmethod
    def _pandera_column(column: Column, frame: pd.DataFrame) -> Any:
        import pandera.pandas as pandera

        as_cast = column.name in frame and str(frame[column.name].dtype) == column.dtype

        checks = []
        if column.isin is not None:
            checks.append(pandera.Check.isin(column.isin))
        if column.at_least is not None:
            checks.append(pandera.Check.ge(column.at_least))
        if column.above is not None:
            checks.append(pandera.Check.gt(column.above))
        if column.at_most is not None:
            checks.append(pandera.Check.le(column.at_most))
        # pandera takes longer to check a type than to check the values.
        return pandera.Column(None if as_cast else column.dtype, checks, nullable=column.nullable)

    def to_arrow(self, frame: pd.DataFrame) -> pa.Table:
        """Convert a conformed frame to Arrow with the types of the table; empty columns keep their type."""
        types = {column.name: ARROW_TYPES[column.dtype] for column in self.all_columns}
        schema = pa.schema([(name, types.get(name, pa.float64())) for name in frame.columns])
        return pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)

    def empty(self) -> pa.Table:
        """The table without rows."""
        return pa.schema([(column.name, ARROW_TYPES[column.dtype]) for column in self.all_columns]).empty_table()
