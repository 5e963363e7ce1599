"""Write the simulated study as landing folders. Simulating the data belongs in the other modules of the package.

A cohort is written to a hidden folder and then moved into place, so that no run sees an incomplete cohort. When a
cohort grows, existing images are linked into the new folder and stay the same byte for byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tme_platform.cohorts import list_cohorts, read_cohort
from tme_platform.radiomics.backends import local_backend
from tme_platform.simulation.cohorts import COHORTS, EXPRESSION, TRUTH
from tme_platform.simulation.imaging import ImageJob, image_jobs, write_image, write_manifest
from tme_platform.simulation.patients import simulate_patients
from tme_platform.simulation.tables import write_cohort_file, write_tables, write_truth

RECORD = "simulation.yaml"
"""Records the settings of a simulated cohort in its folder, so that it can grow with the same settings."""

OnProgress = Callable[[str, int, int], None]
"""Called after each image with cohort, images done, and total."""


class SimulationError(ValueError):
    """The study cannot be written; the message says why and what to do."""


@dataclass(frozen=True)
class Simulation:
    """Settings of the simulated study.

    Attributes
    ----------
    seed
        Seed of all random numbers.
    effect
        Strength of the link between infiltration and images; 0 is none.
    features_only
        Write finished feature tables instead of images.
    dicom
        Cohorts whose images are DICOM series with DICOM-SEG outlines; the others are NIfTI.
    """

    seed: int = 2024
    effect: float = 2.0
    features_only: bool = False
    dicom: tuple[str, ...] = ()

    def of(self, cohort: str) -> dict[str, object]:
        """Return the settings of one cohort, as in its record."""
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
    """Write the cohorts of the simulated study. Existing patients are kept, and cohorts grow to the requested size.

    Parameters
    ----------
    landing
        Folder with one folder per cohort.
    sizes
        Patients by cohort (names of `COHORTS`).
    simulation
        Settings of the study.
    workers
        Number of processes; None uses all processors, 1 uses the current process.
    replace_other
        Whether to overwrite cohorts that have other settings or more patients.
    on_progress
        Called after each image.

    Returns
    -------
    dict
        Number of images written, by cohort.

    Raises
    ------
    SimulationError
        If a cohort is unknown, the landing folder holds real cohorts, or an existing cohort has other settings or more
        patients.
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
    """Return the sizes of simulated cohorts after adding patients, and their settings.

    Parameters
    ----------
    landing
        Folder with one folder per cohort.
    more
        Number of patients to add, by cohort.

    Raises
    ------
    SimulationError
        If a cohort does not exist, or the cohorts have different seeds or effects.
    """
    _refuse_unknown(list(more))
    records = {name: _record(landing / name) for name in more}
    for name, record in records.items():
        if record is None:
            raise SimulationError(
                f"{landing / name} is not a simulated cohort, so it cannot grow: run `tme simulate` first"
            )
    known = {name: record for name, record in records.items() if record is not None}
    if len({(record["seed"], record["effect"]) for record in known.values()}) > 1:
        raise SimulationError("these cohorts have different seeds or effects: grow them one at a time")
    first = next(iter(known.values()))
    settings = Simulation(
        seed=int(str(first["seed"])),
        effect=float(str(first["effect"])),
        features_only=any(record["images"] == "features" for record in known.values()),
        dicom=tuple(name for name, record in known.items() if record["images"] == "dicom"),
    )
    return {name: int(str(known[name]["patients"])) + number for name, number in more.items()}, settings


def _refuse_unknown(names: list[str]) -> None:
    for name in names:
        if name not in COHORTS:
            raise SimulationError(f"{name!r} is not a simulated cohort: choose from {', '.join(COHORTS)}")


def _refuse_real(landing: Path) -> None:
    for name in list_cohorts(landing):
        if not read_cohort(landing / name).simulated:
            raise SimulationError(
                f"{landing} holds the real cohort {name}, and simulated cohorts are kept separate: choose another "
                "folder with --to"
            )


def _refuse_other(folder: Path, settings: dict[str, object], patients: int, replace_other: bool) -> None:
    record = _record(folder)
    if replace_other or not folder.exists():
        return
    if record is None:
        raise SimulationError(f"{folder} was not written by `tme simulate`: move it elsewhere")
    changed = [name for name, value in settings.items() if record[name] != value]
    if changed:
        shown = ", ".join(f"{name} {record[name]} (requested: {settings[name]})" for name in changed)
        raise SimulationError(f"{folder.name} already exists with {shown}: use --replace to overwrite it")
    if int(str(record["patients"])) > patients:
        raise SimulationError(
            f"{folder.name} already has {record['patients']} patients, more than the {patients} requested: "
            "use --replace to overwrite it"
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
    settings = simulation.of(name)
    images = 0
    if cohort.imaging and not simulation.features_only:
        if _record(landing / name) is not None and _same(_record(landing / name), settings):
            _link_images(landing / name, staged)
        jobs = image_jobs(staged, cohort, people, seed=simulation.seed, dicom=settings["images"] == "dicom")
        todo = [job for job in jobs if not job.done()]
        _run(todo, name, workers, on_progress)
        write_manifest(staged, jobs)
        images = len(todo)
    write_tables(staged, cohort, people, seed=simulation.seed, features=simulation.features_only)
    write_cohort_file(staged, cohort, features=simulation.features_only, effect=simulation.effect, seed=simulation.seed)
    _finish(staged, landing / name, {**settings, "patients": patients})
    return images


def _write_truth(landing: Path, patients: int, simulation: Simulation) -> None:
    people = simulate_patients(EXPRESSION, patients, effect=simulation.effect, seed=simulation.seed)
    staged = _stage(landing / TRUTH)
    write_truth(staged, people, seed=simulation.seed)
    _finish(staged, landing / TRUTH, {**replace(simulation, dicom=()).of(EXPRESSION.name), "patients": patients})


def _run(jobs: list[ImageJob], name: str, workers: int | None, on_progress: OnProgress | None) -> None:
    backend = local_backend(workers, len(jobs), preload=["tme_platform.simulation.imaging"])
    for done, (number, outcome) in enumerate(backend.map(write_image, jobs), start=1):
        if isinstance(outcome, Exception):
            raise SimulationError(f"{name}, patient {jobs[number].patient}: {outcome}") from outcome
        if on_progress is not None:
            on_progress(name, done, len(jobs))


def _same(record: dict[str, object] | None, settings: dict[str, object]) -> bool:
    return record is not None and all(record[name] == value for name, value in settings.items())


def _stage(folder: Path) -> Path:
    """Create an empty hidden folder beside that of the cohort; runs ignore it."""
    staged = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    return staged


def _link_images(folder: Path, staged: Path) -> None:
    """Link the existing images into the new folder, or copy them if the file system has no links."""
    if (folder / "images").is_dir():
        try:
            shutil.copytree(folder / "images", staged / "images", copy_function=os.link)
        except OSError:
            shutil.rmtree(staged / "images", ignore_errors=True)
            shutil.copytree(folder / "images", staged / "images")


def _finish(staged: Path, folder: Path, record: Mapping[str, object]) -> None:
    """Write the record, move the cohort into place, and delete the previous one."""
    (staged / RECORD).write_text(yaml.safe_dump(dict(record), sort_keys=False), encoding="utf-8")
    before = folder.with_name(f".{folder.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.replace(before)
    staged.replace(folder)
    shutil.rmtree(before, ignore_errors=True)
