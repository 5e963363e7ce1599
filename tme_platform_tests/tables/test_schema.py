"""A schema orders, casts, sorts and checks a frame."""

import pandas as pd
import pytest

from tme_platform.tables import Stage, TableError, TableSchema
from tme_platform.tables.schema import Column

COLUMNS = (
    Column("name", "string", "Name.", nullable=False),
    Column("word", "string", "Word.", isin=("yes", "no")),
    Column("share", "float64", "Share.", at_least=0, at_most=1),
    Column("days", "float64", "Days.", above=0),
    Column("count", "Int64", "Count."),
    Column("flag", "boolean", "Flag."),
)
TABLE = TableSchema("test", Stage.COHORTS, "A test.", COLUMNS, ("name",))
WIDE = TableSchema("wide", Stage.COHORTS, "A test.", COLUMNS[:1], ("name",), wide="A measurement.")
GOOD = {"name": "a", "word": "yes", "share": 0.5, "days": 1, "count": 1, "flag": True}


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([GOOD | row for row in rows])


def conform(given: pd.DataFrame, schema: TableSchema = TABLE) -> pd.DataFrame:
    return schema.conform(given, cohort="c", provenance="real")


def test_a_frame_is_ordered_cast_and_sorted() -> None:
    given = frame({"name": "b"}, {"name": "a"})[["flag", "count", "days", "share", "word", "name"]]
    conformed = conform(given)
    assert list(conformed.columns) == ["cohort", *GOOD, "provenance"]
    assert conformed["name"].tolist() == ["a", "b"]
    assert [str(dtype) for dtype in conformed[list(GOOD)].dtypes] == [column.dtype for column in COLUMNS]
    assert TABLE.problems(conformed) == []


def test_only_per_cohort_tables_have_a_cohort_column_of_their_own() -> None:
    shared = TableSchema("shared", Stage.COHORTS, "A test.", COLUMNS, ("name",), per_cohort=False)
    assert [column.name for column in shared.all_columns] == [*GOOD, "provenance"]


def test_empty_text_is_missing() -> None:
    assert conform(frame({"word": ""}))["word"].isna().all()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"word": "maybe"}, "word isin(('yes', 'no')) has another value"),
        ({"share": 1.5}, "1.5"),
        ({"share": -0.1}, "-0.1"),
        ({"days": 0}, "greater_than(0)"),
        ({"days": float("inf")}, "infinite values: days"),
        ({"name": None}, "not_nullable"),
    ],
)
def test_values_that_are_not_allowed_are_problems(row: dict[str, object], said: str) -> None:
    conformed = conform(frame(row))
    assert said in "; ".join(TABLE.problems(conformed))
    with pytest.raises(TableError, match="table test: "):
        TABLE.validate(conformed)


@pytest.mark.parametrize("row", [{"share": 0}, {"share": 1}, {"days": 0.001}, {"days": None}, {"word": None}])
def test_limits_and_missing_values_are_allowed(row: dict[str, object]) -> None:
    TABLE.validate(conform(frame(row)))


def test_repeated_keys_are_a_problem() -> None:
    (problem,) = TABLE.problems(conform(frame({}, {}, {"name": "b"})))
    assert problem == "1 row(s) repeat the key name: a"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (frame({}).drop(columns="word"), r"column\(s\) missing: word"),
        (frame({}).assign(more=1), r"unexpected column\(s\): more"),
        (frame({"count": "many"}), "column count is not Int64"),
    ],
)
def test_a_frame_with_other_columns_or_types_is_refused(given: pd.DataFrame, said: str) -> None:
    with pytest.raises(TableError, match=said):
        conform(given)


def test_wide_columns_are_numbers_and_empty_ones_are_dropped() -> None:
    conformed = conform(pd.DataFrame({"name": ["a"], "x": ["1"], "y": [None]}), WIDE)
    assert list(conformed.columns) == ["cohort", "name", "provenance", "x"]
    assert conformed["x"].tolist() == [1.0]
    with pytest.raises(TableError, match="column x is not float64"):
        conform(pd.DataFrame({"name": ["a"], "x": ["high"]}), WIDE)


def test_only_columns_of_the_table_are_selected_unless_it_is_wide() -> None:
    given = pd.DataFrame({"more": [1], "name": ["a"]})
    assert list(TABLE.select(given)) == ["name"]
    assert list(WIDE.select(given)) == ["more", "name"]


def test_an_empty_table_keeps_its_types() -> None:
    empty = TABLE.empty()
    assert empty.num_rows == 0
    assert empty.schema == TABLE.to_arrow(conform(frame({}))).schema
