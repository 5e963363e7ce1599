"""Measure how plan and sensor grow with the number of cohorts.

    python benchmarks/many_cohorts.py [--cohorts 25 50 100 200] [--first-run]

For each number, cohorts of three patients (clinical data and finished cell scores) land in a temporary folder. Unless
`--first-run` is given, their tables are written without Dagster and reported to it, because a first run of 200
cohorts takes long; with it, `tme run` builds them. Then are measured, in processor seconds of a separate process each:
`tme status`, a glance and a look of the sensor `keep_up`, and a run with nothing to do. The output is a table in
Markdown, with the slope of a log-log fit over the numbers (1 is linear).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import yaml

from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.survey import survey
from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace

PATIENTS = 3
POPULATIONS = {"CD8 T cells": "adaptive", "B cells": "adaptive", "Fibroblasts": "non_immune"}
STUDY = """
name: many
title: Many cohorts of three patients
report: {figures: false}
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, nargs="+", default=[25, 50, 100, 200])
    parser.add_argument("--first-run", action="store_true", help="build the tables by Dagster runs, and time that")
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "WHAT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), options.measure[1])
        return
    first = "first run" if options.first_run else "writing the tables"
    found: dict[str, list[float]] = {}
    for cohorts in options.cohorts:
        with tempfile.TemporaryDirectory() as name:
            land(Path(name), cohorts)
            for what in (first, *MEASURED):
                found.setdefault(what, []).append(in_process(Path(name), what))
    print("| processor seconds | " + " | ".join(f"{n} cohorts" for n in options.cohorts) + " | exponent |")
    print("| --- |" + " ---: |" * (len(options.cohorts) + 1))
    for what, seconds in found.items():
        print(f"| {what} | {' | '.join(f'{one:.2f}' for one in seconds)} | {exponent(options.cohorts, seconds):.2f} |")


def land(folder: Path, cohorts: int) -> None:
    """Write the study file and the landing folders."""
    random = np.random.default_rng(2024)
    (folder / "study.yaml").write_text(STUDY)
    for number in range(cohorts):
        landed = folder / "landing" / f"c{number:03d}"
        landed.mkdir(parents=True)
        names = [f"C{number}P{patient}" for patient in range(PATIENTS)]
        days = random.integers(100, 3000, PATIENTS)
        pd.DataFrame({"id": names, "days": days, "dead": 1}).to_csv(landed / "clinical.csv", index=False)
        scores = pd.DataFrame(random.normal(size=(PATIENTS, len(POPULATIONS))), columns=list(POPULATIONS))
        scores.assign(patient_id=names).to_csv(landed / "scores.tsv", sep="\t", index=False)
        groups = pd.DataFrame({"population": list(POPULATIONS), "group": list(POPULATIONS.values())})
        groups.to_csv(landed / "groups.tsv", sep="\t", index=False)
        columns = {"os_days": "days", "os_event": "dead"}
        declared = {
            "title": landed.name,
            "roles": ["score_comparison"],
            "provenance": {"kind": "simulated", "source": "drawn at random for a benchmark", "licence": "CC0"},
            "clinical": [{"file": "clinical.csv", "patient_id": "id", "columns": columns}],
            "cell_scores": {"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        }
        (landed / "cohort.yaml").write_text(yaml.safe_dump(declared))


def in_process(folder: Path, what: str) -> float:
    """Measure one thing in a separate process."""
    command = [sys.executable, __file__, "--measure", str(folder), what]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, what: str) -> None:
    """Do one thing in this process and print its processor seconds, without imports and the start of Dagster."""
    workspace = Workspace(
        lake_root=str(folder / "lake"),
        landing_root=str(folder / "landing"),
        study_name=str(folder / "study.yaml"),
        workers=1,
    )
    with open_instance(workspace.state) as instance:
        done = {"first run": _run, "writing the tables": _write, **MEASURED}[what]
        started = time.process_time()
        done(workspace, instance)
        print(json.dumps(time.process_time() - started))


def _run(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    outcome = run_study(workspace, instance, LoggedProgress())
    if not outcome.success:
        raise SystemExit(f"{outcome.failures}")


def _write(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    world = workspace.world()
    instance.add_dynamic_partitions("cohort", list(world.cohorts))
    for step in STEPS.values():
        for cohort in world.cohorts if step.schema.per_cohort else (None,):
            materialise(step, workspace.scope(step.schema, cohort, world=world))
            instance.report_runless_asset_event(dg.AssetMaterialization(step.name, partition=cohort))


def _status(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    survey(workspace, instance, running=(), write=False).plan()


def _glance(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    _tick(workspace, instance, json.dumps({"looked": time.time()}))


def _look(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    _tick(workspace, instance, None)


def _tick(workspace: Workspace, instance: dg.DagsterInstance, cursor: str | None) -> None:
    (keep_up,) = [sensor for sensor in make_sensors() if sensor.name == "keep_up"]
    keep_up(dg.build_sensor_context(instance=instance, cursor=cursor), workspace=workspace)


MEASURED: dict[str, Callable[[Workspace, dg.DagsterInstance], None]] = {
    "`tme status`": _status,
    "glance of the sensor": _glance,
    "look of the sensor": _look,
    "run with nothing to do": _run,
}


def exponent(numbers: list[int], seconds: list[float]) -> float:
    """Return the slope of a log-log fit; NaN for a single number."""
    if len(numbers) < 2:
        return math.nan
    return float(np.polyfit(np.log(numbers), np.log(seconds), 1)[0])


if __name__ == "__main__":
    main()
