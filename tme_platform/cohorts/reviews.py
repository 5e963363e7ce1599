"""Reviews of outlines by a radiologist: `reviews.csv` in a cohort's landing folder. Showing outlines is not done here.

A review is about one outline as it was looked at: the first twelve characters of the mask's SHA-256 stand in the row.
An outline that was corrected since is judged anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from tme_platform.cohorts._tables import has_column, read_text_table, reject_unnamed_rows
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.cohorts import IMAGING_SERIES

REVIEWS_FILE = "reviews.csv"
"""Name of the file in the cohort's folder."""

Decision = Literal["accept", "reject", "comment"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
COLUMNS = (
    *("patient_id", "series", "reader", "session"),
    *("decision", "comment", "reviewer", "reviewed_at", "outline"),
)
"""Columns of the file; `patient_id` and `decision` are needed, and what is missing of the others has a default."""

_OUTLINE = list(IMAGING_SERIES.key)
_DEFAULTS = {"series": "1", "reader": "1", "session": "1"}
_HASH_LETTERS = 12


def outline_mark(mask_sha256: str) -> str:
    """What stands for the content of a mask in a review."""
    return mask_sha256[:_HASH_LETTERS]


def read_reviews(folder: Path, rejected: Rejections, file: str = REVIEWS_FILE) -> pd.DataFrame:
    """Read the reviews of a cohort, or another such file, with a rejection for each row that cannot be used.

    Returns
    -------
    Text columns `COLUMNS`, in the order of the file; empty if there is no file.
    """
    nothing = pd.DataFrame(columns=list(COLUMNS), dtype="string")
    if not (folder / file).exists():
        return nothing
    table = read_text_table(folder, file, rejected)
    needed = "its header: each row needs patient_id and decision"
    if table is None or not all(
        has_column(table, name, file, rejected, correct=needed) for name in ("patient_id", "decision")
    ):
        return nothing
    rows = table.reindex(columns=list(COLUMNS)).astype("string").fillna(_DEFAULTS)
    unnamed = rows["patient_id"].isna()
    reject_unnamed_rows(unnamed, "patient_id", file, rejected)
    rows = rows[~unnamed]
    decision = rows["decision"].str.strip().str.lower()
    known = decision.isin(DECISIONS)
    cases = [
        (str(patient), f"decision is {cell(value)}")
        for patient, value in zip(rows.loc[~known, "patient_id"], rows.loc[~known, "decision"], strict=True)
    ]
    rejected.add_cases(
        cases,
        rule="unknown_decision",
        advice=f"Write {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}.",
        action="review left out",
        file=file,
    )
    return rows.assign(decision=decision)[known].reset_index(drop=True)


def standing_reviews(reviews: pd.DataFrame, outlines: pd.DataFrame) -> pd.DataFrame:
    """Return the last acceptance or rejection of each outline.

    Parameters
    ----------
    reviews
        As `read_reviews` returns them.
    outlines
        Rows of `imaging_series`: the key and `mask_sha256`.

    Returns
    -------
    One row for each decided outline: its key, decision, reviewer, reviewed_at, and `outdated`: whether the mask is
    another one than the one that was looked at.
    """
    decided = reviews[reviews["decision"] != "comment"]
    last = decided.drop_duplicates(_OUTLINE, keep="last")
    named = outlines[[*_OUTLINE, "mask_sha256"]].astype("string")
    found = named.merge(last, on=_OUTLINE, how="inner")
    mark = found["outline"].fillna("")
    found["outdated"] = (mark != "") & (mark != found["mask_sha256"].str[:_HASH_LETTERS])
    return found.drop(columns=["mask_sha256", "outline", "comment"])


def without_rejected_outlines(outlines: pd.DataFrame, folder: Path, rejected: Rejections) -> pd.DataFrame:
    """Leave out the outlines that a reviewer rejected, each with a row of `rejected_inputs`.

    The comment is not part of it: people write names into comments.
    """
    reviews = read_reviews(folder, rejected)
    if reviews.empty:
        return outlines
    standing = standing_reviews(reviews, outlines)
    refused = standing[standing["decision"] == "reject"]
    for row in refused.itertuples():
        which = f"series {row.series}, reader {row.reader}, session {row.session}"
        by = "" if pd.isna(row.reviewer) else f" by {row.reviewer!s}"
        if row.outdated:
            rule, action = "review_outdated", "outline used"
            message = f"another outline of {which} was rejected in review{by}. Look at the new one (`tme review`)."
        else:
            rule, action = "rejected_in_review", "outline left out"
            message = f"the outline of {which} was rejected in review{by}. Correct it, or accept it in a new review."
        rejected.add(rule=rule, message=message, action=action, patient_id=str(row.patient_id), file=REVIEWS_FILE)
    _of_no_outline(reviews, outlines, rejected)
    gone = refused.loc[~refused["outdated"], _OUTLINE].astype("string")
    keys = pd.MultiIndex.from_frame(outlines[_OUTLINE].astype("string"))
    return outlines[~keys.isin(pd.MultiIndex.from_frame(gone))]


def _of_no_outline(reviews: pd.DataFrame, outlines: pd.DataFrame, rejected: Rejections) -> None:
    keys = pd.MultiIndex.from_frame(reviews[_OUTLINE])
    unknown = ~keys.isin(pd.MultiIndex.from_frame(outlines[_OUTLINE].astype("string")))
    cases = [
        (str(row.patient_id), f"a review of series {row.series}, reader {row.reader}, session {row.session}, which is "
         "no outline that can be used")
        for row in reviews[unknown].drop_duplicates(_OUTLINE).itertuples()
    ]  # fmt: skip
    rejected.add_cases(
        cases,
        rule="review_of_no_outline",
        advice="Correct patient, series, reader and session as in the manifest, or delete the row.",
        action="review left out",
        file=REVIEWS_FILE,
    )
