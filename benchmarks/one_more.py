"""Measure adding one patient relative to the first run of the cohort, with images and with a feature table.

    python benchmarks/one_more.py [--images 100] [--tabled 1000] [--study FILE]

The simulated study is generated with a small discovery cohort and run without its external cohort,
sim_immune_phenotype, so that there is a signature. Then that cohort lands and is run (the first run), grows by one
patient, and is run again. The times are those of the tables of that cohort, without the start of the process, and of
the tables of the whole study that read them (evaluation over all cohorts, catalog, report).

Agreement and ring width use the default settings, as in a study of real patients; the packaged simulated study uses
fewer patients for them (`--study simulated`).
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import tempfile
import time
from pathlib import Path

from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.simulation import Simulation, grown_sizes, write_study
from tme_platform.steps.workspace import Workspace

COHORT = "sim_immune_phenotype"
OTHERS = {"sim_expression": 60, "sim_radiomics": 30}
STUDY = """
extends: simulated
name: simulated
title: Simulated cohorts with the default settings of agreement and ring width
agreement: {perturbation_patients: 30}
ring_width: {patients: 10, widths_mm: [1.0, 2.0, 3.0, 5.0]}
"""


def main() -> None:
    """Measure both kinds and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100, help="patients with images; 0: skip")
    parser.add_argument("--tabled", type=int, default=1000, help="patients in a feature table; 0: skip")
    parser.add_argument("--study", default="", help="a packaged study or a study file to use instead")
    options = parser.parse_args()
    gc.freeze()  # as `tme run` does
    atexit.register(gc.unfreeze)
    print(
        "| cohort | patients | first run, cohort tables | add one | share | first run, all tables | add one | share |"
    )
    print("| --- |" + " ---: |" * 7)
    for kind, patients in (("images", options.images), ("a feature table", options.tabled)):
        if patients:
            with tempfile.TemporaryDirectory() as folder:
                (own, own_more), (rest, rest_more) = measured(
                    Path(folder), patients, options.study, tabled=kind != "images"
                )
            every, every_more = own + rest, own_more + rest_more
            print(
                f"| {kind} | {patients:,} | {own:.1f} s | {own_more:.2f} s | {own_more / own:.1%} | {every:.1f} s | "
                f"{every_more:.2f} s | {every_more / every:.1%} |"
            )


def measured(folder: Path, patients: int, study: str, *, tabled: bool) -> list[tuple[float, float]]:
    """Return the seconds of the first run and of adding one patient, for cohort tables and for study tables."""
    os.environ.pop("DAGSTER_HOME", None)  # set by the previous lake
    settings = Simulation(2024, 2.0, tabled, ())
    landing = folder / "landing"
    (folder / "study.yaml").write_text(STUDY)
    study = study or str(folder / "study.yaml")
    write_study(landing, OTHERS, settings)
    workspace = Workspace(lake_root=str(folder / "lake"), landing_root=str(landing), study_name=study)
    with open_instance(folder / "lake") as instance:
        _run(workspace, instance)
        write_study(landing, {**OTHERS, COHORT: patients}, settings)
        first = _of_cohort(workspace, instance), _run(workspace, instance)
        write_study(landing, *grown_sizes(landing, {COHORT: 1}))
        more = _of_cohort(workspace, instance), _run(workspace, instance)
    return list(zip(first, more, strict=True))


def _of_cohort(workspace: Workspace, instance: object) -> float:
    keys = [spec.key.to_user_string() for spec in build_definitions().resolve_all_asset_specs() if spec.partitions_def]
    return _run(workspace, instance, cohorts=[COHORT], select=" or ".join(f'key:"{key}"' for key in keys))


def _run(workspace: Workspace, instance: object, **options: object) -> float:
    started = time.perf_counter()
    outcome = run_study(workspace, instance, LoggedProgress(), **options)
    if not outcome.success:
        raise SystemExit(f"{outcome.failures}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
