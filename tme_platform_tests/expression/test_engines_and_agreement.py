import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import (
    gene_set_path,
    gseapy_ssgsea,
    harmonise_gene_sets,
    mcp_counter,
    read_gmt,
    score_agreement,
    score_cells,
    ssgsea,
)


@pytest.fixture(scope="module")
def markers():
    return read_gmt(gene_set_path("mcpcounter"))


def test_score_cells_uses_the_chosen_engine(scanb, markers):
    few = scanb.iloc[:, :10]
    pd.testing.assert_frame_equal(score_cells(few, markers), ssgsea(few, markers, normalise=False))
    pd.testing.assert_frame_equal(score_cells(few, markers, "mcp_counter"), mcp_counter(few, markers))
    pd.testing.assert_frame_equal(score_cells(few, markers, "gseapy"), gseapy_ssgsea(few, markers))
    with pytest.raises(ValueError, match="gsva, gseapy, mcp_counter"):
        score_cells(few, markers, "cibersort")


def test_gseapy_is_close_but_not_equal_to_gsva(scanb, markers):
    few = scanb.iloc[:, :40]
    ours, theirs = ssgsea(few, markers, normalise=False), gseapy_ssgsea(few, markers)
    assert list(theirs.index) == list(ours.index)
    assert list(theirs.columns) == list(ours.columns)
    # tied values (the matrix has one decimal) are ordered differently: scores in the thousands differ by up to 189
    assert 1 < (ours - theirs).abs().max(axis=None) < 200
    assert np.corrcoef(ours.to_numpy().ravel(), theirs.to_numpy().ravel())[0, 1] > 0.999


def test_gseapy_equals_gsva_without_ties(scanb, markers):
    rng = np.random.default_rng(0)
    few = scanb.iloc[:, :5] + rng.uniform(0, 0.01, size=(len(scanb), 5))
    np.testing.assert_allclose(gseapy_ssgsea(few, markers), ssgsea(few, markers, normalise=False), rtol=1e-6, atol=1e-4)


def test_gseapy_rejects_missing_values_and_unknown_genes(scanb, markers):
    with pytest.raises(ValueError, match="None of 1 gene sets"):
        gseapy_ssgsea(scanb, {"set": ["x"]})
    incomplete = scanb.iloc[:, :2].copy()
    incomplete.iloc[0, 0] = np.nan
    with pytest.raises(ValueError, match="Missing expression"):
        gseapy_ssgsea(incomplete, markers)


def test_agreement_uses_patients_in_both_tables():
    scores = pd.DataFrame([[1, 2, 3, 4, 9], [1, 1, 1, 1, 1]], index=["T", "flat"], columns=list("abcde"))
    fractions = pd.DataFrame(
        [[0.1, 0.3, 0.2, 0.4], [0.1, 0.2, 0.2, np.nan]], index=["T1", "T2"], columns=["a", "b", "c", "d"]
    )
    pairs = {"T": "T1", "flat": "T1", "B": ["T1", "B1"]}
    table = score_agreement(scores, fractions, pairs).set_index("population")
    assert table.loc["T", "rho"] == pytest.approx(0.8)
    assert table.loc["T", "n"] == 4
    assert table.loc["flat", "reason"] == "too few patients or no variation"
    assert table.loc["B", "reason"] == "not found: B, B1"
    assert table.loc[["flat", "B"], ["rho", "p", "fdr"]].isna().all(axis=None)
    summed = score_agreement(scores, fractions, {"T": ["T1", "T2"]}).iloc[0]
    assert (summed["n"], summed["compared_with"]) == (3, "T1 + T2")
    assert summed["rho"] == pytest.approx(0.5)


def test_scores_correlate_with_cell_fractions(tcga, landing):
    """Values measured on these 60 tumours, for two methods that share only the RNA."""
    scores = ssgsea(tcga, harmonise_gene_sets(read_gmt(gene_set_path("tme24")), tcga.index)[0])
    fractions = pd.read_csv(landing / "tcga_brca_fractions" / "cell_fractions.tsv.gz", sep="\t", index_col=0).T
    states = list(fractions.index)
    pairs = {
        "Macrophages": [state for state in states if "Myeloid" in state and "DC" not in state],
        "Fibroblasts": [state for state in states if state.startswith("CAFs")],
        "T helper 1 cells": [state for state in states if state.startswith("T_cells")],
        "B cells": ["B cells Memory", "B cells Naive", "Plasmablasts"],
    }
    table = score_agreement(scores, fractions, pairs).set_index("population")
    assert (table["n"] == 60).all()
    assert table["rho"].round(2).to_dict() == {
        "Macrophages": 0.83,
        "Fibroblasts": 0.8,
        "T helper 1 cells": 0.62,
        "B cells": 0.41,
    }
