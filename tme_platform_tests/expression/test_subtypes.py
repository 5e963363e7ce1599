import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tme_platform.expression import intrinsic_subtype
from tme_platform.expression.gene_sets import DATA

NAMES = ["Basal", "Her2", "LumA", "LumB", "Normal"]


@pytest.fixture(scope="module")
def centroids():
    return pd.read_csv(DATA / "pam50_centroids_genefu.csv", index_col="gene")


def test_centroids_are_called_as_themselves(centroids):
    calls = intrinsic_subtype(centroids)
    assert calls["subtype"].tolist() == NAMES
    assert list(calls.columns) == ["subtype", *NAMES]


def test_correlations_are_spearman_after_median_centring(scanb, centroids):
    calls = intrinsic_subtype(scanb)
    genes = [gene for gene in centroids.index if gene in scanb.index]
    centred = scanb.loc[genes].sub(scanb.loc[genes].median(axis=1), axis=0)
    # further genes are present under their current names
    renamed = {"CDCA1": "NUF2", "KNTC2": "NDC80", "ORC6L": "ORC6"}
    extra = {old: new for old, new in renamed.items() if new in scanb.index}
    assert calls.attrs["gene_share"] == (len(genes) + len(extra)) / 50
    for old, new in extra.items():
        centred.loc[old] = scanb.loc[new] - scanb.loc[new].median()
    for name in NAMES:
        expected = spearmanr(centred.iloc[:, 7], centroids.loc[centred.index, name]).statistic
        assert calls[name].iloc[7] == pytest.approx(expected, abs=1e-12)


def test_calls_agree_with_published_calls(scanb, landing):
    # The published calls used all 50 genes and a fixed reference. With 38 genes and the medians of this cohort, 282 of
    # 400 calls agree, including all 63 basal-like tumours.
    published = (
        pd.read_csv(landing / "scanb" / "clinical.tsv", sep="\t")
        .set_index("title")["pam50_subtype"]
        .reindex(scanb.columns)
    )
    called = intrinsic_subtype(scanb)["subtype"]
    assert (called == published).mean() > 0.7
    assert (called[published == "Basal"] == "Basal").all()


def test_old_and_new_symbols_give_the_same_calls(centroids):
    new = centroids.rename(index={"CDCA1": "NUF2", "KNTC2": "NDC80", "ORC6L": "ORC6"})
    pd.testing.assert_frame_equal(intrinsic_subtype(new), intrinsic_subtype(centroids))


def test_incomplete_samples_and_matrices_are_not_called(centroids):
    matrix = centroids.assign(flat=0.0, incomplete=centroids["LumA"])
    matrix.loc["ESR1", "incomplete"] = np.nan
    matrix["flat"] = matrix[NAMES].median(axis=1)
    calls = intrinsic_subtype(matrix)
    assert calls.loc["incomplete"].isna().all()
    assert calls.loc[NAMES, "subtype"].notna().all()
    with pytest.raises(ValueError, match=r"20 of the 50 PAM50 genes found, below the required share of 0\.5"):
        intrinsic_subtype(centroids.iloc[:20])
    assert intrinsic_subtype(centroids.iloc[:20], min_share=0.4).attrs["gene_share"] == 0.4
    with pytest.raises(ValueError, match="more than once"):
        intrinsic_subtype(pd.concat([centroids, centroids.iloc[:1]]))
