"""One review of an outline, and how it is appended to the reviews of its cohort. Reading them belongs in `reviews`."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from tme_platform.cohorts.reviews import COLUMNS, DECISIONS, REVIEWS_FILE, Decision
from tme_platform.csv_text import csv_text
from tme_platform.whole_file import write_if_changed

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
