"""Open the images and outlines of a cohort as a run does, for `tme check`: what cannot be used, and what to look at.

Delineation and its measures are those of `image_regions`; nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tme_platform.cohorts import REJECTED_COLUMNS, CohortReport, landing_path
from tme_platform.counted import counted

if TYPE_CHECKING:
    from tme_platform.radiomics import ExtractionJob, ExtractionSettings

OnImage = Callable[[str, int, int], None]
"""Called after each outline with: cohort, done, total."""
_SHOWN = 3


def with_images(
    report: CohortReport,
    folder: Path,
    settings: ExtractionSettings,
    *,
    workers: int | None = None,
    on_image: OnImage | None = None,
) -> CohortReport:
    """Add to a report what is found in the images and outlines of a cohort.

    Parameters
    ----------
    report
        The cohort as `check_cohort` found it, with its content.
    folder
        Its landing folder.
    settings
        Of the study; they decide what is left of a region.
    workers
        Processes; None takes one per processor.
    on_image
        Called after each outline.

    Returns
    -------
    The report with outlines that cannot be used among `rejected`, by the rules of a run, and warnings of the others
    counted by kind. If no outline can be used, that is a problem.
    """
    outlines = report.content.outlines if report.content is not None else None
    if outlines is None or outlines.empty:
        return report
    from tme_platform.radiomics import BatchOptions, describe_many

    def moved(done: int, total: int, _rate: float, _left: float) -> None:
        if on_image is not None:
            on_image(report.name, done, total)

    jobs = [job_of(folder, row) for row in outlines.to_dict("records")]
    rows, failures = describe_many(jobs, settings, options=BatchOptions(workers, on_progress=moved))
    rejected = failures.assign(cohort=report.name, action="outline left out")
    rejected["file"] = [_inside(folder, file) for file in rejected["file"]]
    rejected = rejected[REJECTED_COLUMNS].drop_duplicates()  # one bad image that two readers outlined is one problem
    problems = ["no image with its outline can be used (see above)."] if rows.empty else []
    return replace(
        report,
        rejected=pd.concat([report.rejected, rejected.astype("string")], ignore_index=True),
        problems=(*report.problems, *problems),
        warnings=(*report.warnings, *_by_kind(rows)),
        counts={**report.counts, "outlines opened": len(jobs)},
    )


def job_of(folder: Path, row: dict[Any, Any]) -> ExtractionJob:
    """Make the job of a row of the manifest, with paths in the landing folder."""
    from tme_platform.radiomics import ExtractionJob

    given: dict[str, Any] = {str(name): None if pd.isna(value) else value for name, value in row.items()}
    excluded = given["exclusion_mask"]
    return ExtractionJob(
        patient_id=given["patient_id"],
        image=landing_path(folder, given["image"]),
        mask=landing_path(folder, given["mask"]),
        exclusion_mask=landing_path(folder, excluded) if excluded else None,
        dicom_series=given["dicom_series"],
        allow_incomplete=bool(given["allow_incomplete"]),
        series=given["series"],
        reader=given["reader"],
        session=str(given["session"]),
        mask_label=_whole(given["mask_label"]),
        phase=_whole(given["phase"]),
        minus=_whole(given["minus"]),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _inside(folder: Path, file: str) -> str:
    path, root = Path(file), folder.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _by_kind(rows: pd.DataFrame) -> list[str]:
    """What deserves a look, with the number of outlines and the first patients; numbers in a text do not divide it."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for patient, text in zip(rows.get("patient_id", ()), rows.get("warnings", ()), strict=True):
        for warning in filter(None, str(text or "").split("; ")):
            kinds.setdefault(re.sub(r"\d+(?:\.\d+)?", "n", warning), []).append((str(patient), warning))
    found = []
    for cases in sorted(kinds.values(), key=len, reverse=True):
        patients = list(dict.fromkeys(patient for patient, _ in cases))
        more = ", ..." if len(patients) > _SHOWN else ""
        found.append(f"{counted(len(cases), 'outline')} ({', '.join(patients[:_SHOWN])}{more}): {cases[0][1]}")
    return found
