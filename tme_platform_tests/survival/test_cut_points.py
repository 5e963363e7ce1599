"""Cut-points and their corrected p values against R's maxstat."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from tme_platform.survival import log_rank, maximally_selected_log_rank, youden_split
from tme_platform.survival.cut_point import corrected_p


def test_maximally_selected_log_rank_matches_maxstat(reference: Path) -> None:
    # R: maxstat.test(Surv(month, cens) ~ EF, data=hohnloser, smethod="LogRank", pmethod="Lau92")
    # M = 3.5691, p-value = 0.01065, estimated cutpoint 39
    heart = pd.read_csv(reference / "survival" / "hohnloser.tsv", sep="\t")
    found = maximally_selected_log_rank(heart["month"], heart["event"], heart["ef"])
    assert (round(found.statistic, 4), round(found.p, 5), found.cut, found.n) == (3.5691, 0.01065, 39, 94)
    # R: maxstat.test(Surv(time, cens) ~ MGE, data=DLBCL, smethod="LogRank"): M = 3.1772, cutpoint 0.1860526
    lymphoma = pd.read_csv(reference / "survival" / "dlbcl.tsv", sep="\t")
    found = maximally_selected_log_rank(lymphoma["time"], lymphoma["event"], lymphoma["mge"])
    assert (round(found.statistic, 4), round(found.cut, 7)) == (3.1772, 0.1860526)
    # R: the same with iscores=TRUE, pmethod="Lau92": M = 3.171, p-value = 0.03611
    assert corrected_p(3.171) == pytest.approx(0.03611, abs=2e-5)


def test_corrected_p_matches_published_quantiles() -> None:
    # Lausen & Schumacher 1992, table 2
    table = {(0.25, 0.75): [2.539, 2.829, 3.088, 3.395], (0.1, 0.9): [2.784, 3.054, 3.297, 3.588]}
    for shares, quantiles in table.items():
        for p, quantile in zip([0.1, 0.05, 0.025, 0.01], quantiles, strict=True):
            found = brentq(lambda b, p=p, shares=shares: corrected_p(b, *shares) - p, 1.5, 6)
            assert found == pytest.approx(quantile, abs=6e-4)


def test_corrected_p_is_a_decreasing_probability() -> None:
    p = np.array([corrected_p(b) for b in np.linspace(0, 8, 200)])
    assert ((p >= 0) & (p <= 1)).all()
    assert p[0] == 1
    assert (np.diff(p[30:]) < 0).all()
    assert np.isnan(corrected_p(np.nan))


def test_corrected_p_keeps_its_level_unlike_the_naive_p() -> None:
    rng = np.random.default_rng(5)
    n, naive, corrected = 80, [], []
    for _ in range(150):
        frame = pd.DataFrame({"t": rng.exponential(size=n), "e": rng.integers(0, 2, n), "x": rng.normal(size=n)})
        row = youden_split(frame, "t", "e", ["x"]).iloc[0]
        naive.append(row["p_naive"])
        corrected.append(row["p_corrected"])
    assert np.mean(np.array(naive) < 0.05) > 0.07
    assert np.mean(np.array(corrected) < 0.05) < 0.05


def test_youden_split_matches_its_definition(lung: pd.DataFrame) -> None:
    rows = youden_split(lung, "time", "status", ["age", "ph.karno"]).set_index("covariate")
    for name, row in rows.iterrows():
        used = lung.dropna(subset=[name])
        high = used[name] > row["threshold"]
        assert (row["n_low"], row["n_high"]) == ((~high).sum(), high.sum())
        assert row["p_naive"] == pytest.approx(log_rank(used["time"], used["status"], high).p)
        dead, alive = used.loc[used["status"] == 1, name], used.loc[used["status"] == 0, name]
        gains = [abs((dead > cut).mean() - (alive > cut).mean()) for cut in [row["threshold"], *used[name].unique()]]
        assert gains[0] == pytest.approx(max(gains))
        assert row["p_corrected"] > row["p_naive"]
    assert rows.loc["age", "hr"] > 1 > rows.loc["ph.karno", "hr"]
    assert rows.loc["ph.karno", "n_dropped"] == 1
    assert (rows["fdr_corrected"] >= rows["p_corrected"]).all()


def test_missing_cut_has_a_reason(lung: pd.DataFrame) -> None:
    frame = lung.assign(flat=1.0, empty=np.nan)
    rows = youden_split(frame, "time", "status", ["flat", "empty"])
    assert rows["p_corrected"].isna().all()
    assert list(rows["reason"]) == [
        "the covariate is constant",
        "patients with and without the event are needed to choose a cut",
    ]
    assert maximally_selected_log_rank([1.0, 2.0], [0, 0], [1.0, 2.0]).reason == "no event"
    assert (
        maximally_selected_log_rank([1.0, 2.0], [1, 0], [3.0, 3.0]).reason
        == "no cut leaves enough patients on each side"
    )
