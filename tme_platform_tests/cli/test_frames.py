"""Tables on the terminal: within its width, missing values visible, nothing left out in silence."""

import io

import pandas as pd
import pytest
from rich.console import Console

from tme_platform.cli.frames import print_frame


def printed(frame: pd.DataFrame, width: int = 80) -> list[str]:
    sink = io.StringIO()
    print_frame(frame, Console(file=sink, width=width, emoji=False))
    return [line.rstrip() for line in sink.getvalue().splitlines()]


def wide(rows: int, columns: int = 40) -> pd.DataFrame:
    return pd.DataFrame({f"column_{number:02}": range(rows) for number in range(columns)})


def test_missing_values_are_seen_and_numbers_have_six_digits() -> None:
    frame = pd.DataFrame(
        {"name": ["a", None], "x": [1 / 3, None], "n": pd.array([1, None], "Int64"), "list": [[1, 2], None]}
    )
    assert printed(frame) == [
        "name         x     n  list",
        "a     0.333333     1  [1, 2]",
        "NULL      NULL  NULL  NULL",
        "2 rows",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("rows", [1, 6])
def test_no_line_is_wider_than_the_terminal(width: int, rows: int) -> None:
    frame = wide(rows).assign(text="a long text of many words " * 10, unbroken="x" * 300)
    assert max(map(len, printed(frame, width))) <= width


def test_columns_in_the_middle_are_left_out_of_many_rows() -> None:
    lines = printed(wide(6))
    assert lines[0].split() == [
        *("column_00", "column_01", "column_02", "column_03", "…"),
        *("column_37", "column_38", "column_39"),
    ]
    assert lines[-1] == "6 rows, 7 of 40 columns shown; --csv, --json or --parquet FILE gives all"


def test_few_rows_that_are_too_wide_are_records_with_every_column() -> None:
    lines = printed(wide(2))
    assert lines[0] == "row 1"
    assert [line.split() for line in lines[1:41]] == [[f"column_{number:02}", "0"] for number in range(40)]
    assert lines[41] == "row 2"
    assert lines[-1] == "2 rows"


def test_a_long_text_is_folded_and_whole() -> None:
    text = "one two three four five six seven eight nine ten " * 4
    lines = printed(pd.DataFrame({"a": ["x"] * 6, "text": [text] * 6}))
    assert " ".join(" ".join(lines[1:-1]).replace("x  ", "").split()) == " ".join((text * 6).split())


def test_rows_beyond_a_hundred_are_counted() -> None:
    lines = printed(wide(1234, columns=2))
    assert len(lines) == 102
    assert lines[-1] == "1,234 rows, 100 shown; --csv, --json or --parquet FILE gives all"


def test_an_answer_without_rows_has_its_columns() -> None:
    assert printed(wide(0, columns=2)) == ["column_00  column_01", "0 rows"]
    assert printed(wide(0))[-1] == "0 rows, 7 of 40 columns shown; --csv, --json or --parquet FILE gives all"
