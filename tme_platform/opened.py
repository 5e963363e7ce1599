"""A lake as Python programs and notebooks read it: tables, queries, figures, the study. Nothing of it is changed.

`tme_platform.open` opens one. What a table, a figure or a setting means belongs where they are defined; how a run
brings tables up to date belongs in `orchestration`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tme_platform.environment import VARIABLES
from tme_platform.location import is_url
from tme_platform.steps.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from tme_platform.figures import Drawn
    from tme_platform.study import Study
    from tme_platform.tables import TableSchema


@dataclass(frozen=True)
class OpenedLake:
    """The tables, figures and settings of a study that has run.

    Attributes
    ----------
    workspace
        Where the lake is, and which study was named.
    study_name
        The study that was named; empty if the lake is to say which one built it.
    """

    workspace: Workspace
    study_name: str = ""

    def tables(self) -> pd.DataFrame:
        """List the tables: table_name, stage, version, rows, cohorts, description.

        Raises
        ------
        FileNotFoundError
            Nothing has been stored in this lake yet.
        """
        return self.query("select * from lake_tables")

    def query(self, sql: str) -> pd.DataFrame:
        """Answer one SQL query (DuckDB) that only reads, as `tme query` does.

        Raises
        ------
        FileNotFoundError
            Nothing has been stored in this lake yet.
        QueryError
            It is not one query that only reads.
        duckdb.Error
            The query is not valid, or names a file outside the lake.
        """
        from tme_platform.lake import ask

        return ask(self.workspace.lake, sql)

    def table(
        self,
        name: str,
        cohort: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[str]] | None = None,
        version: int | None = None,
    ) -> pd.DataFrame:
        """Read a table.

        Parameters
        ----------
        cohort
            Only this cohort's rows.
        columns
            Only these columns.
        rows
            Only rows with these values, by column: `rows={"gene": ["CD274", "PDCD1"]}`.
        version
            An old version; by default the current one.

        Returns
        -------
        One row for each key of the table, with its types; missing values are `<NA>` or NaN.

        Raises
        ------
        LookupError
            There is no such table or cohort, or the table is one of the whole study.
        """
        schema = self._schema(name)
        if cohort is not None:
            self._check_cohort(cohort)
            if not schema.per_cohort:
                raise LookupError(f"table {name!r} is kept for the whole study: read it without `cohort`")
        return self.workspace.lake.read(schema, cohort, columns=columns, rows=rows, version=version)

    def figures(self) -> pd.DataFrame:
        """List the figures: figure, title, caption, whether it shows one cohort at a time, the tables that it needs."""
        import pandas as pd

        from tme_platform.figures import FIGURES

        return pd.DataFrame(
            [
                {
                    "figure": name,
                    "title": entry.title,
                    "caption": entry.caption,
                    "per_cohort": entry.per_cohort,
                    "tables": ", ".join(entry.required),
                }
                for name, entry in FIGURES.items()
            ]
        )

    def figure(self, name: str, cohort: str | None = None) -> Drawn:
        """Draw a figure as the report does.

        Parameters
        ----------
        name
            One of `figures()`.
        cohort
            The cohort to draw; needed by a figure that shows one cohort at a time, if several have its data.

        Returns
        -------
        `figure` (matplotlib), `data` (one row for each mark) and `notes`.

        Raises
        ------
        LookupError
            There is no such figure or cohort, or no data for it.
        """
        from tme_platform.expression import CHECKPOINT_GENES
        from tme_platform.figures import FIGURES
        from tme_platform.report import picture
        from tme_platform.tables import TABLES

        _check_name("figure", name, list(FIGURES))
        entry = FIGURES[name]
        if cohort is not None:
            self._check_cohort(cohort)
            if not entry.per_cohort:
                raise LookupError(f"figure {name!r} shows all cohorts: draw it without `cohort`")
        of_genes = {"expression": {"gene": CHECKPOINT_GENES}}  # no figure shows another gene
        lake = self.workspace.lake
        tables = {table: lake.read(TABLES[table], rows=of_genes.get(table)) for table in entry.tables}
        having = [set(tables[table].get("cohort", ())) for table in entry.required]
        cohorts = sorted(set.intersection(*having)) if entry.per_cohort and having else []
        if entry.per_cohort and cohort is None and len(cohorts) > 1:
            raise LookupError(f"figure {name!r} shows one cohort: choose one (cohort=...) of {', '.join(cohorts)}")
        if entry.per_cohort and cohort is None:
            cohort = next(iter(cohorts), None)
        made = picture(name, tables, cohort)
        if made is None:
            of_cohort = f" of {cohort}" if cohort else ""
            others = f"; cohorts that have them: {', '.join(cohorts)}" if cohorts else ""
            raise LookupError(
                f"figure {name!r}{of_cohort} has no data: it is drawn from {', '.join(entry.required)}{others}"
            )
        return made.drawn

    def cohorts(self) -> list[str]:
        """Names of the cohorts that the lake holds."""
        from tme_platform.tables.cohorts import COHORTS

        return sorted(name for name in self.workspace.lake.states(COHORTS) if name)

    def study(self) -> Study:
        """The settings of the study: the one that was named, or else the packaged one that last built the lake.

        Raises
        ------
        LookupError
            The lake was built by a study that is not packaged: its file has to be named when opening the lake.
        StudyError
            The study file cannot be used.
        """
        from tme_platform.study import packaged_studies
        from tme_platform.tables.cohorts import COHORTS

        if self.study_name:
            return self.workspace.study
        last = next((entry.study for entry in self.workspace.lake.audit(COHORTS) if entry.study), None)
        if last is None:
            return self.workspace.study
        if last not in packaged_studies():
            raise LookupError(
                f"the lake was built by study {last!r}, which is not packaged: name its file, "
                'tme_platform.open(..., study="path/to/study.yaml")'
            )
        return replace(self.workspace, study_name=last).study

    def _schema(self, name: str) -> TableSchema:
        from tme_platform.tables import TABLES

        _check_name("table", name, list(TABLES))
        return TABLES[name]

    def _check_cohort(self, cohort: str) -> None:
        _check_name("cohort", cohort, self.cohorts())


def opened(lake: Path | str, study: Path | str, landing: Path | str, state: Path | str) -> OpenedLake:
    """Open a lake, see `tme_platform.open`."""
    workspace = Workspace.from_environment(
        lake_root=str(lake), study_name=str(study), landing_root=str(landing), state_root=str(state)
    )
    root = workspace.lake_root
    if not is_url(root) and not Path(root, "tables").is_dir():
        raise FileNotFoundError(f"no lake in {root}: run `tme demo` or `tme run` first, or name the lake's folder")
    return OpenedLake(workspace, str(study) or os.environ.get(VARIABLES["study_name"], ""))


def _check_name(kind: str, name: str, known: Sequence[str]) -> None:
    from tme_platform.yaml_file import did_you_mean

    if name not in known:
        meant = did_you_mean(name, known)
        raise LookupError(f"no {kind} {name!r}" + (f".{meant}" if meant else f"; there are: {', '.join(known)}"))
