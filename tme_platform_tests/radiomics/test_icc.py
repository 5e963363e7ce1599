import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import icc

# Shrout & Fleiss 1979, table 4; R: psych::ICC(matrix(c(9,6,8,7,10,6, 2,1,4,1,5,2, 5,3,6,2,6,4, 8,2,8,6,9,7), 6))
PAPER = {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}
# pingouin.intraclass_corr, 0.7.0: icc, F, p, and the interval (two decimals)
SHROUT = {
    "ICC1": (0.165742, 1.794678, 0.164769, -0.13, 0.72),
    "ICC2": (0.289764, 11.027248, 0.000135, 0.02, 0.76),
    "ICC3": (0.714841, 11.027248, 0.000135, 0.34, 0.95),
    "ICC1k": (0.442797, 1.794678, 0.164769, -0.88, 0.91),
    "ICC2k": (0.620051, 11.027248, 0.000135, 0.07, 0.93),
    "ICC3k": (0.909316, 11.027248, 0.000135, 0.68, 0.99),
}
WINE = {
    "ICC1": (0.727521, 11.680026, 0.000002, 0.43, 0.93),
    "ICC2": (0.727689, 11.786693, 0.000005, 0.43, 0.93),
    "ICC3": (0.729487, 11.786693, 0.000005, 0.43, 0.93),
    "ICC1k": (0.914384, 11.680026, 0.000002, 0.75, 0.98),
    "ICC2k": (0.914450, 11.786693, 0.000005, 0.75, 0.98),
    "ICC3k": (0.915159, 11.786693, 0.000005, 0.75, 0.98),
}
# R: lower and upper bounds of psych::ICC for Shrout & Fleiss' table (four digits)
SHROUT_LIMITS = {"ICC1": (-0.1329, 0.7226), "ICC2": (0.0188, 0.7611), "ICC3": (0.3425, 0.9459)}


@pytest.fixture(scope="module")
def shrout(reference):
    wide = pd.read_csv(reference / "icc" / "shrout_fleiss_1979.csv")
    return wide.melt("target", var_name="rater", value_name="score").rename(columns={"target": "subject"})


@pytest.fixture(scope="module")
def wine(reference):
    table = pd.read_csv(reference / "icc" / "pingouin_icc_wine.csv")
    return table.rename(columns={"Wine": "subject", "Judge": "rater", "Scores": "score"})


@pytest.mark.parametrize("form", SHROUT)
def test_icc_matches_shrout_and_fleiss(shrout, form):
    row = icc(shrout, form=form).loc["score"]
    value, f, p, low, high = SHROUT[form]
    assert round(row["icc"], 2) == PAPER[form]
    assert row[["icc", "f", "p"]].to_list() == pytest.approx([value, f, p], abs=1e-6)
    assert [round(row["ci_low"], 2), round(row["ci_high"], 2)] == [low, high]


@pytest.mark.parametrize("form", SHROUT_LIMITS)
def test_limits_match_psych(shrout, form):
    row = icc(shrout, form=form).loc["score"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(SHROUT_LIMITS[form], abs=1e-4)


@pytest.mark.parametrize("form", WINE)
def test_icc_matches_pingouin_on_wine_ratings(wine, form):
    row = icc(wine, form=form).loc["score"]
    value, f, p, low, high = WINE[form]
    assert row[["icc", "f", "p"]].to_list() == pytest.approx([value, f, p], abs=1e-6)
    assert [round(row["ci_low"], 2), round(row["ci_high"], 2)] == [low, high]


def test_all_features_at_once_equal_one_by_one(shrout):
    random = np.random.default_rng(0)
    table = shrout.assign(**{f"x{i}": shrout["score"] + random.normal(0, i + 1, len(shrout)) for i in range(5)})
    table.loc[3, "x2"] = np.nan
    together = icc(table)
    for feature in together.index:
        alone = icc(table[["subject", "rater", feature]])
        pd.testing.assert_frame_equal(together.loc[[feature]], alone)
    assert together.loc["x2", "subjects"] == 5


def test_order_of_rows_does_not_matter(shrout):
    pd.testing.assert_frame_equal(icc(shrout.sample(frac=1, random_state=3)), icc(shrout))


def test_degenerate_features_are_missing_with_a_reason():
    table = pd.DataFrame(
        {
            "subject": [1, 1, 2, 2, 3, 3],
            "rater": list("abababab"[:6]),
            "constant": 5.0,
            "perfect": [1.0, 1.0, 4.0, 4.0, 2.0, 2.0],
            "mostly_missing": [1.0, 2.0, np.nan, 3.0, 1.0, np.nan],
        }
    )
    found = icc(table)
    assert np.isnan(found.loc["constant", "icc"])
    assert "same value" in found.loc["constant", "reason"]
    assert found.loc["perfect", ["icc", "ci_low", "ci_high", "p"]].to_list() == [1.0, 1.0, 1.0, 0.0]
    assert np.isnan(found.loc["mostly_missing", "icc"])
    assert "1 subjects" in found.loc["mostly_missing", "reason"]


def test_invalid_tables_raise(shrout):
    with pytest.raises(ValueError, match="rater"):
        icc(shrout.drop(columns="rater"))
    with pytest.raises(ValueError, match="more than one row"):
        icc(pd.concat([shrout, shrout.iloc[:1]]))
    with pytest.raises(ValueError, match="unknown form"):
        icc(shrout, form="ICC4")
