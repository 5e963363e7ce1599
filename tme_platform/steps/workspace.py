"""Where a study runs: lake, landing folders, study file, model tracking, workers. The only description of it.

The operator's environment sets it (`from_environment`), or the options of a command; never a run's configuration.
Heavy libraries are imported where they are used, so that commands which only read answer at once.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tme_platform.environment import DEFAULT_STUDY, VARIABLES, default_lake
from tme_platform.location import full_root, is_url, state_folder

if TYPE_CHECKING:
    from tme_platform.cohorts import CohortError
    from tme_platform.lake import Lake
    from tme_platform.steps.scope import Scope
    from tme_platform.steps.world import World
    from tme_platform.study import Study
    from tme_platform.tables import TableSchema
    from tme_platform.tracking import Tracker


@dataclass(frozen=True)
class Workspace:
    """The lake, the landing folders, the study and the model tracker that steps work with.

    Attributes
    ----------
    lake_root
        A folder, or the URL of a prefix in an object store (`s3://bucket/prefix`). Empty: `data_lake`, or
        `data_lake_simulated` for the simulated study.
    state_root
        Folder for catalog, locks and local databases. Empty: the lake's own, see `lake.location`.
    landing_root
        Folder with one landing folder per cohort. Empty: `landing` in the lake.
    study_name
        A packaged study, or the path of a study file.
    tracking_uri
        An MLflow server (`http://...`) or its database (`postgresql://...`). Empty: SQLite in the state folder.
    workers
        Processes for heavy work; 0 takes one per processor, 1 works in this process.
    backend
        Where outlines are computed: `processes`, `in_process`, or a Dask scheduler, `dask://host:port`.
    """

    lake_root: str = ""
    state_root: str = ""
    landing_root: str = ""
    study_name: str = DEFAULT_STUDY
    tracking_uri: str = ""
    workers: int = 0
    backend: str = "processes"

    def __post_init__(self) -> None:
        if not self.lake_root:
            object.__setattr__(self, "lake_root", default_lake(self.study_name))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **given: str) -> Workspace:
        """The workspace that the environment names; where it says nothing, the bundled study in `data_lake`.

        Parameters
        ----------
        **given
            Fields that were given otherwise, as the options of a command; empty ones do not count.
        """
        named = {field: environment.get(variable, "") for field, variable in VARIABLES.items()}
        fields: dict[str, Any] = {field: given.get(field) or text for field, text in named.items()}
        fields = {field: value for field, value in fields.items() if value}
        if "workers" in fields:
            fields["workers"] = int(fields["workers"])
        return cls(**fields)

    def export(self) -> None:
        """Describe this workspace to the processes that are started from here, by environment variables."""
        values = {
            "lake_root": full_root(self.lake_root),
            "state_root": str(self.state),
            "landing_root": str(self.landing.resolve()),
            "study_name": self.study_name,
            "tracking_uri": self.tracking_uri,
            "workers": str(self.workers),
            "backend": self.backend,
        }
        os.environ.update({VARIABLES[field]: value for field, value in values.items()})

    @property
    def state(self) -> Path:
        """The folder of this machine that belongs to the lake."""
        return state_folder(self.lake_root, self.state_root)

    @property
    def landing(self) -> Path:
        """Folder with one landing folder per cohort."""
        if self.landing_root:
            return Path(self.landing_root)
        return Path(default_lake(self.study_name) if is_url(self.lake_root) else self.lake_root) / "landing"

    @property
    def lake(self) -> Lake:
        """The tables."""
        return _lake(self.lake_root, self.state_root)

    @property
    def study(self) -> Study:
        """The study's settings, read each time, so that an edited file takes effect at the next run."""
        from tme_platform.study import load_study

        return load_study(self.study_name)

    @property
    def tracker(self) -> Tracker:
        """The MLflow store of this lake."""
        from tme_platform.tracking import Tracker

        return Tracker.of_lake(self.state, self.tracking_uri)

    def world(self, *, remember_hashes: bool = True, snapshot: bool = False, ask_server: bool = True) -> World:
        """Lake, landing folders and study as they are now; shared by the scopes of one look.

        Parameters
        ----------
        ask_server
            Whether a registry that is not the lake's own is also asked for models.
        """
        from tme_platform.steps.world import World

        registry = functools.partial(self._model_place, ask_server)
        return World(self.lake, self.landing, self.study, self.cohorts(), remember_hashes, snapshot, registry)

    def _model_place(self, ask_server: bool, content_key: str) -> str | None:
        from tme_platform.tracking.registered import model_place

        return model_place(self.tracker, content_key, ask_server=ask_server)

    def scope(self, schema: TableSchema, cohort: str | None, *, world: World | None = None, **further: Any) -> Scope:
        """What the step of a table sees, of one cohort or of the whole study."""
        from tme_platform.radiomics import available_processors, make_backend
        from tme_platform.steps.scope import Scope

        return Scope(
            schema=schema,
            world=world or self.world(),
            tracker=self.tracker,
            workers=self.workers or available_processors(),
            backend=make_backend(self.backend),
            cohort=cohort,
            **further,
        )

    def cohorts(self) -> list[str]:
        """The study's cohorts that have landed, in the order of the study file.

        A cohort whose file cannot be read, and never could, has not landed yet; nor has one that is being copied and
        was never read.
        """
        from tme_platform.cohorts import list_cohorts

        refused = self._refused()
        landed = [name for name in list_cohorts(self.landing) if name not in refused or self._was_read(name)]
        named = self.study.cohorts
        return landed if named is None else [name for name in named if name in landed]

    def unreadable(self) -> dict[str, str]:
        """The study's cohorts whose cohort file cannot be read, and what is wrong with it."""
        from tme_platform.cohorts import BEING_COPIED

        return {name: str(error) for name, error in self._refused().items() if error.rule != BEING_COPIED}

    def being_copied(self) -> dict[str, str]:
        """The study's cohorts that a marker file says are being copied, and what to do."""
        from tme_platform.cohorts import BEING_COPIED

        return {name: str(error) for name, error in self._refused().items() if error.rule == BEING_COPIED}

    def _refused(self) -> dict[str, CohortError]:
        from tme_platform.cohorts import CohortError, list_cohorts
        from tme_platform.steps.world import declaration

        found, named = {}, self.study.cohorts
        for name in list_cohorts(self.landing):
            try:
                declaration(self.landing / name)
            except CohortError as error:
                if named is None or name in named:
                    found[name] = error
        return found

    def _was_read(self, cohort: str) -> bool:
        from tme_platform.tables.cohorts import COHORTS

        return self.lake.state(COHORTS, cohort) is not None


@functools.cache
def _lake(root: str, state: str) -> Lake:
    from tme_platform.lake import Lake

    return Lake(root, state)
