"""Input of the report: the study's tables, settings and versions. Nothing is read or computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class StudyFacts:
    """The tables of a study with its settings and versions.

    Attributes
    ----------
    name, title
        Name and title from the study file.
    settings
        Settings after defaults are applied: block -> setting -> value.
    tables
        Table name -> frame from the lake. A missing table counts as empty.
    versions
        One row per table (and cohort): table, cohort, version, rows, step_version, content.
    software
        Package -> version used for the report.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    versions: pd.DataFrame = field(default_factory=pd.DataFrame)
    software: Mapping[str, str] = field(default_factory=dict)

    def rows(self, table: str, **equal: object) -> pd.DataFrame:
        """Select the rows in which all given columns equal the given values. A missing column gives an empty frame."""
        frame = self.tables.get(table)
        if frame is None:
            return pd.DataFrame()
        for column, value in equal.items():
            if column not in frame:
                return frame.head(0)
            frame = frame[(frame[column] == value).fillna(False)]
        return frame

    def has(self, table: str) -> bool:
        """Return whether a table has rows."""
        return not self.rows(table).empty

    @property
    def cohorts(self) -> list[str]:
        """Cohorts ordered by role: phenotype reference first, imaging methods last."""
        described = self.rows("cohorts")
        if described.empty:
            return []
        names = [str(name) for name in described["cohort"]]
        return sorted(names, key=lambda name: (min(map(_role_rank, self.roles(name)), default=len(_ROLE_ORDER)), name))

    def named(self, cohort: object) -> str:
        """Return the name of a cohort for readers, from its title; the cohort itself if it has none.

        The part before the first comma if no other title begins with it, else also the rest, in brackets.
        """
        titles = self._titles
        title = titles.get(str(cohort))
        if title is None:
            return "" if cohort is None or pd.isna(cohort) else str(cohort)  # type: ignore[call-overload]
        first, _, rest = title.partition(", ")
        alone = sum(other.partition(", ")[0] == first for other in titles.values()) == 1
        return first if alone or not rest else f"{first} ({rest})"

    @cached_property
    def _titles(self) -> dict[str, str]:
        described = self.rows("cohorts")
        if described.empty or "title" not in described:
            return {}
        known = described.dropna(subset=["title"])
        return {str(name): str(title) for name, title in zip(known["cohort"], known["title"], strict=True)}

    def roles(self, cohort: str) -> list[str]:
        """List the roles of a cohort."""
        described = self.rows("cohorts", cohort=cohort)
        return [] if described.empty else [part.strip() for part in str(described["roles"].iloc[0]).split(",")]

    def with_role(self, role: str) -> list[str]:
        """List the cohorts with a role."""
        return [name for name in self.cohorts if role in self.roles(name)]

    @property
    def simulated(self) -> list[str]:
        """Names of the simulated cohorts."""
        described = self.rows("cohorts", provenance="simulated")
        return [] if described.empty else sorted(str(name) for name in described["cohort"])

    def is_simulated(self, cohort: object) -> bool:
        """Return whether a cohort is simulated. Without a cohort, return whether any cohort is."""
        return bool(self.simulated) if pd.isna(cohort) or not cohort else cohort in self.simulated  # type: ignore[call-overload]

    def setting(self, block: str, name: str, default: object = None) -> Any:
        """Return a setting of the study, or `default` if it is not set."""
        return dict(self.settings.get(block) or {}).get(name, default)

    @property
    def signature(self) -> Mapping[str, Any] | None:
        """The newest signature, or None if none was trained."""
        trained = self.rows("signature")
        if trained.empty:
            return None
        return {str(name): value for name, value in trained.iloc[-1].to_dict().items()}

    def metric(self, side: str, analysis: str, metric: str = "auc", cohort: str | None = None) -> pd.DataFrame:
        """Select the rows of a metric of the signature, computed on all patients."""
        chosen = {"side": side, "analysis": analysis, "metric": metric, "subgroup": "all", "model": "signature"}
        return self.rows("cohort_metrics", **(chosen if cohort is None else {**chosen, "cohort": cohort}))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Convert a frame to a list of rows, each column -> value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


_ROLE_ORDER = (
    "phenotype_reference",
    "phenotype_replication",
    "score_comparison",
    "signature_discovery",
    "signature_validation",
    "immune_phenotype",
    "immunotherapy",
    "imaging_methods",
)


def _role_rank(role: str) -> int:
    return _ROLE_ORDER.index(role) if role in _ROLE_ORDER else len(_ROLE_ORDER)
