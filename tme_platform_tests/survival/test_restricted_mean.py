"""Restricted mean survival time against lifelines, R's survfit and a simulation."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import restricted_mean


def test_means_are_those_of_lifelines(lung: pd.DataFrame) -> None:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    found = restricted_mean(lung["time"], lung["status"], lung["sex"].astype(str), "2", "1", tau=500).set_index("group")
    for sex in (1, 2):
        part = lung[lung["sex"] == sex]
        curve = KaplanMeierFitter().fit(part["time"], part["status"])
        assert found.loc[str(sex), "mean"] == pytest.approx(restricted_mean_survival_time(curve, t=500))
    assert found.loc["difference", "mean"] == pytest.approx(found.loc["2", "mean"] - found.loc["1", "mean"])


def test_means_and_errors_are_those_of_r() -> None:
    # R: print(survfit(Surv(time, status) ~ x, aml), rmean = 161) gives
    #   x=Maintained     n 11, events  7, rmean 52.6, se(rmean) 19.83
    #   x=Nonmaintained  n 12, events 11, rmean 22.7, se(rmean)  4.18
    time = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
    status = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    arm = ["Maintained"] * 11 + ["Nonmaintained"] * 12
    found = restricted_mean(time, status, arm, "Maintained", "Nonmaintained", tau=161).set_index("group")
    assert found["mean"].iloc[:2].tolist() == pytest.approx([52.6, 22.7], abs=0.05)
    assert found["se"].iloc[:2].tolist() == pytest.approx([19.83, 4.18], abs=0.005)
    assert found.loc["difference", "se"] == pytest.approx(np.hypot(19.83, 4.18), abs=0.005)
    assert found["p"].isna().tolist() == [True, True, False]


def test_the_limit_is_where_ten_of_each_group_are_at_risk(lung: pd.DataFrame) -> None:
    found = restricted_mean(lung["time"], lung["status"], lung["sex"].astype(str), "2", "1")
    last = [lung.loc[lung["sex"] == sex, "time"].nlargest(10).min() for sex in (1, 2)]
    assert found["tau"].unique() == [min(last)]
    swapped = restricted_mean(lung["time"], lung["status"], lung["sex"].astype(str), "1", "2")
    assert swapped["mean"].iloc[-1] == pytest.approx(-found["mean"].iloc[-1])


def test_few_patients_give_a_reason() -> None:
    found = restricted_mean([1, 2, 3], [1, 0, 1], ["hot", "cold", "cold"], "hot", "cold")
    assert found["mean"].isna().all()
    assert set(found["reason"]) == {"hot and cold: fewer than 10 patients"}
    none = restricted_mean(np.arange(1, 41), [0] * 40, ["hot", "cold"] * 20, "hot", "cold")
    assert none["p"].isna().all()
    assert none["ci_low"].isna().all()
    assert none["reason"].str.contains("no event").all()


def test_the_interval_covers_the_difference_of_crossing_curves() -> None:
    """Weibull curves with shapes 0.7 and 1.5; the limit is fixed, so the true difference is known."""
    random = np.random.default_rng(0)
    grid = np.linspace(0, 1, 20001)
    truth = np.trapezoid(np.exp(-(grid**0.7)) - np.exp(-(grid**1.5)), grid)
    group = np.repeat(["hot", "cold"], 80)
    covered = []
    for _ in range(400):
        times = np.concatenate([random.weibull(0.7, 80), random.weibull(1.5, 80)])
        limit = random.uniform(0.5, 3, 160)
        found = restricted_mean(np.minimum(times, limit), times <= limit, group, "hot", "cold", tau=1).iloc[2]
        covered.append(found["ci_low"] <= truth <= found["ci_high"])
    assert 0.92 <= np.mean(covered) <= 0.98
