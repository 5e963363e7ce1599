import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from tme_platform.expression import CHECKPOINT_GENES, compare_genes, enrichment


def test_wilcoxon_matches_r(scanb, reference):
    # wilcox.test(esr1 ~ cluster, exact=FALSE, correct=TRUE)$p.value with kmeans(S, 2) of the hallmark scores
    partitions = pd.read_csv(
        reference / "nbclust" / "scanb400.kmeans_partitions_k1_to_k9.tsv.gz", sep="\t", index_col=0
    )
    table = compare_genes(scanb, partitions["k2"], first=1, second=2).set_index("gene")
    assert table.loc["ESR1", "p"] == pytest.approx(9.4894389917125e-09, rel=1e-9)
    assert (table.loc["ESR1", ["n_first", "n_second"]] == [116, 284]).all()
    assert len(table) == 10_000
    assert (table["fdr"] >= table["p"]).all()


def test_genes_match_scipy_one_by_one():
    rng = np.random.default_rng(0)
    matrix = pd.DataFrame(rng.normal(size=(5, 20)).round(1), index=list("abcde"), columns=range(20))
    matrix.loc["b", [3, 15]] = np.nan
    matrix.loc["c"] = 2.0
    labels = pd.Series(["A"] * 9 + ["B"] * 8 + [None] * 2, index=range(19))
    table = compare_genes(matrix, labels).set_index("gene")
    for gene in "abde":
        left, right = matrix.loc[gene, :8].dropna(), matrix.loc[gene, 9:16].dropna()
        expected = mannwhitneyu(left, right, method="asymptotic")
        assert table.loc[gene, "p"] == pytest.approx(expected.pvalue)
        assert table.loc[gene, "w"] == expected.statistic
        assert table.loc[gene, "mean_difference"] == pytest.approx(left.mean() - right.mean())
        noise = left.std() + right.std()
        assert table.loc[gene, "signal_to_noise"] == pytest.approx((left.mean() - right.mean()) / noise)
    assert table.loc["b", ["n_first", "n_second"]].tolist() == [8, 7]
    assert np.isnan(table.loc["c", "p"])
    assert table.loc["c", "reason"] == "no variation"


def test_signal_to_noise_does_not_depend_on_the_unit_of_log_values():
    # log2 FPKM and log2 TPM differ by a constant per sample; a floor of the noise from the mean would change the order
    rng = np.random.default_rng(1)
    matrix = pd.DataFrame(rng.normal(size=(50, 12)), index=[f"g{at}" for at in range(50)])
    labels = pd.Series(["A"] * 5 + ["B"] * 7)
    ratio = compare_genes(matrix, labels)["signal_to_noise"]
    np.testing.assert_allclose(compare_genes(matrix + 10, labels)["signal_to_noise"], ratio, rtol=1e-10)


def test_signal_to_noise_is_missing_without_noise():
    matrix = pd.DataFrame([[0.1] * 3 + [0.7] * 4], index=["a"])
    table = compare_genes(matrix, pd.Series(["A"] * 3 + ["B"] * 4))
    assert table.loc[0, "p"] < 0.05
    assert np.isnan(table.loc[0, "signal_to_noise"])


def test_too_small_groups_have_a_reason():
    matrix = pd.DataFrame({"s1": [1.0], "s2": [2.0], "s3": [3.0]}, index=["a"])
    table = compare_genes(matrix, pd.Series({"s1": "A", "s2": "A", "s3": "B"}))
    assert table["p"].isna().all()
    assert table["reason"].tolist() == ["fewer than two values in a group"]


def test_checkpoint_genes_are_in_tcga(tcga):
    assert len(CHECKPOINT_GENES) == 8
    assert set(CHECKPOINT_GENES) <= set(tcga.index)


@pytest.fixture(scope="module")
def ranking():
    rng = np.random.default_rng(3)
    return pd.Series(rng.normal(size=2000), index=[f"g{i}" for i in range(2000)])


def test_planted_sets_are_detected(ranking):
    ordered = ranking.sort_values(ascending=False).index
    rng = np.random.default_rng(4)
    sets = {f"random{i}": list(rng.choice(ordered, 30, replace=False)) for i in range(40)}
    sets["up"] = list(ordered[:60:2])
    sets["down"] = list(ordered[-60::2])
    sets["small"] = list(ordered[:5])
    table = enrichment(ranking, sets, seed=1).set_index("term")
    assert list(table.columns) == ["es", "nes", "p", "fdr", "n_genes", "genes", "leading_edge"]
    assert set(table.index[:2]) == {"up", "down"}
    assert "small" not in table.index
    assert table.loc["up", "nes"] > 2
    assert table.loc["down", "nes"] < -2
    assert table.loc["up", "leading_edge"].split(",") == list(ordered[:60:2])
    assert table.loc["down", "leading_edge"].split(",") == list(ordered[-60::2][::-1])
    assert table.loc[["up", "down"], "fdr"].max() < 1e-4
    assert (table["fdr"].drop(["up", "down"]) > 0.05).all()
    pd.testing.assert_frame_equal(enrichment(ranking, sets, seed=1).set_index("term"), table)


def test_score_and_leading_edge_match_their_definition(ranking):
    genes = list(ranking.index[100:140])
    row = enrichment(ranking, {"set": genes}).iloc[0]
    ordered = ranking.sort_values(ascending=False)
    member = ordered.index.isin(genes)
    step = np.where(member, ordered.abs() / ordered[member].abs().sum(), -1 / (~member).sum())
    walk = np.cumsum(step)
    peak = np.argmax(np.abs(walk))
    assert row["es"] == pytest.approx(walk[peak])
    edge = (
        ordered.index[: peak + 1][member[: peak + 1]] if walk[peak] > 0 else ordered.index[peak:][member[peak:]][::-1]
    )
    assert row["leading_edge"].split(",") == list(edge)
    assert row["n_genes"] == 40
    assert row["genes"].split(",") == list(ordered.index[member])


def test_invalid_rankings_are_rejected(ranking):
    assert enrichment(ranking, {"set": ["x"]}).empty
    with pytest.raises(ValueError, match="'g0' has an infinite value"):
        enrichment(pd.concat([pd.Series({"g0": np.inf}), ranking.iloc[1:]]), {"set": list(ranking.index[:20])})
    with pytest.raises(ValueError, match="'g0' is in the ranking more than once"):
        enrichment(pd.concat([ranking, ranking.iloc[:1]]), {"set": list(ranking.index[:20])})
    incomplete = pd.concat([pd.Series({"extra": np.nan}), ranking])
    assert enrichment(incomplete, {"set": [*ranking.index[:20], "extra"]}).loc[0, "n_genes"] == 20
