"""Rows of a table that are made block by block, because all of them at once would not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from tme_platform.tables.schema import TableError, TableSchema


@dataclass(frozen=True)
class Blocks:
    """The rows of a table, as frames that are made one after the other.

    Attributes
    ----------
    make
        Makes the frames from the beginning; called to check them, and again to store them. At least one frame, in the
        order of the first column of the key, whose values are not divided between frames.
    """

    make: Callable[[], Iterator[pd.DataFrame]]


@dataclass(frozen=True)
class Conformed:
    """Conformed rows of a table, from one frame or from `Blocks`, to be passed over as often as needed.

    A single frame is conformed once and kept; blocks are conformed on each pass.
    """

    schema: TableSchema
    make: Callable[[], Iterator[pd.DataFrame]]

    @classmethod
    def of(
        cls,
        schema: TableSchema,
        rows: pd.DataFrame | Blocks,
        *,
        cohort: str | None,
        provenance: str,
        expression_scale: str | None = None,
    ) -> Conformed:
        """Conform rows; the parameters are those of `TableSchema.conform`.

        Raises
        ------
        TableError
            See `TableSchema.conform`.
        ValueError
            Blocks were given for a table with further measured columns, whose columns are known only from all rows.
        """
        if isinstance(rows, pd.DataFrame):
            whole = schema.conform(rows, cohort=cohort, provenance=provenance, expression_scale=expression_scale)
            return cls(schema, lambda: iter((whole,)))
        if schema.wide is not None:
            raise ValueError(f"table {schema.name} has further columns, so its rows cannot be given in blocks")

        def conformed() -> Iterator[pd.DataFrame]:
            for block in rows.make():
                yield schema.conform(block, cohort=cohort, provenance=provenance, expression_scale=expression_scale)

        return cls(schema, conformed)

    def valid(self) -> Iterator[pd.DataFrame]:
        """Pass over the frames and check each one, and that no key can be in two of them.

        Raises
        ------
        TableError
            A frame breaks the schema, or is not in order.
        """
        first, last = self.schema.key[0], None
        for number, frame in enumerate(self.make()):
            self.schema.validate(frame)
            if len(frame):
                begin = frame[first].iloc[0]
                if last is not None and not last < begin:
                    at = f"block {number + 1} begins with {first} {begin}, which is not after {last}"
                    raise TableError(f"table {self.schema.name}: {at}: a key could be repeated")
                last = frame[first].iloc[-1]
            yield frame
