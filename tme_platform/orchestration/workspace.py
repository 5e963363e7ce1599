"""Where a study runs (lake root, landing folders, study file): a Dagster resource, so that runs can be pointed."""

import functools
from pathlib import Path
from typing import Any

import dagster as dg

from tme_platform.cohorts import CohortError, list_cohorts
from tme_platform.lake import Lake, is_url, state_folder
from tme_platform.radiomics import available_processors, make_backend
from tme_platform.steps.scope import Scope, declared
from tme_platform.study import Study, load_study
from tme_platform.tables import TableSchema
from tme_platform.tables.cohorts import COHORTS
from tme_platform.tracking import Tracker


class Workspace(dg.ConfigurableResource[Any]):
    """The lake, the landing folders, the study and the model tracker that assets work with."""

    lake_root: str = "data_lake"
    """A folder, or the URL of a prefix in an object store (`s3://bucket/prefix`)."""
    state_root: str = ""
    """Folder for catalog, locks and local databases; by default the lake's own, see `lake.place`."""
    landing_root: str = ""
    study_name: str = "tcga_brca"
    tracking_uri: str = ""
    """An MLflow server (`http://...`) or its database (`postgresql://...`); by default SQLite in the state folder."""
    workers: int = 0
    """Processes for heavy work; 0 takes one per processor, 1 works in this process."""
    backend: str = "processes"
    """Where outlines are computed: `processes`, `in_process`, or a Dask scheduler, `dask://host:port`."""

    @property
    def state(self) -> Path:
        """The folder of this machine that belongs to the lake."""
        return state_folder(self.lake_root, self.state_root)

    @property
    def landing(self) -> Path:
        """Folder with one landing folder per cohort."""
        if self.landing_root:
            return Path(self.landing_root)
        return Path("data_lake" if is_url(self.lake_root) else self.lake_root) / "landing"

    @property
    def lake(self) -> Lake:
        """The tables."""
        return _lake(self.lake_root, self.state_root)

    @property
    def study(self) -> Study:
        """The study's settings, read anew so that an edited file takes effect at the next run."""
        return load_study(self.study_name)

    @property
    def tracker(self) -> Tracker:
        """The MLflow store of this lake."""
        return Tracker.of_lake(self.state, self.tracking_uri)

    def scope(self, schema: TableSchema, cohort: str | None, **further: Any) -> Scope:
        """What the asset of a table sees (of one cohort, or of the whole study)."""
        return Scope(
            schema=schema,
            lake=self.lake,
            landing=self.landing,
            study=self.study,
            cohorts=self.cohorts(),
            tracker=self.tracker,
            workers=self.workers or available_processors(),
            backend=make_backend(self.backend),
            cohort=cohort,
            **further,
        )

    def cohorts(self) -> list[str]:
        """The study's cohorts that have landed, in the order of the study file.

        One whose cohort file cannot be read, and never could, has not landed yet.
        """
        unreadable = self.unreadable()
        landed = [name for name in list_cohorts(self.landing) if name not in unreadable or self._was_read(name)]
        named = self.study.cohorts
        return landed if named is None else [name for name in named if name in landed]

    def unreadable(self) -> dict[str, str]:
        """Cohorts whose cohort file cannot be read, and what is wrong with it."""
        found = {}
        for name in list_cohorts(self.landing):
            try:
                declared(self.landing / name)
            except CohortError as error:
                found[name] = str(error)
        return found

    def _was_read(self, cohort: str) -> bool:
        return self.lake.state(COHORTS, cohort) is not None


@functools.cache
def _lake(root: str, state: str) -> Lake:
    return Lake(root, state)
