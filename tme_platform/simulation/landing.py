"""The simulated study as landing folders. What is in the files is drawn in the other modules of the package.

A cohort is written beside its place and moved there whole, so that nobody sees half of one. Growing it links the images
that are there already into the new folder: they stay as they are, byte for byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tme_platform.cohorts import list_cohorts, read_cohort
from tme_platform.radiomics import available_processors
from tme_platform.radiomics.backends import InProcess, ProcessPool
from tme_platform.simulation.cohorts import COHORTS, EXPRESSION, TRUTH
from tme_platform.simulation.imaging import ImageJob, image_jobs, write_image, write_manifest
from tme_platform.simulation.patients import simulate_patients
from tme_platform.simulation.tables import write_cohort_file, write_tables, write_truth

RECORD = "simulation.yaml"
"""What a simulated cohort was made by; kept in its folder, so that it can be grown by the same."""

OnProgress = Callable[[str, int, int], None]
"""Told after each image: cohort, done, total."""


class SimulationError(ValueError):
    """The study cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Simulation:
    """What the simulated study is made by.

    Attributes
    ----------
    seed
        Seed of everything.
    effect
        How strongly images follow the infiltration; 0 is not at all.
    features_only
        Finished feature tables in place of images.
    dicom
        Cohorts whose images are DICOM series with DICOM-SEG outlines; the others are NIfTI.
    """

    seed: int = 2024
    effect: float = 2.0
    features_only: bool = False
    dicom: tuple[str, ...] = ()

    def of(self, cohort: str) -> dict[str, object]:
        """What one cohort is made by, as its record says it."""
        images = "features" if self.features_only else "dicom" if cohort in self.dicom else "nifti"
        return {"seed": self.seed, "effect": self.effect, "images": images if cohort != EXPRESSION.name else "none"}


def write_study(
    landing: Path,
    sizes: Mapping[str, int],
    simulation: Simulation,
    *,
    workers: int | None = None,
    replace_other: bool = False,
    on_progress: OnProgress | None = None,
) -> dict[str, int]:
    """Write the cohorts of the simulated study; what is there already is kept, and grown where more is asked for.

    Parameters
    ----------
    landing
        Folder with one folder per cohort.
    sizes
        Patients by cohort (names of `COHORTS`).
    simulation
        What they are made by.
    workers
        Processes; None takes the processors there are, 1 works in this process.
    replace_other
        Whether a cohort that was made by something else, or is larger, is made anew.
    on_progress
        Told after each image.

    Returns
    -------
    dict
        Images written, by cohort.

    Raises
    ------
    SimulationError
        An unknown cohort; a landing folder with real cohorts; a cohort that cannot be grown into the one asked for.
    """
    _refuse_unknown([*sizes, *simulation.dicom])
    _refuse_real(landing)
    for name, patients in sizes.items():
        _refuse_other(landing / name, simulation.of(name), patients, replace_other)
    written = {}
    for name, patients in sizes.items():
        written[name] = _write_cohort(landing, name, patients, simulation, workers, on_progress)
    if EXPRESSION.name in sizes:
        _write_truth(landing, sizes[EXPRESSION.name], simulation)
    return written


def grown_sizes(landing: Path, more: Mapping[str, int]) -> tuple[dict[str, int], Simulation]:
    """Sizes of simulated cohorts that are to be larger by so many patients, and what they were made by.

    Parameters
    ----------
    landing
        Folder with one folder per cohort.
    more
        How many patients more, by cohort.

    Raises
    ------
    SimulationError
        A cohort is not there, or the cohorts were made by different seeds or effects.
    """
    _refuse_unknown(list(more))
    records = {name: _record(landing / name) for name in more}
    for name, record in records.items():
        if record is None:
            raise SimulationError(f"{landing / name} is no simulated cohort that could grow: run `tme simulate` first")
    known = {name: record for name, record in records.items() if record is not None}
    if len({(record["seed"], record["effect"]) for record in known.values()}) > 1:
        raise SimulationError("these cohorts were made by different seeds or effects: grow them one at a time")
    first = next(iter(known.values()))
    made_by = Simulation(
        seed=int(str(first["seed"])),
        effect=float(str(first["effect"])),
        features_only=any(record["images"] == "features" for record in known.values()),
        dicom=tuple(name for name, record in known.items() if record["images"] == "dicom"),
    )
    return {name: int(str(known[name]["patients"])) + number for name, number in more.items()}, made_by


