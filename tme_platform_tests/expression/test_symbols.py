import pytest

from tme_platform.expression import (
    gene_set_coverage,
    gene_set_path,
    harmonise_gene_sets,
    harmonise_symbols,
    read_gmt,
)


def test_former_symbols_are_found_on_either_side():
    assert harmonise_symbols(["CDCA1", "TP53"], ["NUF2", "TP53"]) == {"NUF2": "CDCA1", "TP53": "TP53"}
    assert harmonise_symbols(["NUF2"], ["CDCA1"]) == {"CDCA1": "NUF2"}
    # two former names of one gene (H2AZ1)
    assert harmonise_symbols(["H2AFZ"], ["H2AZ"]) == {"H2AZ": "H2AFZ"}
    assert harmonise_symbols(["ESR1"], ["NUF2"]) == {}


def test_genes_present_under_both_names_are_not_merged():
    assert harmonise_symbols(["NUF2", "CDCA1"], ["CDCA1", "NUF2"]) == {"CDCA1": "CDCA1", "NUF2": "NUF2"}


def test_recent_renamings_and_similar_names_of_other_genes():
    assert harmonise_symbols(["TARS2"], ["TARS1"]) == {}
    assert harmonise_symbols(["MARCH1"], ["MARCHF1"]) == {"MARCHF1": "MARCH1"}
    assert harmonise_symbols(["C8orf4"], ["TCIM"]) == {"TCIM": "C8orf4"}


def test_gene_sets_are_translated_to_the_names_of_the_matrix():
    sets = {"a": ["NUF2", "CDCA1", "TP53"], "b": ["XXX"]}
    translated, renamed = harmonise_gene_sets(sets, ["CDCA1", "TP53"])
    assert translated == {"a": ["CDCA1", "TP53"], "b": ["XXX"]}
    assert renamed.to_dict("records") == [{"gene": "NUF2", "found_as": "CDCA1"}]


@pytest.mark.parametrize(
    ("collection", "n_missing"),
    [("tme24", 21), ("mcpcounter", 5), ("estimate_141", 0), ("msigdb_hallmark_50", 5)],
)
def test_genes_missing_from_tcga_are_not_renamed_genes(collection, n_missing, tcga):
    # The matrix lacks non-coding genes, T cell receptor loci, KIR2DS/3DS1 haplotypes and the invalid symbol 'C' under
    # any name.
    sets, _ = harmonise_gene_sets(read_gmt(gene_set_path(collection)), tcga.index)
    missing = {gene for genes in gene_set_coverage(tcga.index, sets)["missing"] for gene in genes.split(",") if gene}
    assert len(missing) == n_missing
