"""Wide tables of several cohorts: names that meet, columns that nobody brings any more, and other types."""

from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable

from tme_platform.lake import Lake, build_catalog
from tme_platform.lake.queries import ask
from tme_platform.tables import Stage, TableError, TableSchema
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.schema import Column


def one(patient: str, **values: float) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": [patient], **{name: [value] for name, value in values.items()}})


def stored_columns(lake: Lake, schema: TableSchema = CELL_SCORES) -> list[str]:
    return [field.name for field in DeltaTable(lake.uri(schema)).schema().fields]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.mark.parametrize(
    ("first", "second"),
    [("B Cells", "B cells"), ("CD8 T CELLS", "CD8 T cells"), ("nk", "NK"), ("Größe", "größe")],
)
def test_names_that_differ_in_case_become_one_column_of_the_last_spelling(lake: Lake, first: str, second: str) -> None:
    lake.commit(CELL_SCORES, one("p", **{first: 1.0, "T": 5.0}), cohort="z")
    lake.commit(CELL_SCORES, one("q", **{second: 2.0}), cohort="a")
    both = lake.read(CELL_SCORES).set_index("cohort")
    assert both[second].to_dict() == {"a": 2.0, "z": 1.0}
    assert first not in both
    assert both["T"].dropna().to_dict() == {"z": 5.0}, "the other values of the other cohort stay"
    assert set(lake.states(CELL_SCORES)) == {"a", "z"}


def test_a_column_that_no_cohort_brings_any_more_is_dropped(lake: Lake) -> None:
    lake.commit(CELL_SCORES, one("p", wrong=1.0, kept=2.0), cohort="a")
    lake.commit(CELL_SCORES, one("q", kept=3.0, own=4.0), cohort="b")
    lake.commit(CELL_SCORES, one("p", right=1.0), cohort="a")
    assert {"right", "kept", "own"} < set(stored_columns(lake))
    assert "wrong" not in stored_columns(lake)
    lake.commit(CELL_SCORES, one("q", right=1.0), cohort="b")
    assert set(stored_columns(lake)) == {"cohort", "patient_id", "provenance", "expression_scale", "right"}
    assert lake.read(CELL_SCORES)["right"].tolist() == [1.0, 1.0]


def test_a_dropped_column_is_gone_from_the_catalog_and_its_old_values_do_not_return(lake: Lake) -> None:
    lake.commit(CELL_SCORES, one("p", old=1.0, kept=2.0), cohort="a")
    lake.commit(CELL_SCORES, one("q", kept=3.0), cohort="b")
    lake.commit(CELL_SCORES, one("p", kept=2.0), cohort="a")
    build_catalog(lake)
    assert "old" not in ask(lake, "SELECT * FROM cell_scores")
    lake.commit(CELL_SCORES, one("r", old=9.0), cohort="c")
    assert lake.read(CELL_SCORES)["old"].dropna().tolist() == [9.0]


def test_a_cohort_without_rows_leaves_no_columns(lake: Lake) -> None:
    lake.commit(CELL_SCORES, one("p", mistaken=1.0), cohort="a")
    lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": pd.Series([], dtype="string")}), cohort="a")
    assert "mistaken" not in stored_columns(lake)


def test_a_lake_with_old_columns_recovers_and_keeps_what_was_recorded(lake: Lake) -> None:
    """A spelling that was corrected at its source: the table is as if it had never been wrong."""
    lake.commit(CELL_SCORES, one("p", **{"B Cells": 1.0}), cohort="a", reason="first run")
    other = lake.commit(CELL_SCORES, one("q", T=1.0), cohort="b", reason="first run")
    lake.commit(CELL_SCORES, one("p", **{"B cells": 1.0}), cohort="a", reason="corrected")
    assert "B Cells" not in stored_columns(lake)
    assert "B cells" in stored_columns(lake)
    assert lake.state(CELL_SCORES, "b") == other.state, "what the other cohort recorded is untouched"
    assert not lake.commit(CELL_SCORES, one("q", T=1.0), cohort="b", reason="again").written
    assert lake.read(CELL_SCORES, "b")["T"].tolist() == [1.0]


def test_the_same_content_is_written_again_if_another_cohort_changed_its_spelling(lake: Lake) -> None:
    lake.commit(CELL_SCORES, one("p", **{"B Cells": 1.0}), cohort="z")
    lake.commit(CELL_SCORES, one("q", **{"B cells": 2.0}), cohort="a")
    assert lake.commit(CELL_SCORES, one("p", **{"B Cells": 1.0}), cohort="z").written
    assert lake.read(CELL_SCORES, "z").columns[-1] == "B Cells"