def _refuse_unknown(names: list[str]) -> None:
    for name in names:
        if name not in COHORTS:
            raise SimulationError(f"{name!r} is no simulated cohort: it is one of {', '.join(COHORTS)}")


def _refuse_real(landing: Path) -> None:
    for name in list_cohorts(landing):
        if not read_cohort(landing / name).simulated:
            raise SimulationError(
                f"{landing} holds the real cohort {name}: simulated ones are not put beside it. "
                "Name another folder (--to)."
            )


def _refuse_other(folder: Path, made_by: dict[str, object], patients: int, replace_other: bool) -> None:
    record = _record(folder)
    if replace_other or not folder.exists():
        return
    if record is None:
        raise SimulationError(f"{folder} was not made by `tme simulate`: move it away")
    differs = [name for name, value in made_by.items() if record[name] != value]
    if differs:
        said = ", ".join(f"{name} {record[name]} (asked: {made_by[name]})" for name in differs)
        raise SimulationError(f"{folder.name} is there already, made by {said}: --replace makes it anew")
    if int(str(record["patients"])) > patients:
        raise SimulationError(
            f"{folder.name} has {record['patients']} patients already, {patients} are asked for: "
            "--replace makes it anew"
        )


def _record(folder: Path) -> dict[str, object] | None:
    path = folder / RECORD
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def _write_cohort(
    landing: Path, name: str, patients: int, simulation: Simulation, workers: int | None, on_progress: OnProgress | None
) -> int:
    cohort = COHORTS[name]
    people = simulate_patients(cohort, patients, effect=simulation.effect, seed=simulation.seed)
    staged = _stage(landing / name)
    made_by = simulation.of(name)
    images = 0
    if cohort.imaging and not simulation.features_only:
        if _record(landing / name) is not None and _same(_record(landing / name), made_by):
            _link_images(landing / name, staged)
        jobs = image_jobs(staged, cohort, people, seed=simulation.seed, dicom=made_by["images"] == "dicom")
        todo = [job for job in jobs if not job.done()]
        _run(todo, name, workers, on_progress)
        write_manifest(staged, jobs)
        images = len(todo)
    write_tables(staged, cohort, people, seed=simulation.seed, features=simulation.features_only)
    write_cohort_file(staged, cohort, features=simulation.features_only, effect=simulation.effect, seed=simulation.seed)
    _finish(staged, landing / name, {**made_by, "patients": patients})
    return images


def _write_truth(landing: Path, patients: int, simulation: Simulation) -> None:
    people = simulate_patients(EXPRESSION, patients, effect=simulation.effect, seed=simulation.seed)
    staged = _stage(landing / TRUTH)
    write_truth(staged, people, seed=simulation.seed)
    _finish(staged, landing / TRUTH, {**replace(simulation, dicom=()).of(EXPRESSION.name), "patients": patients})


def _run(jobs: list[ImageJob], name: str, workers: int | None, on_progress: OnProgress | None) -> None:
    workers = workers or available_processors()
    here = workers == 1 or len(jobs) < 2
    backend = InProcess() if here else ProcessPool(workers, preload=["tme_platform.simulation.imaging"])
    for done, (number, outcome) in enumerate(backend.map(write_image, jobs), start=1):
        if isinstance(outcome, Exception):
            raise SimulationError(f"{name}, patient {jobs[number].patient}: {outcome}") from outcome
        if on_progress is not None:
            on_progress(name, done, len(jobs))


def _same(record: dict[str, object] | None, made_by: dict[str, object]) -> bool:
    return record is not None and all(record[name] == value for name, value in made_by.items())


def _stage(folder: Path) -> Path:
    """An empty hidden folder beside the place of a cohort; a run does not see it."""
    staged = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    return staged


def _link_images(folder: Path, staged: Path) -> None:
    """The images that are there, in the new folder, too: as links where the file system has them."""
    if (folder / "images").is_dir():
        try:
            shutil.copytree(folder / "images", staged / "images", copy_function=os.link)
        except OSError:
            shutil.rmtree(staged / "images", ignore_errors=True)
            shutil.copytree(folder / "images", staged / "images")


def _finish(staged: Path, folder: Path, record: Mapping[str, object]) -> None:
    """Record what the cohort was made by and move it into its place; the one before goes."""
    (staged / RECORD).write_text(yaml.safe_dump(dict(record), sort_keys=False), encoding="utf-8")
    before = folder.with_name(f".{folder.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.replace(before)
    staged.replace(folder)
    shutil.rmtree(before, ignore_errors=True)
