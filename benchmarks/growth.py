"""Measure how time and memory grow with the number of patients: from landing files to catalog, and a no-op run.

    python benchmarks/growth.py [--patients 100 1000 10000] [--genes 2000] [--features 958] [--unlearned]

For each number of patients, a cohort is generated in a temporary folder: an expression matrix, clinical data with
survival, and a finished feature table (no images, since extraction is per patient; see
`benchmarks/radiomics_extraction.py`). Each measurement runs in a separate process, to measure its peak memory. The
output is Markdown: processor seconds (including child processes, so other load on the machine matters little), peak
memory, and the slope of a log-log fit over the sizes (1 is linear). Then one patient is added, and the time is
compared with that of the first run. `--unlearned` leaves out everything that learns from the features (signature,
evaluation, report), which takes most of the time but does not measure the platform.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

STEPS = {
    "landing files": ("cohort_files", "cohorts", "patients", "clinical_other"),
    "expression": ("expression",),
    "scores and phenotypes": (
        *("populations", "cell_scores", "cell_score_ranges", "phenotype_model", "tme_phenotypes"),
    ),
    "features": ("cohort_files", "patients", "radiomic_features"),
    "everything else": (),
}
"""In order; each step builds what earlier steps did not."""
NO_OP = "a run with nothing to do"
NO_OP_SELECTED = f"{NO_OP}, these tables"

STUDY = """
name: growth
title: Growth of the platform
extends: han2024
phenotypes: {k: 2, k_max: 3, starts: 5, draws: 2, null_draws: 19, compared_collections: [mcpcounter]}
enrichment: {collections: [msigdb_hallmark_50], permutations: 100, sample_permutations: 99}
signature: {n_repeats: 1, n_trees: 20, n_splits: 3, permutations: 1}
"""


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--features", type=int, default=958)
    parser.add_argument(
        "--one-more", type=int, default=1000, help="size of the cohort to which a patient is added; 0: none"
    )
    parser.add_argument("--unlearned", action="store_true", help="only scores and features")
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "STEP"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), options.measure[1])
        return
    found = {}
    for patients in options.patients:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_cohort(folder, patients, options.genes, options.features)
            found[patients] = grow(folder, learned=not options.unlearned)
            if patients == options.one_more and not options.unlearned:
                one_more(folder, patients, found[patients])
    print_table(found, options.genes, options.features)


def write_cohort(folder: Path, patients: int, genes: int, features: int) -> None:
    """Write the study file and a cohort of random numbers, with a third of the patients hot."""
    from tme_platform.expression import gene_set_path, read_gmt
    from tme_platform.expression.gene_lengths import packaged_gene_lengths

    random = np.random.default_rng(2024)
    landed = folder / "landing" / "grown"
    landed.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    names = [f"P{number:05d}" for number in range(patients)]
    sets = read_gmt(gene_set_path("tme24"))
    known = sorted({gene for members in sets.values() for gene in members})
    others = [gene for gene in packaged_gene_lengths().index if gene not in set(known)]
    symbols = known + others[: max(0, genes - len(known))]
    hot = np.arange(patients) % 3 == 0
    values = random.normal(5, 2, (len(symbols), patients)).clip(0)
    values[: len(known), hot] += random.normal(0.5, 0.1, (len(known), 1))
    pd.DataFrame(values.round(3), index=pd.Index(symbols, name="gene"), columns=names).to_csv(
        landed / "expression.tsv", sep="\t"
    )
    pd.DataFrame(
        {
            "id": names,
            "age": random.integers(30, 80, patients),
            "days": random.integers(100, 3000, patients),
            "dead": random.integers(0, 2, patients),
        }
    ).to_csv(landed / "clinical.csv", index=False)
    table = pd.DataFrame(random.normal(size=(patients, features)).round(5), columns=[f"f{n}" for n in range(features)])
    table.insert(0, "patient_id", names)
    table.to_csv(landed / "features.csv", index=False)
    cohort = {
        "title": "grown",
        "roles": ["phenotype_reference", "signature_discovery", "signature_validation"],
        "provenance": {"kind": "simulated", "source": "drawn at random for a benchmark", "licence": "CC0"},
        "clinical": [
            {
                "file": "clinical.csv",
                "patient_id": "id",
                "columns": {"age_years": "age", "os_days": "days", "os_event": "dead"},
            }
        ],
        "expression": {"file": "expression.tsv", "unit": "log2_tpm"},
        "features": {"file": "features.csv", "feature_set": "drawn"},
        "phenotypes": {"by": "fit"},
        "split": {"fraction": 0.2, "seed": 1},
    }
    (landed / "cohort.yaml").write_text(yaml.safe_dump(cohort))


def grow(folder: Path, *, learned: bool) -> dict[str, dict[str, float]]:
    """Build the tables of a cohort step by step, then run again with nothing to do."""
    steps = [step for step, tables in STEPS.items() if tables or learned]
    found = {step: in_process(folder, step) for step in (*steps, "catalog", NO_OP if learned else NO_OP_SELECTED)}
    found["whole first run"] = {
        "seconds": sum(found[step]["seconds"] for step in steps),
        "megabytes": max(found[step]["megabytes"] for step in steps),
    }
    return found


def one_more(folder: Path, patients: int, first: dict[str, dict[str, float]]) -> None:
    """Add a patient, first without and then with expression, and print the time of each."""
    landed = folder / "landing" / "grown"
    for file, separator in (("clinical.csv", ","), ("features.csv", ",")):
        table = pd.read_csv(landed / file, sep=separator)
        row = table.iloc[[0]].assign(**{table.columns[0]: "P99999"})
        row.to_csv(landed / file, sep=separator, mode="a", header=False, index=False)
    features = in_process(folder, "features")["seconds"]
    scored = in_process(folder, "everything else")["seconds"]
    expression = pd.read_csv(landed / "expression.tsv", sep="\t", index_col=0)
    expression.assign(P99999=expression.iloc[:, 0]).to_csv(landed / "expression.tsv", sep="\t")
    learned = in_process(folder, "everything else")["seconds"]
    whole = first["whole first run"]["seconds"]
    every = features + scored
    print(f"Adding one patient to {patients:,}, whose first run took {whole:.1f} s. Without expression:")
    print(f"{features:.1f} s ({features / whole:.1%}) up to the features,")
    print(f"{every:.1f} s ({every / whole:.1%}) including all other tables.")
    print(f"After adding the expression, all models are refitted: {learned:.1f} s.\n")


def in_process(folder: Path, step: str) -> dict[str, float]:
    """Measure one step in a separate process."""
    command = [sys.executable, __file__, "--measure", str(folder), step]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, step: str) -> None:
    """Run one step in this process and print its cost, without imports and the start of Dagster."""
    from tme_platform.lake import build_catalog
    from tme_platform.orchestration.instance import open_instance
    from tme_platform.orchestration.progress import LoggedProgress
    from tme_platform.orchestration.run import run_study
    from tme_platform.steps.workspace import Workspace

    lake = folder / "lake"
    study = str(folder / "study.yaml")
    workspace = Workspace(lake_root=str(lake), landing_root=str(folder / "landing"), study_name=study, workers=1)
    with open_instance(lake) as instance:
        started = _processor_seconds()
        if step == "catalog":
            build_catalog(workspace.lake)
        else:
            names = itertools.chain(*STEPS.values()) if step == NO_OP_SELECTED else STEPS.get(step, ())
            select = " or ".join(f'key:"{name}"' for name in dict.fromkeys(names)) or None
            outcome = run_study(workspace, instance, LoggedProgress(), select=select)
            if not outcome.success:
                raise SystemExit(f"{step}: {outcome.failures}")
        seconds = _processor_seconds() - started
    print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _processor_seconds() -> float:
    """Processor seconds of this process and of its finished children."""
    return sum(os.times()[:4])


def print_table(found: dict[int, dict[str, dict[str, float]]], genes: int, features: int) -> None:
    """Print processor seconds and peak memory by step and size, with exponents over the sizes."""
    sizes = sorted(found)
    print(f"{genes:,} genes, {features:,} features; processor seconds (peak memory in MB), one process.\n")
    print("| step | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent, time | memory |")
    print("| --- |" + " ---: |" * (len(sizes) + 2))
    for step in found[sizes[0]]:
        cells = [f"{found[n][step]['seconds']:.2f} ({found[n][step]['megabytes']:.0f})" for n in sizes]
        slopes = [f"{exponent(found, step, what):.2f}" for what in ("seconds", "megabytes")]
        print(f"| {step} | {' | '.join([*cells, *slopes])} |")


def exponent(found: dict[int, dict[str, dict[str, float]]], step: str, what: str) -> float:
    """Return the slope of a log-log fit; NaN for a single size."""
    sizes = sorted(found)
    if len(sizes) < 2:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log([found[n][step][what] for n in sizes]), 1)[0])


if __name__ == "__main__":
    main()
