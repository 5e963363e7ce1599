"""Write the image files of a simulated cohort and their manifest. Simulating an image belongs in `image`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.simulation.cohorts import SimulatedCohort
from tme_platform.simulation.dicom import write_segmentation, write_series
from tme_platform.simulation.image import readings, simulate_image

_SERIES = "dce"
_DONE = "exclusion.nii.gz"
"""Written last, so an image with an exclusion mask is complete."""


@dataclass(frozen=True)
class ImageJob:
    """One image to write. Holds only numbers and paths, so that little is sent to worker processes.

    Attributes
    ----------
    folder
        The cohort's folder.
    seed, cohort, number, patient
        The patient and the study's seed.
    latent, scanner, read_again
        See `simulate_image`.
    dicom
        Whether to write DICOM series and DICOM-SEG; otherwise NIfTI.
    """

    folder: Path
    seed: int
    cohort: str
    number: int
    patient: str
    latent: float
    scanner: str
    read_again: bool
    dicom: bool

    @property
    def image(self) -> str:
        """Path of the image in the cohort's folder."""
        return f"images/{self.patient}/{'series' if self.dicom else 'image.nii.gz'}"

    def mask(self, reader: str, session: int) -> str:
        """Path of an outline."""
        return f"images/{self.patient}/{reader}_{session}{'.dcm' if self.dicom else '.nii.gz'}"

    @property
    def exclusion(self) -> str:
        """Path of the exclusion mask."""
        return f"images/{self.patient}/{_DONE}"

    def done(self) -> bool:
        """Return whether the files exist."""
        return (self.folder / self.exclusion).exists()


def image_jobs(
    folder: Path, cohort: SimulatedCohort, patients: pd.DataFrame, *, seed: int, dicom: bool
) -> list[ImageJob]:
    """List the images of a cohort's patients (`simulate_patients`), in their order."""
    return [
        ImageJob(
            folder=folder,
            seed=seed,
            cohort=cohort.name,
            number=number,
            patient=str(patient),
            latent=float(row["simulated_image_latent"]),
            scanner=row["scanner"],
            read_again=number <= cohort.read_again,
            dicom=dicom,
        )
        for number, (patient, row) in enumerate(patients.iterrows(), start=1)
    ]


def write_image(job: ImageJob) -> None:
    """Simulate the image of one patient and write it with its outlines."""
    simulated = simulate_image(
        job.seed, job.cohort, job.number, latent=job.latent, scanner=job.scanner, read_again=job.read_again
    )
    (job.folder / "images" / job.patient).mkdir(parents=True, exist_ok=True)
    if job.dicom:
        slices = write_series(job.folder / job.image, simulated.image, patient=job.patient, scanner=job.scanner)
        for (reader, session), mask in simulated.outlines.items():
            name = f"{reader}_{session}"
            write_segmentation(job.folder / job.mask(reader, session), mask, slices, patient=job.patient, name=name)
    else:
        sitk.WriteImage(simulated.image, str(job.folder / job.image))
        for (reader, session), mask in simulated.outlines.items():
            sitk.WriteImage(mask, str(job.folder / job.mask(reader, session)))
    sitk.WriteImage(simulated.exclusion, str(job.folder / job.exclusion))


def write_manifest(folder: Path, jobs: list[ImageJob]) -> None:
    """Write `imaging.csv`, with one row per outline."""
    rows = [
        {
            "patient_id": job.patient,
            "series": _SERIES,
            "image": job.image,
            "mask": job.mask(reader, session),
            "mask_label": 1,
            "reader": reader,
            "session": session,
            "exclusion_mask": job.exclusion,
        }
        for job in jobs
        for reader, session in readings(job.read_again)
    ]
    pd.DataFrame(rows).to_csv(folder / "imaging.csv", index=False)
