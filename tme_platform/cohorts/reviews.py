"""Reviews of outlines by a radiologist: `reviews.csv` in a cohort's landing folder. Showing outlines is not done here.

A review is about one outline as it was looked at: the first twelve characters of the mask's SHA-256 stand in the row.
An outline that was corrected since is judged anew.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from tme_platform.cohorts._tables import has_column, read_text_table, reject_unnamed_rows
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections
from tme_platform.csv_text import csv_text
from tme_platform.whole_file import write_if_changed

REVIEWS_FILE = "reviews.csv"
"""Name of the file in the cohort's folder."""

Decision = Literal["accept", "reject", "comment"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
COLUMNS = (
    *("patient_id", "series", "reader", "session"),
    *("decision", "comment", "reviewer", "reviewed_at", "outline"),
)
"""Columns of the file; `patient_id` and `decision` are needed, and what is missing of the others has a default."""

_OUTLINE = ["patient_id", "series", "reader", "session"]
_DEFAULTS = {"series": "1", "reader": "1", "session": "1"}
_HASH_LETTERS = 12
_REVIEWER = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž.\- ]{0,11}")
_LONGEST_COMMENT = 500


@dataclass(frozen=True)
class Review:
    """What a person said about one outline.

    Attributes
    ----------
    patient_id, series, reader, session
        The outline, as in the imaging manifest.
    decision
        `accept`, `reject`, or `comment`, which leaves an earlier decision as it is.
    comment
        Stays in the landing folder: nothing of it is stored elsewhere.
    reviewer
        Initials.
    outline
        `outline_mark` of the mask that was looked at; empty if the review is of whatever the manifest names.
    """

    patient_id: str
    decision: Decision
    reviewer: str
    comment: str = ""
    series: str = "1"
    reader: str = "1"
    session: str = "1"
    outline: str = ""


def outline_mark(mask_sha256: str) -> str:
    """What stands for the content of a mask in a review."""
    return mask_sha256[:_HASH_LETTERS]


def read_reviews(folder: Path, rejected: Rejections) -> pd.DataFrame:
    """Read the reviews of a cohort, with a rejection for each row that cannot be used.

    Returns
    -------
    Text columns `COLUMNS`, in the order of the file; empty if there is no file.
    """
    nothing = pd.DataFrame(columns=list(COLUMNS), dtype="string")
    if not (folder / REVIEWS_FILE).exists():
        return nothing
    table = read_text_table(folder, REVIEWS_FILE, rejected)
    needed = "its header: each row needs patient_id and decision"
    if table is None or not all(
        has_column(table, name, REVIEWS_FILE, rejected, correct=needed) for name in ("patient_id", "decision")
    ):
        return nothing
    rows = table.reindex(columns=list(COLUMNS)).astype("string").fillna(_DEFAULTS)
    unnamed = rows["patient_id"].isna()
    reject_unnamed_rows(unnamed, "patient_id", REVIEWS_FILE, rejected)
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
        file=REVIEWS_FILE,
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
            rejected.add(
                rule="review_outdated",
                message=f"another outline of {which} was rejected in review{by}. Look at the new one (`tme explore`).",
                action="outline used",
                patient_id=str(row.patient_id),
                file=REVIEWS_FILE,
            )
        else:
            rejected.add(
                rule="rejected_in_review",
                message=f"the outline of {which} was rejected in review{by}. Correct it, or accept it in a new review.",
                action="outline left out",
                patient_id=str(row.patient_id),
                file=REVIEWS_FILE,
            )
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


def add_review(folder: Path, review: Review, now: datetime | None = None) -> None:
    """Append a review to the cohort's file, which is replaced whole.

    Raises
    ------
    ValueError
        The decision is none, the initials are none, or the comment is too long.
    OSError
        The folder cannot be written; the file is as before.
    """
    if review.decision not in DECISIONS:
        raise ValueError(f"{review.decision!r} is no decision: choose {', '.join(DECISIONS)}")
    if not _REVIEWER.fullmatch(review.reviewer.strip()):
        raise ValueError("give the reviewer's initials: up to 12 letters")
    if len(review.comment) > _LONGEST_COMMENT:
        raise ValueError(f"the comment has {len(review.comment)} characters; at most {_LONGEST_COMMENT} are kept")
    if review.decision == "comment" and not review.comment.strip():
        raise ValueError("write a comment, or accept or reject the outline")
    when = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = {
        "patient_id": review.patient_id, "series": review.series, "reader": review.reader, "session": review.session,
        "decision": review.decision, "comment": " ".join(review.comment.split()), "reviewer": review.reviewer.strip(),
        "reviewed_at": when, "outline": review.outline,
    }  # fmt: skip
    path = folder / REVIEWS_FILE
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    columns = next(csv.reader(io.StringIO(before)), list(COLUMNS))
    if missing := [name for name in COLUMNS if name not in columns]:
        raise ValueError(f"{path} has no column {', '.join(map(str, missing))}: add it to the header")
    line = csv_text(pd.DataFrame([row], dtype="string").reindex(columns=columns), lineterminator="\n").split("\n", 1)[1]
    head = before if before else ",".join(COLUMNS) + "\n"
    write_if_changed(path, f"{head}{'' if head.endswith(chr(10)) else chr(10)}{line}".encode())
