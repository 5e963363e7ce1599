"""The scale on which populations enter survival analyses."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from tme_platform.steps.population_survival import _above, _scores
from tme_platform.steps.scope import Scope

SHARES = pd.DataFrame({"patient_id": ["a", "b", "c"], "LAG3 T cells": [0.0, 0.0009, 0.1], "cohort": "x"})


def scope(source: SimpleNamespace | None) -> Scope:
    found = SimpleNamespace(read=lambda *_: SHARES, declaration=lambda *_: SimpleNamespace(cell_scores=source))
    return cast("Scope", found)


def test_raw_fractions_are_put_on_a_log_scale() -> None:
    scores, scale = _scores(scope(SimpleNamespace(kind="fractions", lineages=None)))
    assert scale == "log10_fraction"
    assert scores["LAG3 T cells"].tolist() == pytest.approx([-4, -3, np.log10(0.1001)])


@pytest.mark.parametrize(
    ("source", "scale"),
    [
        (None, "score"),
        (SimpleNamespace(kind="scores", lineages=None), "score"),
        (SimpleNamespace(kind="fractions", lineages="instaprism"), "log10_fraction"),
    ],
)
def test_scores_and_log_lineages_stay_as_they_are(source: SimpleNamespace | None, scale: str) -> None:
    scores, found = _scores(scope(source))
    assert found == scale
    assert scores["LAG3 T cells"].tolist() == [0.0, 0.0009, 0.1]


def test_patients_above_a_cut() -> None:
    scores = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [1.0, 2.0, 3.0]})
    found = _above(scores, pd.Series({"a": 1.0, "b": np.nan}))
    assert list(found) == ["a"], "b has no cut"
    assert found["a"].tolist()[:2] == [0, 1]
    assert np.isnan(found["a"].iloc[2])
