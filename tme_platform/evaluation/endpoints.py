"""Models of endpoints and subgroups as declared in YAML, and the packaged ones. Applying them belongs in `outcomes`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    field_validator,
    model_serializer,
    model_validator,
)

from tme_platform.evaluation._words import Word, check_limit, check_words
from tme_platform.tables.clinical import CLINICAL_COLUMNS, SURVIVAL_PAIRS, SURVIVAL_TITLES

Unit = Literal["days", "months", "years"]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Name of an endpoint or subgroup."""


def check_conditions(values: dict[str, tuple[Word, ...]]) -> dict[str, tuple[Word, ...]]:
    """Check the listed values of each column against its vocabulary."""
    for column, words in values.items():
        check_words(column, words)
    return values


Conditions = Annotated[dict[str, Words], AfterValidator(check_conditions)]
"""Allowed values by column."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeEndpoint(_Model):
    """Time to an event."""

    time: str
    """Canonical column, or a column of the cohort's clinical files without mapping; that needs `unit`."""
    event: str
    """Canonical column (1, 0), or a column of the clinical files; that needs `positive` and `negative`."""
    unit: Unit | None = None
    positive: Words | None = None
    negative: Words | None = None
    where: Conditions = Field(default_factory=dict)
    """Patients with other values of these columns are missing."""
    title: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> TimeEndpoint:
        if self.time in CLINICAL_COLUMNS:
            if self.time not in TIMES:
                raise ValueError(f"time: {self.time} is not a time. Use one of {', '.join(TIMES)}")
            if self.unit is not None:
                raise ValueError(f"unit: {self.time} is in days already. Remove `unit`")
        elif self.unit is None:
            raise ValueError(f"time: {self.time} is no canonical column. Add `unit: days`, `months` or `years`")
        own_words = self.positive is not None or self.negative is not None
        if self.event in CLINICAL_COLUMNS:
            if self.event not in EVENTS:
                raise ValueError(f"event: {self.event} is not an event. Use one of {', '.join(EVENTS)}")
            if own_words:
                raise ValueError(f"{self.event} is 1 or 0 already. Remove `positive` and `negative`")
        elif self.positive is None or self.negative is None:
            raise ValueError(
                f"event: {self.event} is no canonical column. Add `positive:` (values that mean the event) and "
                "`negative:` (values that mean censored)"
            )
        else:
            check_words(self.event, self.positive, self.negative)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (self.time, self.event, *self.where)


class BinaryRule(_Model):
    """One of two classes: listed values, or a limit."""

    column: str
    """Canonical column, or a column of the cohort's clinical files without mapping."""
    positive: Words | None = None
    negative: Words | None = None
    at_least: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> BinaryRule:
        listed = self.positive is not None or self.negative is not None
        limits = [limit for limit in (self.at_least, self.above) if limit is not None]
        if listed + len(limits) != 1:
            raise ValueError(
                "needs exactly one rule. Write `positive:` and `negative:` for words, or `at_least:` or `above:` for "
                "numbers"
            )
        if limits:
            check_limit(self.column, limits[0])
        elif self.positive is None or self.negative is None:
            raise ValueError("needs both `positive:` and `negative:`; patients with other values are missing")
        else:
            check_words(self.column, self.positive, self.negative)
        return self


class BinaryEndpoint(BinaryRule):
    """An endpoint with two classes."""

    otherwise: BinaryRule | None = None
    """Rule for patients whose `column` is missing."""
    where: Conditions = Field(default_factory=dict)
    """Patients with other values of these columns are missing."""
    title: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (self.column, *([self.otherwise.column] if self.otherwise else []), *self.where)


