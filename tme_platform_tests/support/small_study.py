"""A small study made in a temporary folder: four cohorts of a few patients, real code all the way.

Numbers are drawn at random and mean nothing; the cohort files say `simulated`.
"""

import functools
import shutil
import tempfile
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
import yaml

from tme_platform.lake import build_catalog
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform.tracking import Tracker

STUDY = """
name: small
title: A small study for tests
phenotypes: {k: 2, k_max: 4, starts: 5, draws: 5, null_draws: 19}
enrichment: {collections: [msigdb_hallmark_50], permutations: 100, sample_permutations: 99}
extraction: {image_types: [Original]}
signature: {n_repeats: 1, n_trees: 10, search_trees: 5, n_splits: 3, permutations: 1, max_features: [sqrt]}
evaluation:
  {permutations: 19, continuous_permutations: 19, learning_draws: 2, learning_null_draws: 2, bootstraps: 10,
   rivals: [ridge], volume_features: [f0]}
agreement: {perturbation_patients: 3}
ring_width: {widths_mm: [1, 3], patients: 2}
report: {figures: false}
"""

POPULATION_GROUPS = {
    "CD8 T cells": "adaptive",
    "B cells": "adaptive",
    "NK cells": "innate_activated",
    "Macrophages": "innate_inactivated",
    "Fibroblasts": "non_immune",
    "Endothelium": "non_immune",
}
_PROVENANCE = {"kind": "simulated", "source": "drawn at random for a test", "licence": "CC0"}


def make_study(root: Path, *, patients: int = 40, imaged: int = 3, all_genes: bool = False) -> Workspace:
    """Write landing folders and study file; return the workspace that runs them."""
    landing = root / "landing"
    random = np.random.default_rng(7)
    names = [f"P{number:03d}" for number in range(patients)]
    _reference(landing / "reference", names, random)
    _mri(landing / "mri", names, random)
    _expression(landing / "rna", [f"R{number:03d}" for number in range(12)], random, all_genes)
    if imaged:
        make_imaging(landing / "images", [f"I{number:03d}" for number in range(imaged)], random)
    study = root / "small.yaml"
    study.write_text(STUDY)
    database = root / "lake" / "mlflow" / "mlflow.db"
    database.parent.mkdir(parents=True)
    shutil.copy(empty_mlflow(), database)
    return workspace_in(root)


def workspace_in(root: Path) -> Workspace:
    """The workspace of a small study that stands in a folder."""
    return Workspace(
        lake_root=str(root / "lake"),
        landing_root=str(root / "landing"),
        study_name=str(root / "small.yaml"),
        workers=1,
    )


@functools.cache
def empty_mlflow() -> Path:
    """An MLflow database with its tables: making them takes MLflow seconds, and many tests have a lake of their own."""
    database = Path(tempfile.mkdtemp(prefix="tme-mlflow-")) / "mlflow" / "mlflow.db"
    Tracker.of_lake(database.parent.parent).versions()
    return database


def run_small(root: Path) -> None:
    """Make a small study and run it."""
    from tme_platform.orchestration.progress import LoggedProgress
    from tme_platform.orchestration.run import run_study

    workspace = make_study(root)
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = run_study(workspace, instance, LoggedProgress())
    assert outcome.success, outcome.failures


def copy_study(source: Path, root: Path) -> Workspace:
    """A copy of a study that has run, with a catalog of its own."""
    shutil.copytree(source, root, dirs_exist_ok=True)
    workspace = workspace_in(root)
    build_catalog(workspace.lake)
    return workspace


