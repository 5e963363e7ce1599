"""Tables built by calling their steps one after the other, without a run of Dagster."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd
import yaml

from tme_platform.steps.materialise import Materialised, materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace


def workspace_of(root: Path, **study: object) -> Workspace:
    """A workspace on the landing folders in `root`; `study` holds settings beyond quick defaults."""
    quick = {
        "name": "quick",
        "title": "Quick",
        "phenotypes": {"k": 2, "k_max": 3, "starts": 3, "draws": 3, "null_draws": 19, "log_rank_permutations": 19},
        "enrichment": {"collections": ["msigdb_hallmark_50"], "permutations": 100, "sample_permutations": 99},
        "survival": {"min_events": 1},
        "report": {"figures": False},
    }
    (root / "study.yaml").write_text(yaml.safe_dump(quick | study))
    return Workspace(
        lake_root=str(root / "lake"),
        landing_root=str(root / "landing"),
        study_name=str(root / "study.yaml"),
        workers=1,
    )


def build(
    workspace: Workspace, *, stages: Collection[str] = (), tables: Collection[str] = (), cohorts: Collection[str] = ()
) -> dict[tuple[str, str | None], Materialised]:
    """Build the tables of some stages, or some tables, for all or some cohorts; what became of each."""
    built = {}
    for step in STEPS.values():
        if step.schema.stage.value in stages or step.name in tables:
            for cohort in (cohorts or workspace.cohorts()) if step.schema.per_cohort else [None]:
                built[step.name, cohort] = materialise(step, workspace.scope(step.schema, cohort))
    return built


def build_for(workspace: Workspace, *tables: str) -> dict[tuple[str, str | None], Materialised]:
    """Build some tables of all cohorts, and every table that they rest on."""
    return build(workspace, tables=and_before(tables))


def and_before(tables: Collection[str]) -> set[str]:
    """These tables and all that they rest on."""
    wanted = set(tables)
    for name in reversed(STEPS):
        if name in wanted:
            wanted |= {schema.name for schema in STEPS[name].all_reads}
    return wanted


def read(workspace: Workspace, table: str, cohort: str | None = None) -> pd.DataFrame:
    """A table, or one cohort of it."""
    return workspace.lake.read(STEPS[table].schema, cohort)
