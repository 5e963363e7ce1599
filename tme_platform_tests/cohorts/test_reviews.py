"""Reviews of outlines: a rejected outline leaves the features, with the reason; a corrected one is judged anew."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.cohorts import (
    REVIEWS_FILE,
    Rejections,
    Review,
    add_review,
    outline_mark,
    read_cohort,
    read_manifest,
    read_reviews,
)

DECLARED = """
title: Reviewed
roles: [signature_validation]
provenance: {kind: simulated, source: written by a test, licence: CC0}
imaging: {manifest: imaging.csv}
"""
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cohort.yaml").write_text(DECLARED)
    rows = []
    for name in ("P1", "P2", "P3"):
        for kind in ("image", "mask"):
            (tmp_path / f"{name}_{kind}.nii").write_text(f"{kind} of {name}")
        rows.append(f"{name},{name}_image.nii,{name}_mask.nii")
    (tmp_path / "imaging.csv").write_text("patient_id,image,mask\n" + "\n".join(rows) + "\n")
    return tmp_path


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return read_manifest(folder, "reviewed", read_cohort(folder))


def mark_of(folder: Path, patient: str) -> str:
    (folder / REVIEWS_FILE).unlink(missing_ok=True)
    outlines = read(folder)[0].set_index("patient_id")
    return outline_mark(outlines.loc[patient, "mask_sha256"])


def test_a_rejected_outline_is_left_out_and_the_comment_stays_in_the_folder(folder: Path) -> None:
    add_review(folder, Review("P2", "reject", "AB", comment="this is Mrs Smith's vessel"), NOW)
    outlines, rejected = read(folder)
    assert outlines["patient_id"].tolist() == ["P1", "P3"]
    (row,) = rejected.to_dict("records")
    assert (row["patient_id"], row["rule"], row["action"]) == ("P2", "rejected_in_review", "outline left out")
    assert row["file"] == REVIEWS_FILE
    assert "by AB" in row["message"]
    assert "Smith" not in row["message"]


def test_the_last_decision_counts_and_a_comment_is_none(folder: Path) -> None:
    add_review(folder, Review("P1", "reject", "AB"), NOW)
    add_review(folder, Review("P1", "comment", "CD", comment="looks right to me"), NOW)
    assert read(folder)[0]["patient_id"].tolist() == ["P2", "P3"]
    add_review(folder, Review("P1", "accept", "CD"), NOW)
    outlines, rejected = read(folder)
    assert outlines["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert rejected.empty


def test_a_corrected_outline_is_used_and_is_to_be_looked_at_again(folder: Path) -> None:
    add_review(folder, Review("P3", "reject", "AB", outline=mark_of(folder, "P3")), NOW)
    assert read(folder)[0]["patient_id"].tolist() == ["P1", "P2"]
    (folder / "P3_mask.nii").write_text("a better outline")
    outlines, rejected = read(folder)
    assert outlines["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert rejected["rule"].tolist() == ["review_outdated"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("P9,1,1,1,reject,,AB,,", "review_of_no_outline"),
        ("P1,1,2,1,reject,,AB,,", "review_of_no_outline"),
        ("P1,1,1,1,maybe,,AB,,", "unknown_decision"),
        (",1,1,1,reject,,AB,,", "patient_id_missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_leaves_all_outlines(folder: Path, row: str, rule: str) -> None:
    header = "patient_id,series,reader,session,decision,comment,reviewer,reviewed_at,outline"
    (folder / REVIEWS_FILE).write_text(f"{header}\n{row}\n")
    outlines, rejected = read(folder)
    assert len(outlines) == 3
    assert rejected["rule"].tolist() == [rule]


def test_a_file_written_by_hand_needs_two_columns(folder: Path) -> None:
    (folder / REVIEWS_FILE).write_text("patient_id,decision\nP1,Reject\n")
    assert read(folder)[0]["patient_id"].tolist() == ["P2", "P3"]


def test_reviews_are_appended_and_formulas_made_text(folder: Path) -> None:
    add_review(folder, Review("P1", "comment", "A.B.", comment='=HYPERLINK("x"),\n two lines'), NOW)
    add_review(folder, Review("P2", "accept", "Å Ö"), NOW)
    reviews = read_reviews(folder, Rejections("reviewed"))
    assert reviews["patient_id"].tolist() == ["P1", "P2"]
    assert reviews["reviewed_at"].tolist() == ["2026-03-04T05:06:07Z"] * 2
    assert reviews.loc[0, "comment"] == '\'=HYPERLINK("x"), two lines'


@pytest.mark.parametrize(
    ("review", "said"),
    [
        (Review("P1", "reject", ""), "initials"),
        (Review("P1", "reject", "1234"), "initials"),
        (Review("P1", "delete", "AB"), "no decision"),  # type: ignore[arg-type]
        (Review("P1", "comment", "AB"), "write a comment"),
        (Review("P1", "reject", "AB", comment="x" * 501), "at most 500"),
    ],
)
def test_a_review_that_makes_no_sense_is_refused_and_nothing_written(folder: Path, review: Review, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        add_review(folder, review, NOW)
    assert not (folder / REVIEWS_FILE).exists()
