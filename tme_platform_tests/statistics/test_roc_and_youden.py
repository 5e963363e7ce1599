"""ROC points and the Youden threshold against pROC 1.18 on 400 SCAN-B tumours.

x <- read.csv("scanb_400_roc_inputs.csv")
r1 <- roc(x$er_status, x$ESR1, quiet = TRUE, direction = "<")
r3 <- roc(x$overall_survival_event, x$AURKA, quiet = TRUE, direction = "<")
ci.auc(r1)
coords(r3, "best", best.method = "youden", transpose = FALSE)
"""

import numpy as np
import pandas as pd
import pytest

from tme_platform.statistics import roc_curve_points, youden_threshold

CLOSE = {"rel": 1e-9, "abs": 1e-12}


def test_area_under_the_points_matches_proc(scanb_roc: pd.DataFrame, proc: pd.Series) -> None:
    points = roc_curve_points(scanb_roc["er_status"], scanb_roc["ESR1"])
    area = np.trapezoid(points["sensitivity"][::-1], 1 - points["specificity"][::-1])
    assert area == pytest.approx(proc["auc_esr1_er"], **CLOSE)
    assert points["threshold"].is_monotonic_increasing
    assert points["threshold"].iloc[[0, -1]].tolist() == [-np.inf, np.inf]


def test_youden_threshold_matches_proc(scanb_roc: pd.DataFrame, proc: pd.Series) -> None:
    threshold, sensitivity, specificity = youden_threshold(scanb_roc["overall_survival_event"], scanb_roc["AURKA"])
    assert threshold == pytest.approx(proc["youden_aurka_threshold"], **CLOSE)
    assert sensitivity == pytest.approx(proc["youden_aurka_sensitivity"], **CLOSE)
    assert specificity == pytest.approx(proc["youden_aurka_specificity"], **CLOSE)


def test_lowest_of_equally_good_thresholds_is_chosen() -> None:
    assert list(youden_threshold([0, 1, 0, 1], [1, 2, 3, 4])) == [1.5, 1.0, 0.5]


def test_threshold_between_adjacent_floats_is_the_upper_one() -> None:
    low = 0.1
    high = np.nextafter(low, 1)
    assert list(youden_threshold([0, 1], [low, high])) == [high, 1, 1]


def test_single_outcome_has_no_points_and_no_threshold() -> None:
    assert roc_curve_points([1, 1], [1, 2]).empty
    found = youden_threshold([], [])
    assert np.isnan(list(found)).all()
    assert found.reason == "patients of both outcomes are needed to choose a threshold"
