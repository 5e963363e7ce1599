"""Kaplan-Meier, medians, numbers at risk and the log-rank test."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import at_risk_table, kaplan_meier, log_rank, median_survival


def test_log_rank_matches_r(scanb: pd.DataFrame, r_value: pd.Series) -> None:
    statistic, p = result = log_rank(scanb["time"], scanb["event"], scanb["cluster"])
    assert statistic == pytest.approx(r_value["logrank_chisq"], rel=1e-12)
    assert p == pytest.approx(r_value["logrank_p"], rel=1e-12)
    assert (result.degrees_of_freedom, result.n_dropped, result.reason) == (1, 0, "")


def test_log_rank_of_several_groups_matches_r(lung: pd.DataFrame) -> None:
    # survdiff(Surv(time, status) ~ ph.ecog, data = lung)   Chisq= 22  on 3 degrees of freedom, p= 7e-05
    found = log_rank(lung["time"], lung["status"], lung["ph.ecog"])
    assert found.statistic == pytest.approx(22.0, abs=0.05)
    assert found.p == pytest.approx(7e-5, abs=5e-6)
    assert (found.degrees_of_freedom, found.n_dropped) == (3, 1)


@pytest.mark.parametrize(
    ("event", "group", "reason"),
    [
        ([0, 0, 0, 0], list("aabb"), "no event"),
        ([1, 0, 1, 1], list("aaaa"), "fewer than two groups"),
        ([0, 0, 0, 1], list("aaab"), "fewer than two groups"),
    ],
)
def test_log_rank_without_a_comparison_has_a_reason(event: list[int], group: list[str], reason: str) -> None:
    result = log_rank([1.0, 2.0, 3.0, 4.0], event, group)
    assert np.isnan(result.p)
    assert result.reason.startswith(reason)


def test_inputs_with_different_rows_are_rejected(lung: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="same rows in the same order"):
        log_rank(lung["time"], lung["status"], lung["sex"].iloc[::-1])
    with pytest.raises(ValueError, match="228 and 227"):
        log_rank(lung["time"], lung["status"], lung["sex"].iloc[1:])


def test_kaplan_meier_by_hand() -> None:
    # R: summary(survfit(Surv(c(1, 3, 3, 4, 6), c(1, 1, 0, 1, 0)) ~ 1)): survival 4/5, 3/5, 3/10
    time, event = [1.0, 3.0, 3.0, 4.0, 6.0, -1.0], [1, 1, 0, 1, 0, 1]
    curve = kaplan_meier(time, event, ["g"] * 6)
    assert list(curve["time"]) == [0, 1, 3, 4, 6]
    assert list(curve["at_risk"]) == [5, 5, 4, 2, 1]
    assert list(curve["events"]) == [0, 1, 1, 1, 0]
    assert list(curve["censored"]) == [0, 0, 1, 0, 1]
    np.testing.assert_allclose(curve["survival"], [1, 0.8, 0.6, 0.3, 0.3])
    se = np.sqrt(1 / (5 * 4) + 1 / (4 * 3))
    assert curve.loc[2, "ci_low"] == pytest.approx(0.6 * np.exp(-1.959963984540054 * se))
    assert curve.loc[2, "ci_high"] == 1.0
    assert curve.attrs["n_dropped"] == 1


def test_limits_are_missing_once_survival_is_zero() -> None:
    curve = kaplan_meier([2.0, 5.0], [1, 1], ["g", "g"])
    assert curve["survival"].iloc[-1] == 0
    assert curve[["ci_low", "ci_high"]].iloc[-1].isna().all()


def test_medians_match_r(lung: pd.DataFrame) -> None:
    # R: survfit(Surv(time, status) ~ sex, lung)
    #         n events median 0.95LCL 0.95UCL
    # sex=1 138    112    270     212     310
    # sex=2  90     53    426     348     550
    result = median_survival(lung["time"], lung["status"], lung["sex"])
    assert result.to_numpy().tolist() == [[1, 138, 112, 270, 212, 310], [2, 90, 53, 426, 348, 550]]


def test_median_is_the_midpoint_of_a_step_at_half() -> None:
    result = median_survival([1.0, 2.0, 3.0, 8.0], [1, 1, 1, 1], ["g"] * 4)
    assert result.loc[0, "median"] == 2.5
    never = median_survival([1.0, 2.0, 3.0, 8.0], [1, 0, 0, 0], ["g"] * 4)
    assert np.isnan(never.loc[0, "median"])


def test_numbers_at_risk_by_group(lung: pd.DataFrame) -> None:
    table = at_risk_table(lung["time"], lung["status"], lung["sex"], [0, 500]).set_index(["group", "time"])
    men = lung[lung["sex"] == 1]
    assert table.loc[(1, 0), "at_risk"] == 138
    assert table.loc[(1, 500), "at_risk"] == (men["time"] >= 500).sum()
    assert list(table.sum(axis=1)) == [138, 138, 90, 90]


def test_no_usable_rows_give_empty_tables() -> None:
    assert kaplan_meier([np.nan], [1], ["g"]).empty
    assert median_survival([np.nan], [1], ["g"]).empty
    assert log_rank([np.nan], [1], ["g"]).reason == "no event"
