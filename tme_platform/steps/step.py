"""The definition of a step: the function that builds a table, what it reads, and the checks on its content.

Dagster is not known here; `orchestration` makes an asset of every step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from tme_platform.tables import Blocks, TableSchema

if TYPE_CHECKING:
    from tme_platform.steps.scope import Scope


class UnusableInputError(ValueError):
    """What a cohort declares gives no row at all: a failure with the reasons, not an empty table.

    Nothing is written over the last version of the table.

    Attributes
    ----------
    rejected
        Rows for `rejected_inputs`, which are stored nevertheless.
    """

    def __init__(self, message: str, rejected: pd.DataFrame | None = None) -> None:
        reasons = [] if rejected is None else list(dict.fromkeys(rejected["message"].astype(str)))
        shown = " ".join(reasons[:_REASONS]) + (
            f" (and {len(reasons) - _REASONS} more)" if len(reasons) > _REASONS else ""
        )
        super().__init__(f"{message}: {shown}" if reasons else message)
        self.rejected = rejected


_REASONS = 3


@dataclass(frozen=True)
class StepResult:
    """What a step function returns."""

    frame: pd.DataFrame | Blocks
    """The rows; blocks only of a table without content checks."""
    rejected: pd.DataFrame | None = None
    """Rows for `rejected_inputs`."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Key numbers, shown in Dagster and stored with the table."""


def empty(scope: Scope, note: str) -> StepResult:
    """Return the table without rows, and why there are none."""
    return StepResult(pd.DataFrame(columns=scope.schema.own_columns), details={"note": note})


def counted(scope: Scope, what: str) -> Callable[[int, int], None]:
    """Return a function that reports the progress of long work: what, how many of how many."""
    return lambda done, of: scope.report(f"{what} {done} of {of}")


@dataclass(frozen=True)
class Finding:
    """Outcome of a content check."""

    passed: bool
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ContentCheck:
    """A check on what a table says, beyond its schema.

    Attributes
    ----------
    blocking
        Whether a failure stops the tables that depend on this one.
    """

    function: Callable[[pd.DataFrame, Scope], Finding]
    description: str
    blocking: bool = True

    @property
    def name(self) -> str:
        """Name of the check and of its function."""
        return str(self.function.__name__)

    def __call__(self, frame: pd.DataFrame, scope: Scope) -> Finding:
        """Check the rows of a table."""
        return self.function(frame, scope)


def content_check(
    description: str, *, blocking: bool = True
) -> Callable[[Callable[[pd.DataFrame, Scope], Finding]], ContentCheck]:
    """Make a function of a table's rows and its scope a check on its content."""
    return lambda function: ContentCheck(function, description, blocking)


@dataclass(frozen=True)
class Step:
    """How one table is built.

    Attributes
    ----------
    function
        Takes a scope, reads through it, and returns the rows.
    version
        Raised when the function would return other values; the table is then rebuilt.
    reads
        Tables that it reads; of the same cohort where both are kept per cohort.
    reads_all_cohorts
        Tables of which it reads other cohorts as well.
    kinds
        Technologies, for display.
    pool
        Steps of one pool do not run at the same time.
    collects
        Whether it only collects what was noted while tables were built, so that it runs also if one of them failed.
    """

    schema: TableSchema
    function: Callable[[Scope], StepResult]
    version: str
    reads: tuple[TableSchema, ...] = ()
    reads_all_cohorts: tuple[TableSchema, ...] = ()
    checks: tuple[ContentCheck, ...] = ()
    kinds: frozenset[str] = frozenset()
    pool: str | None = None
    collects: bool = False

    @property
    def name(self) -> str:
        """Name of the table, the asset and the function."""
        return self.schema.name

    @property
    def all_reads(self) -> tuple[TableSchema, ...]:
        """Every table that it reads."""
        return (*self.reads, *self.reads_all_cohorts)

    @property
    def description(self) -> str:
        """What the table holds, and how it is computed."""
        how = " ".join((self.function.__doc__ or "").split())
        return f"{self.schema.description}\n\n{how}".strip()

    def __call__(self, scope: Scope) -> StepResult:
        """Build the rows of the table."""
        return self.function(scope)


def step(
    schema: TableSchema,
    *,
    version: str,
    reads: Sequence[TableSchema] = (),
    reads_all_cohorts: Sequence[TableSchema] = (),
    checks: Sequence[ContentCheck] = (),
    kinds: Sequence[str] = (),
    pool: str | None = None,
    collects: bool = False,
) -> Callable[[Callable[[Scope], StepResult]], Step]:
    """Make a function the step that builds a table; see `Step`.

    Raises
    ------
    ValueError
        The function does not have the table's name.
    """

    def decorate(function: Callable[[Scope], StepResult]) -> Step:
        if function.__name__ != schema.name:
            raise ValueError(f"the step of table {schema.name} is named {function.__name__}: give it the table's name")
        return Step(
            schema,
            function,
            version,
            tuple(reads),
            tuple(reads_all_cohorts),
            tuple(checks),
            frozenset(kinds),
            pool,
            collects,
        )

    return decorate
