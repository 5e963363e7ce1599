import numpy as np
import pandas as pd
import pytest

from tme_platform.signature import applicability, fit_applicability


@pytest.fixture(scope="module")
def training():
    rng = np.random.default_rng(6)
    features = pd.DataFrame(rng.normal(10, 3, (50, 4)), columns=list("abcd"))
    features["constant"] = 1.0
    features.loc[3, "a"] = np.nan
    return features


def test_distant_case_is_unlike_training(training):
    domain = fit_applicability(training)
    assert domain.features == ("a", "b", "c", "d")
    cases = pd.DataFrame([training.mean()] * 2, index=["centre", "far"])
    cases.loc["far", ["c", "constant"]] += [60, 5]
    table = applicability(domain, cases)
    assert table["unlike_training"].tolist() == [False, True]
    assert table.loc["far", "percentile"] == 1
    assert table.loc["far", "share_outside"] == 0.25
    assert table.loc["far", "furthest_feature"] == "c"
    assert table.loc["far", "furthest_sd"] == pytest.approx(60 / training["c"].std())
    assert table.loc["centre", "share_outside"] == 0


def test_distance_is_mean_over_nearest_training_patients(training):
    domain = fit_applicability(training[["b", "c"]], neighbours=2)
    case = pd.DataFrame({"b": [11.0], "c": [7.5]})
    standard = (case.iloc[0] - training[["b", "c"]]) / training[["b", "c"]].std()
    expected = np.sort(np.sqrt((standard**2).mean(axis=1)))[:2].mean()
    assert applicability(domain, case)["distance"].iloc[0] == pytest.approx(expected)


def test_about_five_percent_of_similar_patients_are_flagged(training):
    domain = fit_applicability(training)
    fresh = pd.DataFrame(np.random.default_rng(9).normal(10, 3, (400, 4)), columns=list("abcd"))
    assert 0.01 < applicability(domain, fresh)["unlike_training"].mean() < 0.15


def test_missing_features_are_counted_and_patient_without_any_has_no_distance(training):
    cases = pd.DataFrame({"a": [np.nan, np.nan], "b": [10, np.nan], "c": [10, np.nan], "d": [10, np.nan]})
    table = applicability(fit_applicability(training), cases)
    assert table["missing_features"].tolist() == [1, 4]
    assert table["distance"].isna().tolist() == [False, True]
    assert table["unlike_training"].isna().tolist() == [False, True]


def test_invalid_input_raises(training):
    with pytest.raises(ValueError, match="more than 5 patients"):
        fit_applicability(training.head(5))
    with pytest.raises(ValueError, match="a feature that varies"):
        fit_applicability(training[["constant"]])
    with pytest.raises(ValueError, match="such as d"):
        applicability(fit_applicability(training), training.drop(columns="d"))
