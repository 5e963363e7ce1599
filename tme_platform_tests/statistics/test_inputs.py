import numpy as np
import pandas as pd
import pytest

from tme_platform.statistics import check_columns, outcome_and_scores, single_class_reason


def test_rows_with_a_missing_value_are_dropped() -> None:
    outcome = pd.Series([1, 0, pd.NA, 1], dtype="Int8")
    positive, (first, second) = outcome_and_scores(outcome, [0.1, 0.2, 0.3, 0.4], [1, None, 3, 4])
    assert positive.tolist() == [True, True]
    assert (first.tolist(), second.tolist()) == ([0.1, 0.4], [1, 4])


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([0, 2], [1, 2], "outcome y holds 2: code it 1"),
        ([0, 1], [1, 2, 3], r"differ in length \(2 and 3\)"),
        ([0, 1], [1, np.inf], "score holds infinite values"),
        (["hot", "cold"], [1, 2], "outcome y holds a value that is not a number"),
    ],
)
def test_invalid_outcomes_and_scores_are_rejected(y: list[object], score: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        outcome_and_scores(y, score)


def test_reason_names_the_missing_class() -> None:
    assert single_class_reason(np.array([True, False])) == ""
    assert single_class_reason(np.array([True, True])) == "all 2 patients have the same outcome"
    assert single_class_reason(np.array([], dtype=bool)) == "no patient has both an outcome and a score"


def test_missing_columns_are_named() -> None:
    frame = pd.DataFrame({"a": [1]})
    check_columns(frame, ["a"])
    with pytest.raises(ValueError, match="lacks the columns b, c"):
        check_columns(frame, ["a", "b", "c"])