def report_made(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    """Tell an instance of Dagster that has seen no run what is in the lake."""
    instance.add_dynamic_partitions("cohort", list(workspace.cohorts()))
    instance.report_runless_asset_event(dg.AssetMaterialization("catalog"))
    for name, schema in TABLES.items():
        for part, state in workspace.lake.states(schema).items():
            tags = {"dagster/data_version": state.content}
            instance.report_runless_asset_event(dg.AssetMaterialization(name, partition=part, tags=tags))


def declare(folder: Path, **fields: object) -> None:
    """Write a cohort file."""
    folder.mkdir(parents=True, exist_ok=True)
    cohort = {"title": folder.name, "provenance": _PROVENANCE, **fields}
    (folder / "cohort.yaml").write_text(yaml.safe_dump(cohort))


def _reference(folder: Path, names: list[str], random: np.random.Generator) -> None:
    hot = np.arange(len(names)) % 3 == 0
    clinical = pd.DataFrame(
        {
            "id": names,
            "age": random.integers(30, 80, len(names)),
            "days": random.integers(100, 3000, len(names)),
            "dead": random.integers(0, 2, len(names)),
            "hospital": np.where(np.arange(len(names)) % 2, "H1", "H2"),
            "receptor": random.choice(["pos", "neg"], len(names)),
            "treatment": np.where(np.arange(len(names)) % 2, "chemotherapy", "anti-PD-1"),
            "leukocytes": np.linspace(0.05, 0.6, len(names)).round(4),
            "response": np.resize(["PR", "PD", "SD", "SD", "CR", "PD", "PR"], len(names)),
        }
    )
    scores = pd.DataFrame(random.normal(0, 0.3, (len(names), len(POPULATION_GROUPS))), columns=list(POPULATION_GROUPS))
    scores.loc[hot, ["CD8 T cells", "B cells", "NK cells"]] += 2
    scores.loc[~hot, ["Fibroblasts", "Endothelium"]] += 2
    declare(
        folder,
        roles=["phenotype_reference"],
        clinical=[
            {
                "file": "clinical.csv",
                "patient_id": "id",
                "columns": {
                    "age_years": "age",
                    "os_days": "days",
                    "os_event": "dead",
                    "arm": "treatment",
                    "site": "hospital",
                    "recist": "response",
                    "leukocyte_fraction": "leukocytes",
                },
                "other": ["receptor"],
            }
        ],
        cell_scores={"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        phenotypes={"by": "fit"},
        other_scores={"again": {"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn, read again"}},
    )
    clinical.to_csv(folder / "clinical.csv", index=False)
    scores.assign(patient_id=names).to_csv(folder / "scores.tsv", sep="\t", index=False)
    groups = pd.DataFrame({"population": list(POPULATION_GROUPS), "group": list(POPULATION_GROUPS.values())})
    groups.to_csv(folder / "groups.tsv", sep="\t", index=False)


def _mri(folder: Path, names: list[str], random: np.random.Generator) -> None:
    declare(
        folder,
        roles=["signature_discovery", "signature_validation"],
        features={"file": "features.csv", "feature_set": "drawn"},
        phenotypes={"by": "patient", "cohort": "reference"},
        split={"fraction": 0.25, "seed": 1},
    )
    features = pd.DataFrame(random.normal(size=(len(names), 6)), columns=[f"f{n}" for n in range(6)])
    features.assign(patient_id=names).to_csv(folder / "features.csv", index=False)


def _expression(folder: Path, names: list[str], random: np.random.Generator, all_genes: bool) -> None:
    from tme_platform.expression import CHECKPOINT_GENES, gene_set_path, read_gmt

    genes = {gene for members in read_gmt(gene_set_path("tme24")).values() for gene in members}
    if all_genes:  # enough for ESTIMATE, PAM50, MCP-counter and GSEA, too
        packaged = gene_set_path("tme24").parent
        common = pd.read_csv(packaged / "estimate_common_genes_10412.tsv.gz", sep="\t", dtype=str).iloc[:, 0]
        centroids = pd.read_csv(packaged / "pam50_centroids_genefu.csv").iloc[:, 0]
        genes |= {*common, *centroids, *CHECKPOINT_GENES}
    matrix = pd.DataFrame(random.normal(5, 2, (len(genes), len(names))).round(3), index=sorted(genes), columns=names)
    declare(
        folder,
        roles=["score_comparison"],
        clinical=[{"file": "clinical.csv", "patient_id": "id", "columns": {"os_days": "days", "os_event": "dead"}}],
        expression={"file": "expression.tsv", "unit": "log2_tpm"},
        phenotypes={"by": "fit"},
        score_comparison={"cohort": "reference", "pairs": "pairs.tsv"},
    )
    days = random.integers(100, 3000, len(names))
    pd.DataFrame({"id": names, "days": days, "dead": 1}).to_csv(folder / "clinical.csv", index=False)
    (folder / "pairs.tsv").write_text("population\tcompared_with\nFibroblasts\tFibroblasts\n")
    matrix.rename_axis("gene").to_csv(folder / "expression.tsv", sep="\t")


def make_imaging(folder: Path, names: list[str], random: np.random.Generator) -> None:
    """A cohort of small images, each with one outline."""
    declare(folder, roles=["imaging_methods"], imaging={})
    (folder / "images").mkdir(parents=True)
    rows = []
    for name in names:
        write_image(folder, name, random)
        rows.append({"patient_id": name, "image": f"images/{name}.nii.gz", "mask": f"images/{name}_mask.nii.gz"})
    pd.DataFrame(rows).to_csv(folder / "imaging.csv", index=False)


def write_image(folder: Path, name: str, random: np.random.Generator, radius: float = 6.0) -> None:
    """A noisy ball in the dark, and its outline."""
    z, y, x = np.mgrid[:24, :28, :28]
    distance = np.sqrt((z - 12.0) ** 2 + (y - 14.0) ** 2 + (x - 14.0) ** 2)
    values = random.normal(100, 15, distance.shape) + 150 * (distance < radius)
    for suffix, array in (("", values.astype(np.float32)), ("_mask", (distance < radius).astype(np.uint8))):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((1.0, 1.0, 1.0))
        sitk.WriteImage(image, str(folder / "images" / f"{name}{suffix}.nii.gz"))
