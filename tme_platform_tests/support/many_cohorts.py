"""A study of many cohorts of a few patients, and the part of the graph that such cohorts make any difference to."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.small_study import POPULATION_GROUPS, declare, make_study

TABLES = (
    *("cohort_files", "cohorts", "clinical_other", "expression", "patients", "expression_quality", "populations"),
    *("cohort_table_one", "endpoints", "cell_scores", "cell_score_ranges", "cluster_evidence", "phenotype_model"),
    *("tme_phenotypes", "survival_tests"),
)
"""Landing files, clinical data, cell scores, phenotypes and survival: what they need is among them."""
STUDY = {
    "name": "many",
    "title": "A study of many cohorts",
    "phenotypes": {"k": 2, "k_max": 3, "starts": 2, "draws": 2, "null_draws": 19},
    "survival": {"min_events": 1},
    "report": {"figures": False},
}


def land_cohort(folder: Path, patients: int = 4) -> None:
    """A cohort with clinical data and cell scores, labelled by the model of the cohort `reference`."""
    random = np.random.default_rng(len(folder.name) + sum(folder.name.encode()))
    names = [f"{folder.name}-{number}" for number in range(patients)]
    clinical = {"age_years": "age", "os_days": "days", "os_event": "dead"}
    declare(
        folder,
        roles=["phenotype_replication"],
        clinical=[{"file": "clinical.csv", "patient_id": "id", "columns": clinical}],
        cell_scores={"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        phenotypes={"by": "model", "cohort": "reference"},
    )
    days = random.integers(100, 3000, patients)
    pd.DataFrame({"id": names, "age": 50, "days": days, "dead": 1}).to_csv(folder / "clinical.csv", index=False)
    scores = pd.DataFrame(random.normal(size=(patients, len(POPULATION_GROUPS))), columns=list(POPULATION_GROUPS))
    scores.assign(patient_id=names).to_csv(folder / "scores.tsv", sep="\t", index=False)
    groups = pd.DataFrame({"population": list(POPULATION_GROUPS), "group": list(POPULATION_GROUPS.values())})
    groups.to_csv(folder / "groups.tsv", sep="\t", index=False)


def make_many(root: Path, cohorts: int) -> Workspace:
    """Land so many cohorts: `reference`, `mri` with phenotypes and follow-up of the same patients, and others."""
    workspace = make_study(root, patients=12, imaged=0)
    shutil.rmtree(workspace.landing / "rna")
    declare(  # without a signature, for which there are too few patients
        workspace.landing / "mri",
        roles=["immune_phenotype"],
        features={"file": "features.csv", "feature_set": "drawn"},
        phenotypes={"by": "patient", "cohort": "reference"},
    )
    for number in range(cohorts - 2):
        land_cohort(workspace.landing / f"c{number:02d}")
    (root / "small.yaml").write_text(yaml.safe_dump(STUDY))
    return workspace


def build_all(workspace: Workspace) -> None:
    """Build every table of the graph as it is."""
    world = workspace.world()
    for step in STEPS.values():
        for cohort in world.cohorts if step.schema.per_cohort else (None,):
            materialise(step, workspace.scope(step.schema, cohort, world=world))
