"""ssGSEA against GSVA and against an explicit running sum."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import gene_set_path, normalise_scores, read_gmt, score_range, ssgsea

COLLECTIONS = {"mcp": "mcpcounter", "hallmark": "msigdb_hallmark_50"}


def small_matrix(n_genes=200, n_samples=7, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_genes, n_samples)).round(1)
    return pd.DataFrame(values, index=[f"g{i}" for i in range(n_genes)], columns=[f"s{i}" for i in range(n_samples)])


def running_sum(values, member, weight=0.25):
    """The definition, computed gene by gene."""
    ranks = np.floor(pd.Series(values).rank().to_numpy())
    order = np.argsort(-ranks, kind="stable")
    inside = np.where(member, ranks**weight, 0)[order]
    outside = (~member)[order]
    return np.sum(np.cumsum(inside) / inside.sum() - np.cumsum(outside) / outside.sum())


# gsva(X, G, method='ssgsea', ssgsea.norm=FALSE | TRUE, min.sz=1), see reference/gsva/PROVENANCE.md
@pytest.mark.parametrize("kind", ["raw", "normalised"])
@pytest.mark.parametrize("collection", ["mcp", "hallmark"])
@pytest.mark.parametrize("cohort", ["scanb400", "tcga_er60"])
def test_scores_match_gsva(cohort, collection, kind, matrices, reference):
    expected = pd.read_csv(reference / "gsva" / f"{cohort}.ssgsea_{collection}.{kind}.tsv.gz", sep="\t", index_col=0)
    gene_sets = read_gmt(gene_set_path(COLLECTIONS[collection]))
    scores = ssgsea(matrices[cohort], gene_sets, normalise=kind == "normalised")
    # relative tolerance: the closed form and R's loop add in different orders
    pd.testing.assert_frame_equal(scores, expected, rtol=1e-9, atol=0)


def test_scores_match_the_running_sum_with_ties_and_any_weight():
    matrix = small_matrix()
    members = ["g3", "g50", "g199", "g120", "g7"]
    for weight in (0.25, 0.0, 1.0):
        scores = ssgsea(matrix, {"set": members}, weight=weight, normalise=False)
        member = matrix.index.isin(members)
        expected = [running_sum(matrix[sample].to_numpy(), member, weight) for sample in matrix]
        np.testing.assert_allclose(scores.loc["set"], expected, rtol=1e-12)


def test_tied_genes_are_ordered_by_row():
    flat = pd.DataFrame({"s": [1.0, 1.0, 1.0, 1.0]}, index=list("abcd"))
    scores = ssgsea(flat, {"first": ["a"], "last": ["d"]}, normalise=False)["s"]
    assert scores["first"] == pytest.approx(4 - 6 / 3)
    assert scores["last"] == pytest.approx(1 - 9 / 3)


def test_input_is_not_modified_and_integers_are_scored():
    matrix = small_matrix()
    before = matrix.copy()
    first = ssgsea(matrix, {"set": ["g1", "g2"]})
    pd.testing.assert_frame_equal(matrix, before)
    tenfold = (matrix * 10).round().astype(int)
    pd.testing.assert_frame_equal(ssgsea(tenfold, {"set": ["g1", "g2"]}), first)


def test_scores_do_not_depend_on_block_size(monkeypatch):
    matrix = small_matrix(n_samples=11)
    sets = {"a": ["g1", "g5", "g9"], "b": ["g100", "g0"]}
    whole = ssgsea(matrix, sets)
    monkeypatch.setattr("tme_platform.expression._random_walk._BLOCK_BYTES", 1)
    pd.testing.assert_frame_equal(ssgsea(matrix, sets), whole)


def test_raw_scores_do_not_depend_on_other_samples():
    matrix = small_matrix()
    sets = {"a": ["g1", "g5", "g9"], "b": ["g100", "g0"]}
    alone = ssgsea(matrix[["s2"]], sets, normalise=False)
    pd.testing.assert_frame_equal(alone, ssgsea(matrix, sets, normalise=False)[["s2"]])


def test_another_cohort_is_normalised_by_the_reference_range():
    sets = {"a": ["g1", "g5", "g9"], "b": ["g100", "g0"]}
    reference_raw = ssgsea(small_matrix(seed=1), sets, normalise=False)
    other_raw = ssgsea(small_matrix(seed=2), sets, normalise=False)
    low, high = score_range(reference_raw)
    pd.testing.assert_frame_equal(normalise_scores(reference_raw), ssgsea(small_matrix(seed=1), sets))
    pd.testing.assert_frame_equal(normalise_scores(other_raw, (low, high)), other_raw / (high - low))
    assert normalise_scores(other_raw, (3.0, 3.0)).isna().all(axis=None)


def test_small_sets_are_left_out_and_repeated_genes_count_once():
    sets = {"none": ["x"], "one": ["g1", "x"], "two": ["g1", "g2", "g2"]}
    matrix = small_matrix()
    assert list(ssgsea(matrix, sets).index) == ["one", "two"]
    assert list(ssgsea(matrix, sets, min_genes=2).index) == ["two"]
    pd.testing.assert_frame_equal(ssgsea(matrix, {"two": ["g1", "g2"]}), ssgsea(matrix, {"two": ["g2", "g1", "g2"]}))


def test_set_with_every_gene_is_nan():
    matrix = small_matrix(n_genes=4)
    scores = ssgsea(matrix, {"all": list(matrix.index), "one": ["g0"]})
    assert scores.loc["all"].isna().all()
    assert scores.loc["one"].notna().all()


def test_missing_value_is_rejected():
    matrix = small_matrix()
    matrix.loc["g7", "s3"] = np.nan
    with pytest.raises(ValueError, match="gene 'g7' in sample 's3'"):
        ssgsea(matrix, {"set": ["g1"]})


def test_duplicated_gene_is_rejected():
    matrix = small_matrix()
    matrix.index = ["g0", "g0", *matrix.index[2:]]
    with pytest.raises(ValueError, match="more than once: g0"):
        ssgsea(matrix, {"set": ["g5"]})


def test_sets_without_genes_in_the_matrix_are_rejected():
    with pytest.raises(ValueError, match="None of 1 gene sets"):
        ssgsea(small_matrix(), {"set": ["ENSG00000141510"]})
