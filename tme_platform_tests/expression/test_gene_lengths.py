import numpy as np
import pandas as pd

from tme_platform.expression import describe_counts, find_gene_lengths, packaged_gene_lengths


def test_packaged_lengths_are_those_of_their_source():
    lengths = packaged_gene_lengths()
    assert lengths.index.is_unique
    assert (lengths > 0).all()
    # first rows of hg19.geneSymbol.LENGTH in R: WASH5P NR_024540 1779, FAM138A NR_026818 1132
    assert lengths[["WASH5P", "FAM138A"]].tolist() == [1779, 1132]


def test_most_genes_of_the_bundled_counts_have_a_length(tcga):
    found = find_gene_lengths(list(tcga.index))
    assert found.source == "packaged"
    assert len(found.without) == 1479
    assert found.bases.index.equals(tcga.index)
    assert "MT-CO1" in found.without
    assert found.bases["MT-CO1"] == found.bases[~found.bases.index.isin(found.without)].median()
    assert "1,479 of 20,124 genes have no length there" in describe_counts(found)


def test_given_lengths_replace_the_packaged_ones_and_former_symbols_are_found():
    given = pd.Series({"MARCH1": 700.0, "CD8A": 500.0})
    found = find_gene_lengths(["CD8A", "MARCHF1"], given)
    assert found.bases.to_dict() == {"CD8A": 500.0, "MARCHF1": 700.0}
    assert describe_counts(found) == "log2 TPM by the gene_lengths of the cohort"


def test_too_few_lengths_are_none():
    assert find_gene_lengths(["CD8A", "x", "y"]) is None
    assert find_gene_lengths([]) is None
    assert "log2 CPM without gene lengths" in describe_counts(None)
    half = find_gene_lengths(["CD8A", "x"])
    assert half.without == ("x",)
    assert np.isfinite(half.bases).all()
