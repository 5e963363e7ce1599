"""What a report is made from: the study's tables, settings and versions, as they stand. Nothing is read or computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class StudyFacts:
    """The tables of a study and what is known about them.

    Attributes
    ----------
    name, title
        Of the study file.
    settings
        The resolved study file: block -> setting -> value.
    tables
        Table name -> frame as the lake has it; a table that is not there counts as one without rows.
    versions
        One row per table (and cohort): table, cohort, version, rows, content, code_version.
    software
        Package -> version that made the report.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    versions: pd.DataFrame = field(default_factory=pd.DataFrame)
    software: Mapping[str, str] = field(default_factory=dict)

    def rows(self, table: str, **equal: object) -> pd.DataFrame:
        """The rows of a table in which columns have these values; an empty frame where there is no such column."""
        frame = self.tables.get(table)
        if frame is None:
            return pd.DataFrame()
        for column, value in equal.items():
            if column not in frame:
                return frame.head(0)
            frame = frame[(frame[column] == value).fillna(False)]
        return frame

    def has(self, table: str) -> bool:
        """Whether a table has rows."""
        return not self.rows(table).empty

    @property
    def cohorts(self) -> list[str]:
        """Cohorts in the order of the study: those that define phenotypes first, methods last."""
        described = self.rows("cohorts")
        if described.empty:
            return []
        names = [str(name) for name in described["cohort"]]
        return sorted(names, key=lambda name: (min(map(_place, self.roles(name)), default=len(_ORDER)), name))

    def roles(self, cohort: str) -> list[str]:
        """What a cohort is for."""
        described = self.rows("cohorts", cohort=cohort)
        return [] if described.empty else [part.strip() for part in str(described["roles"].iloc[0]).split(",")]

    def with_role(self, role: str) -> list[str]:
        """The cohorts of a role."""
        return [name for name in self.cohorts if role in self.roles(name)]

    @property
    def simulated(self) -> list[str]:
        """Cohorts of simulated patients."""
        described = self.rows("cohorts", provenance="simulated")
        return [] if described.empty else sorted(str(name) for name in described["cohort"])

    def is_simulated(self, cohort: object) -> bool:
        """Whether a cohort is simulated; of a number of no single cohort, whether any cohort is."""
        return bool(self.simulated) if pd.isna(cohort) or not cohort else cohort in self.simulated  # type: ignore[call-overload]

    def setting(self, block: str, name: str, otherwise: object = None) -> Any:
        """A setting of the study."""
        return dict(self.settings.get(block) or {}).get(name, otherwise)

    @property
    def signature(self) -> Mapping[str, Any] | None:
        """The newest signature, or None where none could be trained."""
        trained = self.rows("signature")
        if trained.empty:
            return None
        return {str(name): value for name, value in trained.iloc[-1].to_dict().items()}

    def metric(self, side: str, analysis: str, metric: str = "auc", cohort: str | None = None) -> pd.DataFrame:
        """Rows of the signature's metric in all patients."""
        chosen = {"side": side, "analysis": analysis, "metric": metric, "subgroup": "all", "model": "signature"}
        return self.rows("cohort_metrics", **(chosen if cohort is None else {**chosen, "cohort": cohort}))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, column -> value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


_ORDER = (
    "phenotype_reference",
    "phenotype_replication",
    "score_comparison",
    "signature_discovery",
    "signature_validation",
    "immune_phenotype",
    "immunotherapy",
    "imaging_methods",
)


def _place(role: str) -> int:
    return _ORDER.index(role) if role in _ORDER else len(_ORDER)
