"""Which image series of a cohort its signature uses. Series, reader and session are three different things.

A series is an image of a patient, a reader is who outlined it, a session is when. Choosing the first reader and session
belongs in the steps.
"""

from __future__ import annotations

import pandas as pd

from tme_platform.cohorts.declaration import Cohort, Role
from tme_platform.cohorts.rejections import Rejections

_SCORED = {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION, Role.IMMUNE_PHENOTYPE, Role.IMMUNOTHERAPY}
_MOST_NAMED = 8


def several_series(outlines: pd.DataFrame) -> str | None:
    """Say that patients have several series of which none is named; None if each patient has one.

    Parameters
    ----------
    outlines
        Columns patient_id and series.
    """
    counts = outlines.groupby("patient_id")["series"].nunique()
    several = int((counts > 1).sum())
    if not several:
        return None
    return (
        f"{several} of {len(counts)} patients have several image series ({_listed(outlines)}), and none is named for "
        "the signature. Write `imaging: {series: NAME}` in cohort.yaml, with one of these names."
    )


def series_problem(outlines: pd.DataFrame, cohort: Cohort) -> str | None:
    """Say why it is not known which series the signature uses; None if it is known, or no role needs a signature.

    Parameters
    ----------
    outlines
        Rows of the imaging manifest.
    cohort
        The declaration.
    """
    if cohort.imaging is None or cohort.features is not None or outlines.empty:
        return None
    named = cohort.imaging.series
    if named is None:
        return several_series(outlines) if _SCORED & set(cohort.roles) else None
    if (outlines["series"] == named).any():
        return None
    return (
        f"`imaging: series: {named}` names no series of {cohort.imaging.manifest}; it has {_listed(outlines)}. "
        "Correct the name in cohort.yaml."
    )


def reject_without_series(outlines: pd.DataFrame, named: str | None, file: str, rejected: Rejections) -> None:
    """Add a rejection for each patient who lacks the series that the signature uses, if one is named."""
    if named is None:
        return
    lacking = outlines.groupby("patient_id").filter(lambda rows: not (rows["series"] == named).any())
    cases = [(str(patient), f"no outline of series {named}") for patient in lacking["patient_id"].unique()]
    rejected.add_cases(
        cases,
        rule="signature_series_missing",
        advice=f"The signature uses this series (cohort.yaml): add the outline to {file}.",
        action="not used by the signature",
        file=file,
    )


def without_other_images(outlines: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    """Leave out the outlines of a reader whose image is another one than that of the series' first reader.

    Two readers of a session agree only about the same image. Sessions may be two scans.
    """
    chosen = (
        outlines[["image_sha256", "dicom_series", "phase", "minus"]].astype("string").fillna("").agg("|".join, axis=1)
    )
    first = chosen.groupby([outlines["patient_id"], outlines["series"], outlines["session"]]).transform("first")
    other = chosen != first
    cases = [
        (
            str(row.patient_id),
            f"reader {row.reader} outlined another image in series {row.series} than the first reader",
        )
        for row in outlines[other].itertuples()
    ]
    rejected.add_cases(
        cases,
        rule="series_image_differs",
        advice="Give each image (file, dicom_series, phase) a series of its own.",
        action="outline left out",
        file=file,
    )
    return outlines[~other]


def _listed(outlines: pd.DataFrame) -> str:
    names = sorted(outlines["series"].astype(str).unique())
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
