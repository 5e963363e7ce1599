"""The trace of a step: what it read, as small typed records, with the hash of what was found there.

The trace is stored with the table. Looking the same things up again tells whether the table is current (a verifying
trace: Mokhov, Mitchell, Peyton Jones 2018, "Build systems à la carte"). How each kind is looked up is in `world`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ABSENT = "absent"
"""Hash of what is not there."""


@dataclass(frozen=True)
class TableRead:
    """Rows and columns of a table.

    Attributes
    ----------
    cohort
        Of which cohort; None: of all cohorts of the study, or of the whole table.
    columns
        The columns that were read; empty: all.
    rows
        Column and wanted values of each filter.
    among
        Only rows of patients in this table of the whole study.
    """

    table: str
    cohort: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    among: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return not (self.columns or self.rows or self.among)

    def __str__(self) -> str:
        return f"table {self.table}{_of(self.cohort)}"


@dataclass(frozen=True)
class PresenceRead:
    """Whether a table has any rows for a cohort."""

    table: str
    cohort: str | None = None

    def __str__(self) -> str:
        return f"whether table {self.table}{_of(self.cohort)} has rows"


@dataclass(frozen=True)
class SettingRead:
    """A block of the study's settings."""

    block: str

    def __str__(self) -> str:
        return f"setting {self.block}"


@dataclass(frozen=True)
class DeclarationRead:
    """A field of a cohort file."""

    cohort: str
    field: str

    def __str__(self) -> str:
        return f"{self.field} in the cohort file of {self.cohort}"


@dataclass(frozen=True)
class RoleRead:
    """Which cohorts have a role."""

    role: str

    def __str__(self) -> str:
        return f"cohorts with role {self.role}"


@dataclass(frozen=True)
class CohortsRead:
    """Which cohorts take part in the study."""

    def __str__(self) -> str:
        return "cohorts of the study"


@dataclass(frozen=True)
class ProvenanceRead:
    """Whether the data of a cohort, or of any cohort, are simulated."""

    cohort: str | None = None

    def __str__(self) -> str:
        return f"provenance{_of(self.cohort)}"


@dataclass(frozen=True)
class LandingRead:
    """All files in a cohort's landing folder."""

    cohort: str

    def __str__(self) -> str:
        return f"landing folder of {self.cohort}"


@dataclass(frozen=True)
class FilesRead:
    """The landing files that one kind of reading (`clinical`, `imaging`, ...) depends on."""

    cohort: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} files of {self.cohort}"


@dataclass(frozen=True)
class CollectionRead:
    """A gene-set collection."""

    name: str

    def __str__(self) -> str:
        return f"gene sets {self.name}"


Read = (
    TableRead
    | PresenceRead
    | SettingRead
    | DeclarationRead
    | RoleRead
    | CohortsRead
    | ProvenanceRead
    | LandingRead
    | FilesRead
    | CollectionRead
)
_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        TableRead,
        PresenceRead,
        SettingRead,
        DeclarationRead,
        RoleRead,
        CohortsRead,
        ProvenanceRead,
        LandingRead,
        FilesRead,
        CollectionRead,
    )
}


@dataclass(frozen=True)
class Found:
    """What a look found: the hash of what was read and, for part of a table, that of the table, which is cheap."""

    content: str
    table: str = ""


Trace = dict[Read, Found]


def to_records(trace: Trace) -> list[dict[str, Any]]:
    """Return a trace as plain values that JSON can hold, in a fixed order."""
    records = [
        {"read": type(read).__name__, **_without_defaults(read), "found": _without_defaults(found)}
        for read, found in trace.items()
    ]
    return sorted(records, key=str)


def from_records(records: Iterable[Mapping[str, Any]]) -> Trace:
    """Return the trace of `to_records`.

    Raises
    ------
    ValueError
        The records have another format, such as that of an earlier version of the platform.
    """
    try:
        return {_read(record): Found(**record["found"]) for record in records}
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a trace: {error}") from error


def _read(record: Mapping[str, Any]) -> Read:
    fields = {name: value for name, value in record.items() if name not in ("read", "found")}
    if "columns" in fields:
        fields["columns"] = tuple(fields["columns"])
    if "rows" in fields:
        fields["rows"] = tuple((column, tuple(values)) for column, values in fields["rows"])
    read: Read = _KINDS[record["read"]](**fields)
    return read


def _without_defaults(record: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: _listed(value) for name, value in asdict(record).items() if value not in (None, "", ())
    }
    return plain


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _of(cohort: str | None) -> str:
    return f" of {cohort}" if cohort else ""
