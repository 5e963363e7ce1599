"""Gene-set tests between samples: CAMERA against limma, permutation of samples against its definition."""

from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tme_platform.expression import enrich, gene_set_path, read_gmt
from tme_platform.expression.camera import fit_variance_prior

METHODS = ("sample_permutation", "camera")


@pytest.fixture(scope="module")
def hallmarks() -> dict[str, list[str]]:
    return read_gmt(gene_set_path("msigdb_hallmark_50"))


@pytest.fixture(scope="module")
def er_positive(landing) -> pd.Series:
    clinical = pd.read_csv(landing / "scanb" / "clinical.tsv", sep="\t", index_col="title")
    return clinical["er_status"] == 1


def simulated(genes: int = 60, samples: int = 14, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Genes in correlated blocks of ten, and two random groups."""
    rng = np.random.default_rng(seed)
    blocks = np.repeat(rng.normal(size=(genes // 10, samples)), 10, axis=0)
    matrix = pd.DataFrame(rng.normal(size=(genes, samples)) + blocks, index=[f"g{at}" for at in range(genes)])
    return matrix, pd.Series(rng.permutation(np.arange(samples) < samples * 0.4))


SETS = {"block": [f"g{at}" for at in range(10)], "mixed": [f"g{at}" for at in range(0, 60, 7)], "one": ["g3"]}


def test_camera_equals_limma(scanb, er_positive, hallmarks, reference):
    # camera(x, sets, cbind(1, positive), contrast=2, inter.gene.cor=NA), see reference/limma/PROVENANCE.md
    expected = pd.read_csv(reference / "limma" / "scanb400.camera_hallmark_er.tsv", sep="\t", index_col=0)
    found = enrich(scanb, er_positive, hallmarks, method="camera")
    assert list(found.index) == list(expected.index)
    assert list(found["n_genes"]) == list(expected["NGenes"])
    assert list(found["direction"]) == list(expected["Direction"])
    for ours, theirs in (("correlation", "Correlation"), ("p", "PValue"), ("fdr", "FDR")):
        np.testing.assert_allclose(found[ours], expected[theirs], rtol=1e-11)


def test_variances_that_differ_by_chance_have_an_infinite_prior():
    prior = fit_variance_prior(np.full(100, 2.0), df=10)
    assert np.isinf(prior.df)
    assert prior.variance == pytest.approx(2.0)


def test_prior_is_recovered():
    # variances drawn from a scaled inverse chi-square with 6 degrees of freedom, times a chi-square with 20
    rng = np.random.default_rng(5)
    prior = fit_variance_prior(1.5 * 6 / rng.chisquare(6, 20_000) * rng.chisquare(20, 20_000) / 20, df=20)
    assert prior.df == pytest.approx(6, rel=0.1)
    assert prior.variance == pytest.approx(1.5, rel=0.05)


def test_permutation_statistic_matches_its_definition():
    matrix, group = simulated()
    found = enrich(matrix, group, SETS, permutations=10)
    t = pd.Series(stats.ttest_ind(matrix.loc[:, group], matrix.loc[:, ~group], axis=1).statistic, matrix.index)
    for name, genes in SETS.items():
        assert found.loc[name, "statistic"] == pytest.approx((t[genes].mean() - t.mean()) / t.std())
        assert found.loc[name, "direction"] == ("Up" if t[genes].mean() > t.mean() else "Down")
    within = matrix.apply(lambda values: values - values.groupby(group).transform("mean"), axis=1)
    upper = np.corrcoef(within.loc[SETS["block"]])[np.triu_indices(10, 1)]
    assert found.loc["block", "correlation"] == pytest.approx(upper.mean())
    assert np.isnan(found.loc["one", "correlation"])


def test_permutation_p_is_the_share_of_labellings():
    # 4 of 7 samples: 35 labellings, so with many permutations the p value approaches a multiple of 1 / 35
    matrix, _ = simulated(samples=7)
    group = pd.Series([True, False, True, True, False, True, False])
    p = enrich(matrix, group, SETS, permutations=20_000)["p"]
    assert comb(7, 4) == 35
    np.testing.assert_allclose(p * 35, (p * 35).round(), atol=0.35)
    assert p.min() > 0.02


def test_result_depends_on_neither_order_nor_which_group_is_first():
    matrix, group = simulated()
    first = enrich(matrix, group, SETS, permutations=50, seed=3)
    repeated = {name: genes[::-1] * 2 for name, genes in SETS.items()}
    shuffled = enrich(matrix.iloc[::-1], group, repeated, permutations=50, seed=3)
    pd.testing.assert_frame_equal(shuffled, first)
    opposite = enrich(matrix, ~group, SETS, permutations=50, seed=3)
    assert (opposite["direction"] != first["direction"]).all()
    np.testing.assert_allclose(opposite["statistic"], -first["statistic"])


@pytest.mark.parametrize("method", METHODS)
def test_a_planted_set_is_found_and_only_that(method):
    rng = np.random.default_rng(2)
    matrix = pd.DataFrame(rng.normal(size=(1000, 40)), index=[f"g{at}" for at in range(1000)])
    group = pd.Series(np.arange(40) < 15)
    matrix.loc[[f"g{at}" for at in range(20)], group] -= 1.0
    sets = {f"s{start}": [f"g{at}" for at in range(start, start + 20)] for start in range(0, 1000, 20)}
    found = enrich(matrix, group, sets, method=method)
    assert list(found.index[found["fdr"] < 0.05]) == ["s0"]
    assert found.loc["s0", "direction"] == "Down"


@pytest.mark.parametrize("method", METHODS)
def test_shuffled_labels_give_what_the_test_promises(scanb, er_positive, hallmarks, method):
    # preranked GSEA, which permutes genes, calls about a quarter of the hallmarks significant here
    rng = np.random.default_rng(0)
    p, findings = [], 0
    for _ in range(12):
        shuffled = pd.Series(rng.permutation(er_positive.to_numpy()), er_positive.index)
        found = enrich(scanb, shuffled, hallmarks, method=method, permutations=199)
        p.append((found["p"] < 0.05).mean())
        findings += int((found["fdr"] < 0.05).any())
    assert np.mean(p) < 0.1
    assert findings <= 1


@pytest.mark.parametrize("method", METHODS)
def test_what_is_left_out(method):
    matrix, group = simulated()
    matrix.loc["g0"] = 3.0
    matrix["other"] = 1000.0
    sets = {**SETS, "absent": ["x"], "all": list(matrix.index), "constant": ["g0"]}
    found = enrich(matrix, group.astype(object).reindex([*range(14), "other", "elsewhere"]), sets, method=method)
    assert list(found.index) == list(SETS)
    assert found.loc["block", "n_genes"] == 9
    assert found.attrs["genes_left_out"] == ["g0"]
    pd.testing.assert_frame_equal(found, enrich(matrix.drop(columns="other"), group, sets, method=method))
    assert enrich(matrix, group, {"absent": ["x"]}, method=method).empty


def test_a_gene_that_separates_the_groups_is_finite():
    matrix, group = simulated()
    matrix.loc["g0"] = group.astype(float).to_numpy()
    assert np.isfinite(enrich(matrix, group, SETS, permutations=10)[["statistic", "p"]]).all(axis=None)


def test_equal_genes_are_refused_instead_of_significant():
    matrix, group = simulated()
    matrix.loc[:] = matrix.iloc[0].to_numpy()
    with pytest.raises(ValueError, match="the same t statistic"):
        enrich(matrix, group, SETS, permutations=10)


def test_invalid_input_is_refused():
    matrix, group = simulated()
    with pytest.raises(ValueError, match="0 and 14 samples"):
        enrich(matrix, pd.Series(False, index=range(14)), SETS)
    with pytest.raises(ValueError, match="1 and 13 samples"):
        enrich(matrix, pd.Series(np.arange(14) == 0), SETS)
    with pytest.raises(ValueError, match="True for the first group"):
        enrich(matrix, pd.Series(["hot", "cold"] * 7), SETS)
    with pytest.raises(ValueError, match="'g0' has more than one row"):
        enrich(pd.concat([matrix, matrix.iloc[:1]]), group, SETS)
    with pytest.raises(ValueError, match="Sample '0' occurs twice"):
        enrich(pd.concat([matrix, matrix.iloc[:, :1]], axis=1), group, SETS)
    with pytest.raises(ValueError, match="Sample '0' occurs twice"):
        enrich(matrix, pd.concat([group, group.iloc[:1]]), SETS)
    with pytest.raises(ValueError, match="Known methods"):
        enrich(matrix, group, SETS, method="gsea")
    with pytest.raises(ValueError, match="permutations"):
        enrich(matrix, group, SETS, permutations=0)
    incomplete = matrix.copy()
    incomplete.loc["g5", 2] = np.nan
    with pytest.raises(ValueError, match="'g5' has a missing or infinite value"):
        enrich(incomplete, group, SETS)