def test_features_of_two_cohorts_meet_in_the_same_way(lake: Lake) -> None:
    described = {"series": "", "reader": "", "session": 1, "feature_set": "x", "row_key": ""}
    lake.commit(RADIOMIC_FEATURES, one("p", Volume=1.0).assign(**described), cohort="b")
    lake.commit(RADIOMIC_FEATURES, one("q", volume=2.0).assign(**described), cohort="a")
    assert lake.read(RADIOMIC_FEATURES).set_index("cohort")["volume"].to_dict() == {"a": 2.0, "b": 1.0}


@pytest.mark.parametrize(
    "names", [("B cells", "B Cells"), ("Patient_ID", "x"), ("PROVENANCE", "x"), ("x", "X")], ids=" ".join
)
def test_one_frame_with_names_that_differ_in_case_is_refused_with_the_names(lake: Lake, names: tuple[str, str]) -> None:
    with pytest.raises(TableError, match=f"differ only in case: .*{sorted(names)[0]}"):
        lake.commit(CELL_SCORES, one("p", **dict.fromkeys(names, 1.0)), cohort="a")
    assert lake.version(CELL_SCORES) is None


def defined(dtype: str) -> TableSchema:
    return TableSchema(
        "graded", Stage.COHORTS, "Test.", (Column("id", "string", ""), Column("grade", dtype, "")), ("id",)
    )


@pytest.mark.parametrize(
    ("earlier", "value", "later", "kept"),
    [("Int64", 3, "float64", 3.0), ("string", "2", "float64", 2.0), ("string", "high", "float64", None)],
)
def test_a_column_of_another_type_is_converted(
    lake: Lake, earlier: str, value: object, later: str, kept: object
) -> None:
    lake.commit(defined(earlier), pd.DataFrame({"id": ["p"], "grade": [value]}), cohort="old")
    lake.commit(defined(later), pd.DataFrame({"id": ["q"], "grade": [1.5]}), cohort="new")
    found = lake.read(defined(later)).set_index("cohort")["grade"]
    assert found["new"] == 1.5
    assert found["old"] == kept if kept is not None else pd.isna(found["old"])


FIRST = pd.DataFrame({"patient_id": ["p", "q"], "B": [1.0, 2.0], "A": [3.0, 4.0], "own": [0.5, 0.5]})
SECOND = pd.DataFrame({"patient_id": ["q", "p"], "A": [5.0, 6.0], "C": [7.0, 8.0], "B": [9.0, 10.0]})


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"], ["b", "a", "b"]])
def test_what_is_read_does_not_depend_on_which_cohort_was_built_first(lake: Lake, order: list[str]) -> None:
    """Sums differ in the last digit, and "the first of two correlated features" altogether."""
    for number, cohort in enumerate(order):
        frame = {"a": FIRST, "b": SECOND}[cohort]
        lake.commit(CELL_SCORES, frame if number < 2 else frame.assign(D=1.0), cohort=cohort)
    more = ["D"] if len(order) > 2 else []
    fixed = ["cohort", "patient_id", "provenance", "expression_scale"]
    assert list(lake.read(CELL_SCORES, "a")) == [*fixed, "B", "A", "own"]
    assert list(lake.read(CELL_SCORES, "b")) == [*fixed, "A", "C", "B", *more]
    both = lake.read(CELL_SCORES)
    assert list(both) == [*fixed, "B", "A", "own", "C", *more]
    assert [*zip(both["patient_id"], both["cohort"], strict=True)] == [("p", "a"), ("p", "b"), ("q", "a"), ("q", "b")]
    assert lake.read(CELL_SCORES, columns=["B"])["B"].tolist() == [1.0, 10.0, 2.0, 9.0], "by patient and cohort"


def test_a_cohort_keeps_its_order_under_another_spelling(lake: Lake) -> None:
    lake.commit(CELL_SCORES, FIRST, cohort="a")
    lake.commit(CELL_SCORES, SECOND.rename(columns={"C": "c cells"}), cohort="b")
    lake.commit(CELL_SCORES, FIRST.assign(**{"C Cells": 1.0}), cohort="a")
    assert list(lake.read(CELL_SCORES, "b"))[4:] == ["A", "C Cells", "B"]


def test_a_cohort_whose_columns_come_in_another_order_is_stored_again_in_that_order(lake: Lake) -> None:
    lake.commit(CELL_SCORES, FIRST, cohort="a")
    assert not lake.commit(CELL_SCORES, FIRST, cohort="a").written
    lake.commit(CELL_SCORES, SECOND, cohort="b")
    assert not lake.commit(CELL_SCORES, SECOND, cohort="b").written
    assert lake.commit(CELL_SCORES, FIRST[["patient_id", "own", "A", "B"]], cohort="a").written
    assert list(lake.read(CELL_SCORES, "a"))[4:] == ["own", "A", "B"]