class Subgroup(_Model):
    """Patients with listed values of every column; of the conditions in `any_of` one is enough."""

    values: Conditions = Field(default_factory=dict)
    any_of: tuple[dict[str, Words], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_columns(cls, given: object) -> object:
        """In YAML, columns stand beside `any_of`."""
        if not isinstance(given, dict):
            return given
        return {
            "values": {name: value for name, value in given.items() if name != "any_of"},
            **({"any_of": given["any_of"]} if "any_of" in given else {}),
        }

    @field_validator("any_of")
    @classmethod
    def _known_any_of(cls, any_of: tuple[dict[str, tuple[Word, ...]], ...]) -> tuple[dict[str, Any], ...]:
        if not all(any_of):
            raise ValueError("an entry is empty. Write a column and its values, such as `{er: [positive]}`")
        return tuple(check_conditions(values) for values in any_of)

    @model_validator(mode="after")
    def _not_empty(self) -> Subgroup:
        if not self.values and not self.any_of:
            raise ValueError("is empty. Write columns and their values, such as `{her2: [positive]}`")
        return self

    @model_serializer
    def _as_columns(self) -> dict[str, Any]:
        return {**self.values, **({"any_of": self.any_of} if self.any_of else {})}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return (*self.values, *(name for values in self.any_of for name in values))


TIMES = tuple(time for time, _ in SURVIVAL_PAIRS.values())
EVENTS = tuple(event for _, event in SURVIVAL_PAIRS.values())


_TIME, _CLASSES = "(time to event)", "(two classes)"


def _kind(given: object) -> str | None:
    """Which model a declaration is of; None if that cannot be determined."""
    if isinstance(given, BaseModel):
        return _TIME if isinstance(given, TimeEndpoint) else _CLASSES
    if not isinstance(given, dict):
        return None
    timed, classed = "time" in given or "event" in given, "column" in given
    return None if timed == classed else _TIME if timed else _CLASSES


Endpoint = TimeEndpoint | BinaryEndpoint
_Declared = Annotated[
    Annotated[TimeEndpoint, Tag(_TIME)] | Annotated[BinaryEndpoint, Tag(_CLASSES)],
    Discriminator(
        _kind,
        custom_error_type="endpoint_kind",
        custom_error_message=(
            "is no endpoint. Write `{time: ..., event: ...}`, or `{column: ..., positive: [...], negative: [...]}`, or "
            "`{column: ..., at_least: ...}`"
        ),
    ),
]


def _refuse_reserved(names: dict[str, Any], reserved: str, meaning: str) -> None:
    if reserved in names:
        raise ValueError(f"the name `{reserved}` is taken: {meaning}. Choose another name")


class Endpoints(RootModel[dict[Name, _Declared | None]]):
    """Endpoints by name; None switches one off."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _names(self) -> Endpoints:
        _refuse_reserved(self.root, "hot", "it is the phenotype as an endpoint")
        return self


class Subgroups(RootModel[dict[Name, Subgroup | None]]):
    """Subgroups by name; None switches one off."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _names(self) -> Subgroups:
        _refuse_reserved(self.root, "all", "it means all patients")
        return self


PACKAGED_ENDPOINTS = Endpoints.model_validate(
    {
        **{
            name: {"time": time, "event": event, "title": SURVIVAL_TITLES[name]}
            for name, (time, event) in SURVIVAL_PAIRS.items()
        },
        "pcr": {
            "column": "pcr",
            "positive": ["yes"],
            "negative": ["no"],
            "title": "pathological complete response",
        },
        "objective_response": {"column": "recist", "positive": ["CR", "PR"], "negative": ["SD", "PD"]},
        "disease_control": {"column": "recist", "positive": ["CR", "PR", "SD"], "negative": ["PD"]},
        "inflamed": {
            "title": "immune-inflamed",
            "column": "cd8_percent",
            "at_least": 20,
            # The published study kept inflamed and desert tumours only: excluded is not cold.
            "otherwise": {
                "column": "immune_phenotype",
                "positive": ["inflamed", "hot"],
                "negative": ["desert", "cold"],
            },
        },
        "pd_l1_positive": {"column": "pd_l1", "at_least": 1, "title": "PD-L1 positive"},
    }
)
"""Endpoints of every study; a study file or a cohort file replaces them by name."""

PACKAGED_SUBGROUPS = Subgroups.model_validate(
    {
        "er_positive": {"er": ["positive"]},
        "er_negative": {"er": ["negative"]},
        "her2_positive": {"her2": ["positive"]},
        "her2_negative_hr_positive": {"her2": ["negative"], "any_of": [{"er": ["positive"]}, {"pr": ["positive"]}]},
        "triple_negative": {"er": ["negative"], "pr": ["negative"], "her2": ["negative"]},
    }
)
"""Subgroups of every study; a patient with unknown receptor status belongs to none."""


def endpoint_title(name: str, endpoint: Endpoint | None = None) -> str:
    """Name of an endpoint in figures and reports: its title, that of the packaged one, or its name in words."""
    packaged = PACKAGED_ENDPOINTS.root.get(name)
    title = (endpoint.title if endpoint else None) or (packaged.title if packaged else None)
    return title or name.replace("_", " ")


def definition(entry: Endpoint | Subgroup) -> str:
    """State an endpoint or subgroup as it is written in YAML, without its title."""
    given = entry.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({key: value for key, value in given.items() if key != "title"})


def declared_columns(endpoints: Endpoints, subgroups: Subgroups) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every column that is named, with the keys that lead to it."""
    for name, endpoint in endpoints.root.items():
        if isinstance(endpoint, TimeEndpoint):
            yield ("endpoints", name, "time"), endpoint.time
            yield ("endpoints", name, "event"), endpoint.event
        elif endpoint is not None:
            yield ("endpoints", name, "column"), endpoint.column
            if endpoint.otherwise is not None:
                yield ("endpoints", name, "otherwise", "column"), endpoint.otherwise.column
        for column in endpoint.where if endpoint is not None else ():
            yield ("endpoints", name, "where", column), column
    for name, subgroup in subgroups.root.items():
        for column in subgroup.values if subgroup is not None else ():
            yield ("subgroups", name, column), column
        for number, values in enumerate(subgroup.any_of if subgroup is not None else ()):
            yield from ((("subgroups", name, "any_of", number, column), column) for column in values)


def combined_endpoints(study: Endpoints, cohort: Endpoints) -> dict[str, Endpoint]:
    """The packaged endpoints, overridden by the study's, overridden by the cohort's; without those switched off."""
    together = PACKAGED_ENDPOINTS.root | study.root | cohort.root
    return {name: endpoint for name, endpoint in together.items() if endpoint is not None}


def combined_subgroups(study: Subgroups, cohort: Subgroups) -> dict[str, Subgroup]:
    """The packaged subgroups, overridden by the study's, overridden by the cohort's; without those switched off."""
    together = PACKAGED_SUBGROUPS.root | study.root | cohort.root
    return {name: subgroup for name, subgroup in together.items() if subgroup is not None}
