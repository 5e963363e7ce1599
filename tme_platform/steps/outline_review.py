"""Collect the outlines of a cohort for review, worst first, and store what a reviewer says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tme_platform.cohorts import (
    Rejections,
    Review,
    add_review,
    outline_mark,
    read_manifest,
    read_reviews,
    standing_reviews,
)
from tme_platform.steps.image_check import job_of
from tme_platform.tables.imaging import IMAGE_REGIONS, OUTLINE_KEY

if TYPE_CHECKING:
    from tme_platform.report import ShownOutline
    from tme_platform.steps.workspace import Workspace

OnOutline = Callable[[int, int], None]
_KEY = list(OUTLINE_KEY)


def outlines_to_review(workspace: Workspace, cohort: str) -> pd.DataFrame:
    """List the outlines of a cohort with what is known of each, what needs a look first.

    Returns
    -------
    The columns of `imaging_series`, also for outlines that were rejected in review, with paths as in the manifest;
    `volume_ml` and `warnings` of `image_regions` where that table has them; `decision`, `reviewer` and `outdated` of
    the standing review. Sorted: no review before reviewed, not measured first, then by number of warnings, then small
    ones first.

    Raises
    ------
    ValueError
        The cohort has no outlines.
    """
    folder = workspace.landing / cohort
    declared = workspace.world().declared(cohort)
    if declared.imaging is None:
        raise ValueError(f"cohort {cohort} lists no images in its cohort.yaml (`imaging`)")
    outlines = outlines_of(workspace, cohort)
    if outlines.empty:
        raise ValueError(f"cohort {cohort} has no outline that can be read: `tme check {cohort}` says why")
    measured = workspace.lake.read(IMAGE_REGIONS, cohort)
    known = measured.reindex(columns=[*_KEY, "volume_ml", "warnings"]).astype({"warnings": "string"})
    found = _joined(outlines, known)
    reviews = standing_reviews(read_reviews(folder, Rejections(cohort)), outlines)
    found = _joined(found, reviews[[*_KEY, "decision", "reviewer", "outdated"]])
    order = pd.DataFrame(
        {
            "reviewed": found["decision"].notna() & ~found["outdated"].eq(True).fillna(False),
            "measured": found["volume_ml"].notna(),
            "warnings": [-len(_parts(text)) for text in found["warnings"]],
            "volume_ml": found["volume_ml"].astype("float64"),
        }
    )
    order = order.sort_values(["reviewed", "measured", "warnings", "volume_ml"], kind="stable")
    return found.loc[order.index].reset_index(drop=True)


def _parts(warnings: object) -> list[str]:
    """The warnings of an outline, which are stored as one text."""
    return [part for part in warnings.split("; ") if part] if isinstance(warnings, str) else []


def _joined(outlines: pd.DataFrame, further: pd.DataFrame) -> pd.DataFrame:
    text = further.assign(**{name: further[name].astype("string") for name in _KEY})
    keys = outlines[_KEY].astype("string")
    return outlines.reset_index(drop=True).join(keys.merge(text, on=_KEY, how="left").drop(columns=_KEY))


def shown_outlines(
    workspace: Workspace, cohort: str, outlines: pd.DataFrame, on_outline: OnOutline | None = None
) -> list[ShownOutline]:
    """Open and draw each outline; one that cannot be opened is shown with the reason instead of pictures."""
    from tme_platform.report import ShownOutline

    folder, shown = workspace.landing / cohort, []
    for number, row in enumerate(outlines.to_dict("records"), 1):
        pictures, problem = _pictures(workspace, folder, row)
        warnings = (*problem, *_parts(row["warnings"]))
        shown.append(
            ShownOutline(
                patient_id=str(row["patient_id"]),
                series=str(row["series"]),
                reader=str(row["reader"]),
                session=str(row["session"]),
                mark=outline_mark(str(row["mask_sha256"])),
                volume_ml=None if pd.isna(row["volume_ml"]) else float(row["volume_ml"]),
                warnings=warnings,
                decision=_in_words(row),
                pictures=pictures,
            )
        )
        if on_outline is not None:
            on_outline(number, len(outlines))
    return shown


def _pictures(workspace: Workspace, folder: Path, row: dict[Any, Any]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    from tme_platform.imaging import ImagingError, delineate, slices_through
    from tme_platform.radiomics import read_job
    from tme_platform.report import slice_picture

    try:
        image, mask, exclude = read_job(job_of(folder, row))
        settings = workspace.study.extraction.region_settings()
        slices = slices_through(image, delineate(image, mask, settings, exclude=exclude).masks())
    except ImagingError as error:
        return (), [str(error)]
    return tuple((slice_picture(one), f"slice {one.index + 1}, top {one.top}, left {one.left}") for one in slices), []


def _in_words(row: dict[Any, Any]) -> str:
    if pd.isna(row["decision"]):
        return ""
    by = "" if pd.isna(row["reviewer"]) else f" by {row['reviewer']}"
    done = {"accept": "accepted", "reject": "rejected"}[str(row["decision"])]
    return f"another outline was {done}{by}" if row["outdated"] else f"{done}{by}"


def outlines_of(workspace: Workspace, cohort: str) -> pd.DataFrame:
    """Read the manifest of a cohort and hash its files; outlines that were rejected in review are among the rows."""
    declared = workspace.world().declared(cohort)
    return read_manifest(workspace.landing / cohort, cohort, declared, reviewed=False)[0]


def store_review(workspace: Workspace, cohort: str, outlines: pd.DataFrame, review: Review) -> None:
    """Store a review of one of the cohort's outlines, of the mask as it is now unless the review names it.

    Parameters
    ----------
    outlines
        As `outlines_of` returns them.

    Raises
    ------
    LookupError
        The cohort has no such outline, or several of this patient.
    ValueError
        See `add_review`.
    """
    folder = workspace.landing / cohort
    keys = outlines[_KEY].astype("string")
    own = outlines[(keys["patient_id"] == review.patient_id)]
    if own.empty:
        raise LookupError(f"cohort {cohort} has no outline of patient {review.patient_id!r} that can be read")
    one = (keys.loc[own.index] == [review.patient_id, review.series, review.reader, review.session]).all(axis=1)
    if not one.any():
        listed = "; ".join(
            f"--series {row.series} --reader {row.reader} --session {row.session}" for row in own.head(6).itertuples()
        )
        raise LookupError(f"patient {review.patient_id} has other outlines: {listed}")
    mark = outline_mark(str(own.loc[one, "mask_sha256"].iloc[0]))
    add_review(folder, review if review.outline else replace(review, outline=mark))
