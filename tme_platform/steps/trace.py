"""The trace of a step: what it read, as small typed records, with the hash of what was found there.

The trace is stored with the table. Looking the same things up again tells whether the table is current (a verifying
trace: Mokhov, Mitchell, Peyton Jones 2018, "Build systems à la carte"). How each kind is looked up is in `world`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

ABSENT = "absent"
"""Hash of what is not there."""


@dataclass(frozen=True)
class Read:
    """Something that was read; a subclass for each kind."""

    text: ClassVar[str] = ""
    """How the kind is named in a reason to run; `{of}` is replaced by the cohort, if there is one."""

    def __str__(self) -> str:
        fields = asdict(self)
        cohort = fields.get("cohort")
        return self.text.format(**fields, of=f" of {cohort}" if cohort else "")


@dataclass(frozen=True)
class TableRead(Read):
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
    text: ClassVar[str] = "table {table}{of}"

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return not (self.columns or self.rows or self.among)


@dataclass(frozen=True)
class PresenceRead(Read):
    """Whether a table has any rows for a cohort."""

    table: str
    cohort: str | None = None
    text: ClassVar[str] = "whether table {table}{of} has rows"


@dataclass(frozen=True)
class SettingRead(Read):
    """A block of the study's settings."""

    block: str
    text: ClassVar[str] = "setting {block}"


@dataclass(frozen=True)
class DeclarationRead(Read):
    """A field of a cohort file."""

    cohort: str
    field: str
    text: ClassVar[str] = "{field} in the cohort file{of}"


@dataclass(frozen=True)
class RoleRead(Read):
    """Which cohorts have a role."""

    role: str
    text: ClassVar[str] = "cohorts with role {role}"


@dataclass(frozen=True)
class CohortsRead(Read):
    """Which cohorts take part in the study."""

    text: ClassVar[str] = "cohorts of the study"


@dataclass(frozen=True)
class ProvenanceRead(Read):
    """Whether the data of a cohort, or of any cohort, are simulated."""

    cohort: str | None = None
    text: ClassVar[str] = "provenance{of}"


@dataclass(frozen=True)
class ExpressionScaleRead(Read):
    """Whether the expression of a cohort, or of any cohort, is relative to the cohort."""

    cohort: str | None = None
    text: ClassVar[str] = "expression scale{of}"


@dataclass(frozen=True)
class LandingRead(Read):
    """All files in a cohort's landing folder."""

    cohort: str
    text: ClassVar[str] = "landing folder{of}"


@dataclass(frozen=True)
class FilesRead(Read):
    """The landing files that one kind of reading (`clinical`, `imaging`, ...) depends on."""

    cohort: str
    kind: str
    text: ClassVar[str] = "{kind} files{of}"


@dataclass(frozen=True)
class CollectionRead(Read):
    """A gene-set collection."""

    name: str
    text: ClassVar[str] = "gene sets {name}"


@dataclass(frozen=True)
class SpellingRead(Read):
    """How the names of a cohort's populations or features are spelled, which the names of other cohorts decide."""

    kind: str
    cohort: str
    text: ClassVar[str] = "spelling of {kind}{of}"


@dataclass(frozen=True)
class ModelRead(Read):
    """Which version of the model registry holds a model, by the model's content key."""

    key: str
    text: ClassVar[str] = "the signature's version in the registry"


@dataclass(frozen=True)
class Found:
    """What a look found: the hash of what was read and, for part of a table, that of the table, which is cheap."""

    content: str
    table: str = ""


Trace = dict[Read, Found]
_KINDS: Mapping[str, type[Read]] = {kind.__name__: kind for kind in Read.__subclasses__()}


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
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a trace: {error}") from error


def _read(record: Mapping[str, Any]) -> Read:
    fields = {name: _tupled(value) for name, value in record.items() if name not in ("read", "found")}
    return _KINDS[record["read"]](**fields)


def _without_defaults(record: Read | Found) -> dict[str, Any]:
    return {name: _listed(value) for name, value in asdict(record).items() if value not in (None, "", ())}


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
