"""Spearman correlations against R and SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tme_platform.statistics import benjamini_hochberg, spearman_interval, spearman_table


def test_spearman_matches_r(scanb_roc: pd.DataFrame, proc: pd.Series) -> None:
    # cor.test(x$ESR1, x$GATA3, method = "spearman", exact = FALSE)
    row = spearman_table(scanb_roc[["ESR1"]], scanb_roc[["GATA3"]]).iloc[0]
    assert row["rho"] == pytest.approx(proc["spearman_esr1_gata3_rho"], rel=1e-9, abs=1e-12)
    assert row["p"] == pytest.approx(proc["spearman_esr1_gata3_p"], rel=1e-6)
    assert row["n"] == 400


def test_missing_values_are_excluded_pair_by_pair() -> None:
    rng = np.random.default_rng(2)
    patients = [f"p{i}" for i in range(30)]
    x = pd.DataFrame(rng.normal(size=(30, 4)).round(1), index=patients, columns=list("abcd"))
    y = pd.DataFrame(rng.normal(size=(30, 3)).round(1), index=patients, columns=list("uvw"))
    x.iloc[:5, 1], y.iloc[3:9, 2] = np.nan, np.nan
    y = y.iloc[::-1]
    table = spearman_table(x, y)
    for row in table.itertuples():
        pair = pd.concat([x[row.feature], y[row.population]], axis=1).dropna()
        expected = spearmanr(pair.iloc[:, 0], pair.iloc[:, 1])
        assert (row.n, row.rho, row.p) == (len(pair), pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"]))


def test_undefined_correlations_have_a_reason() -> None:
    x = pd.DataFrame({"constant": 1.0, "few": [1, 2, 3, np.nan, np.nan]}, index=list("abcde"))
    y = pd.DataFrame({"u": [3.0, 1, 2, 5, 4]}, index=list("abcde"))
    table = spearman_table(x, y).set_index("feature")
    assert table["rho"].isna().all()
    assert table["fdr"].isna().all()
    assert table["reason"].tolist() == ["a variable is constant", "fewer than four patients"]


def test_repeated_patients_are_rejected() -> None:
    x = pd.DataFrame({"a": [1.0, 2.0]}, index=["p", "p"])
    with pytest.raises(ValueError, match="features: patient p has more than one row"):
        spearman_table(x, x)


def test_spearman_interval_by_hand() -> None:
    # z = atanh(0.5) = 0.549306, SE = sqrt((1 + 0.125) / 27) = 0.204124, so 0.149230 to 0.949382
    low, high = spearman_interval(0.5, 30)
    assert (low, high) == pytest.approx((np.tanh(0.149230), np.tanh(0.949382)), abs=1e-5)
    assert np.isnan(spearman_interval(0.5, 3)).all()
    assert np.isnan(spearman_interval(float("nan"), 30)).all()
    assert spearman_interval(1.0, 30) == (1.0, 1.0)


@pytest.mark.parametrize("r", [0.0, 0.5])
def test_spearman_interval_covers_as_promised(r: float) -> None:
    rng = np.random.default_rng(11)
    truth = 6 / np.pi * np.arcsin(r / 2)  # Spearman's rho of a bivariate normal distribution
    covered = 0
    for _ in range(600):
        x = rng.normal(size=70)
        y = r * x + np.sqrt(1 - r**2) * rng.normal(size=70)
        low, high = spearman_interval(float(spearmanr(x, y).statistic), 70)
        covered += low <= truth <= high
    assert 0.93 <= covered / 600 <= 0.97
