"""MCP-counter and ESTIMATE against R on the examples of the packages."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import PURITY_CAVEAT, estimate_scores, mcp_counter


@pytest.fixture(scope="module")
def ovarian(reference):
    return pd.read_csv(reference / "estimate" / "ov_10.tsv.gz", sep="\t", index_col="gene")


def test_mcp_counter_matches_r(reference):
    # MCPcounter.estimate(MCPcounterExampleData, featuresType = "affy133P2_probesets")
    folder = reference / "mcpcounter"
    expression = pd.read_csv(folder / "MCPcounterExampleData.tsv.gz", sep="\t", index_col=0)
    probes = pd.read_csv(folder / "mcpcounter_probesets.txt", sep="\t", names=["probe", "population"])
    expected = pd.read_csv(folder / "MCPcounter_estimate_output_R.tsv.gz", sep="\t", index_col=0)
    scores = mcp_counter(expression, probes.groupby("population")["probe"].agg(list).to_dict())
    # R's values were printed with nine significant digits
    np.testing.assert_allclose(scores.loc[expected.index, expected.columns], expected, rtol=5e-9)


def test_mcp_counter_without_markers_or_values():
    expression = pd.DataFrame({"s1": [1.0, 3.0], "s2": [np.nan, 5.0]}, index=["a", "b"])
    scores = mcp_counter(expression, {"both": ["a", "b", "b", "x"], "none": ["x"]})
    assert scores.loc["both"].tolist() == [2.0, 5.0]
    assert scores.loc["none"].isna().all()


def test_estimate_matches_r_on_all_common_genes(ovarian, reference):
    expected = pd.read_csv(reference / "estimate" / "computed_here_symbol_only_filter.tsv", sep="\t", index_col=0)
    scores = estimate_scores(ovarian)
    assert list(scores.columns) == ["stromal_score", "immune_score", "estimate_score", "tumour_purity"]
    np.testing.assert_allclose(scores, expected, rtol=1e-9)
    assert scores.attrs == {"common_share": 1.0, "stromal_share": 1.0, "immune_share": 1.0}


def test_estimate_is_close_to_published_output(ovarian, reference):
    published = pd.read_csv(reference / "estimate" / "published_tidyestimate_README_output.tsv", sep="\t", index_col=0)
    scores = estimate_scores(ovarian)
    # tidyestimate ranks 10,364 genes instead of 10,412, so only its ranks are shifted
    assert (scores["stromal_score"] - published["stromal"]).abs().max() < 15
    assert (scores["immune_score"] - published["immune"]).abs().max() < 15
    assert (scores["tumour_purity"] - published["purity"]).abs().max() < 0.004


def test_estimate_ignores_row_order_and_finds_renamed_genes(ovarian):
    expected = estimate_scores(ovarian)
    renamed = ovarian.iloc[::-1].rename(index={"SEPT9": "SEPTIN9", "GPR124": "ADGRA2", "ODZ4": "TENM4"})
    assert not renamed.index.equals(ovarian.index[::-1])
    pd.testing.assert_frame_equal(estimate_scores(renamed), expected)


def test_estimate_rejects_too_few_genes(ovarian):
    with pytest.raises(ValueError, match=r"share of 0\.5: common 0\.\d+, stromal"):
        estimate_scores(ovarian.iloc[:3000])
    with pytest.raises(ValueError, match=r"common 0\.00"):
        estimate_scores(pd.DataFrame({"s": [1.0]}, index=["x"]), min_share=0)


def test_negative_purity_is_missing(ovarian, monkeypatch):
    monkeypatch.setattr("tme_platform.expression.estimate._SLOPE", 1e-3)
    scores = estimate_scores(ovarian)
    assert scores["tumour_purity"].isna().any()
    assert scores["tumour_purity"].dropna().between(0, 1).all()


def test_purity_from_rna_seq_ranks_tumours_as_published(tcga, landing):
    # Spearman correlation with the published ESTIMATE purity of the same 60 tumours (another RNA-seq pipeline)
    published = pd.read_csv(landing / "tcga_brca" / "purity.tsv", sep="\t", decimal=",")
    published = published[published["Sample.ID"].str[13:15] == "01"]
    published = published.groupby(published["Sample.ID"].str[:12])["ESTIMATE"].first().reindex(tcga.columns)
    scores = estimate_scores(tcga)
    assert scores.attrs["stromal_share"] == 1.0
    assert scores["tumour_purity"].corr(published, method="spearman") > 0.97
    assert "Affymetrix" in PURITY_CAVEAT
