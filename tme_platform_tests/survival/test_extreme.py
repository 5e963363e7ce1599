"""Extreme inputs: every number is finite or missing with a reason, and nothing warns on the console."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import (
    adjusted_cox,
    compare_nested_cox,
    cox_influence,
    cox_multivariable,
    cox_univariate,
    cox_univariate_by_group,
    kaplan_meier,
    log_rank,
    maximally_selected_log_rank,
    median_survival,
    proportional_hazards_test,
    restricted_mean,
    searched_log_rank,
    youden_split,
)
from tme_platform.survival.monotone import FLAT, SEPARATED, fit_or_reason
from tme_platform.survival.partial_likelihood import risk_sets

pytestmark = [pytest.mark.filterwarnings("error::RuntimeWarning"), pytest.mark.filterwarnings("error::UserWarning")]
N = 24


def followed(**columns: object) -> pd.DataFrame:
    time = np.arange(1.0, N + 1) * 30
    event = np.resize([1, 0, 0, 1, 0], N)
    return pd.DataFrame({"time": time, "event": event} | columns)


def separated() -> pd.DataFrame:
    frame = followed()
    frame["x"] = np.where(frame["event"] == 1, 10.0, 0.0) + np.linspace(0, -1, N)
    return frame


def quasi_separated() -> pd.DataFrame:
    """The event always happens to a highest value, but others share it."""
    frame = followed()
    return frame.assign(x=np.maximum(frame["event"], np.resize([0, 1, 0], N)).astype(float))


CASES: dict[str, Callable[[], pd.DataFrame]] = {
    "no event in one group": lambda: followed(x=np.r_[np.zeros(N - 6), np.ones(6)], event=np.resize([1, 0], N)).assign(
        event=lambda f: f["event"] * (f["x"] == 0)
    ),
    "events only in one group": lambda: followed(x=np.resize([1.0, 0, 0, 1.0, 0], N)),
    "perfectly separated": separated,
    "quasi-separated": quasi_separated,
    "constant": lambda: followed(x=2.5),
    "constant but for rounding": lambda: followed(x=0.1 + 0.2 + np.resize([0, 4e-17], N)),
    "one patient in a group": lambda: followed(x=np.eye(N)[5]),
    "one patient in a group, with the last event": lambda: followed(x=np.eye(N)[20]),
    "varies only before the first event": lambda: followed(x=np.eye(N)[0], event=np.resize([0, 1, 0], N)),
    "one event": lambda: followed(x=np.linspace(0, 1, N), event=np.eye(N, dtype=int)[3]),
    "the first event only": lambda: followed(x=np.linspace(0, 1, N), event=np.eye(N, dtype=int)[0]),
    "no event": lambda: followed(x=np.linspace(0, 1, N), event=0),
    "only events": lambda: followed(x=np.linspace(0, 1, N) ** 2, event=1),
    "all at one time": lambda: followed(x=np.linspace(0, 1, N), time=100.0),
    "huge values": lambda: followed(x=np.r_[np.full(N - 1, 1.0), 1e300] + np.arange(N)),
    "tiny values": lambda: followed(x=np.arange(N) * 1e-300),
    "two patients": lambda: followed(x=np.arange(N)).head(2),
    "one patient": lambda: followed(x=1.0).head(1),
    "nobody": lambda: followed(x=1.0).head(0),
    "times of zero": lambda: followed(x=np.arange(N), time=0.0),
}
RATIOS = ["hr", "ci_low", "ci_high"]


@pytest.fixture(params=list(CASES), ids=lambda name: name.replace(" ", "_"))
def frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    return CASES[request.param]().astype({"time": "float64", "event": "int64", "x": "float64"})


def finite_or_reason(table: pd.DataFrame, columns: list[str]) -> None:
    known = np.isfinite(table[columns].to_numpy(dtype=float)).all(axis=1)
    said = table["reason"].fillna("").ne("").to_numpy()
    assert (known | said).all(), table.to_string()
    assert not np.isinf(table[columns].to_numpy(dtype=float)).any(), table.to_string()


def test_hazard_ratios(frame: pd.DataFrame) -> None:
    frame = frame.assign(
        y=np.resize([0.0, 1.0, 3.0, 2.0, 5.0, 1.5, 0.5], len(frame)), g=np.resize(["a", "b"], len(frame))
    )
    finite_or_reason(cox_univariate(frame, "time", "event", ["x"], standardise=True), RATIOS)
    finite_or_reason(cox_univariate_by_group(frame, "time", "event", ["x"], "g", standardise=True), RATIOS)
    finite_or_reason(cox_multivariable(frame, "time", "event", ["x", "y"], standardise=True), RATIOS)
    finite_or_reason(proportional_hazards_test(frame, "time", "event", ["x"]), ["p"])
    finite_or_reason(proportional_hazards_test(frame, "time", "event", ["x", "y"], together=True), ["p"])
    adjusted = adjusted_cox(frame, "time", "event", "x", {"y": frame[["y"]]}, events_per_term=1)
    finite_or_reason(adjusted, RATIOS)
    assert not np.isinf(cox_influence(frame, "time", "event", ["x", "y"]).select_dtypes("float64")).any().any()


def test_cuts(frame: pd.DataFrame) -> None:
    finite_or_reason(youden_split(frame, "time", "event", ["x"]), ["threshold", *RATIOS, "p_naive", "p_corrected"])
    found = maximally_selected_log_rank(frame["time"], frame["event"], frame["x"])
    assert np.isfinite(found.p) or found.reason


def test_curves_and_tests(frame: pd.DataFrame) -> None:
    group = np.where(frame["x"] > frame["x"].median(), "hot", "cold")
    found = log_rank(frame["time"], frame["event"], group)
    assert np.isfinite(found.p) or found.reason
    kaplan_meier(frame["time"], frame["event"], group)
    median_survival(frame["time"], frame["event"], group)
    finite_or_reason(restricted_mean(frame["time"], frame["event"], group, "hot", "cold"), ["mean"])
    searched_log_rank(frame["time"], frame["event"], {"a": pd.Series(group, dtype=object)}, permutations=19)


def test_nested_models(frame: pd.DataFrame) -> None:
    score, arm = frame["x"].to_numpy(), np.resize([0.0, 1.0], len(frame))
    event = frame["event"].to_numpy() == 1
    found = compare_nested_cox(frame["time"].to_numpy(), event, np.column_stack([score, arm]), (score * arm)[:, None])
    assert found.reason or (np.isfinite(found.statistic) and np.isfinite(found.standard_errors).all())


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no event in one group", SEPARATED),
        ("perfectly separated", SEPARATED),
        ("quasi-separated", SEPARATED),
        ("varies only before the first event", FLAT),
        ("constant", "the covariate is constant"),
        ("no event", "no event"),
        ("huge values", "the values are too large or too close together to be compared"),
        ("tiny values", "the values are too large or too close together to be compared"),
    ],
)
def test_the_reason_names_what_is_wrong(case: str, said: str) -> None:
    assert cox_univariate(CASES[case](), "time", "event", ["x"])["reason"].item() == said


def test_a_cut_with_all_events_on_one_side_has_its_p_value_and_a_reason_for_the_missing_ratio() -> None:
    row = youden_split(separated(), "time", "event", ["x"]).iloc[0]
    assert row["threshold"] > 0
    assert row["p_naive"] < 0.001
    assert np.isnan(row["hr"])
    assert row["reason"] == SEPARATED


def test_a_combination_that_separates_is_found_where_no_covariate_does_alone() -> None:
    """x - y is highest in the patient with the event, at every event; neither x nor y is."""
    random = np.random.default_rng(3)
    base = followed()
    x, shift = random.normal(size=N), np.where(base["event"] == 1, 1.0, 0.0) - np.linspace(0, 0.5, N)
    frame = base.assign(x=x, y=x - shift)
    assert (cox_univariate(frame, "time", "event", ["x", "y"])["reason"] == "").all()
    assert (cox_multivariable(frame, "time", "event", ["x", "y"])["reason"] == SEPARATED).all()
    assert (proportional_hazards_test(frame, "time", "event", ["x", "y"], together=True)["reason"] != "").all()


def test_a_strong_but_finite_effect_is_estimated() -> None:
    """One patient with a low value has the event before the others: the ratio is large and finite."""
    frame = separated()
    frame.loc[0, "x"] = -5.0
    row = cox_univariate(frame, "time", "event", ["x"]).iloc[0]
    assert row["reason"] == ""
    assert np.isfinite(row[RATIOS].astype(float)).all()


def test_tied_events_of_different_values_are_not_monotone() -> None:
    time, event = np.array([1.0, 1.0, 2.0, 3.0]), np.array([True, True, False, False])
    x = np.array([[3.0], [2.0], [1.0], [0.0]])
    sets = risk_sets(time, event)
    fitted, reason = fit_or_reason(x[sets.order], sets)
    assert reason == ""
    assert fitted.converged
