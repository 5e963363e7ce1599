import gzip

import pytest

from tme_platform.expression import (
    gene_set_coverage,
    gene_set_groups,
    gene_set_path,
    packaged_gene_sets,
    read_gmt,
    usable_gene_sets,
)


def test_packaged_collections_have_published_sizes():
    sizes = {name: len(read_gmt(gene_set_path(name))) for name in packaged_gene_sets()}
    assert sizes == {
        "tme24": 24,
        "mcpcounter": 10,
        "estimate_141": 2,
        "msigdb_hallmark_50": 50,
        "msigdb_gobp_7658": 7658,
    }
    assert [len(genes) for genes in read_gmt(gene_set_path("estimate_141")).values()] == [141, 141]
    biological_processes = read_gmt(gene_set_path("msigdb_gobp_7658"))
    assert len(biological_processes["GOBP_AXONEME_ASSEMBLY"]) == 87
    assert len(biological_processes["GOBP_CILIUM_MOVEMENT"]) == 185


def test_groups_of_the_default_collection():
    groups = gene_set_groups(gene_set_path("tme24"))
    assert set(groups.values()) == {"adaptive", "innate_activated", "innate_inactivated", "non_immune"}
    assert {name for name, group in groups.items() if group == "non_immune"} == {"Endothelial cells", "Fibroblasts"}


def test_unknown_licence_is_stated():
    assert "No licence statement" in packaged_gene_sets()["tme24"]


def test_plain_and_compressed_files_are_read(tmp_path):
    text = "A\tadaptive\tCD8A\tCD8B\tCD8A\t\n\nB\tna\tMS4A1\r\n"
    (tmp_path / "sets.gmt").write_text(text)
    (tmp_path / "sets.gmt.gz").write_bytes(gzip.compress(text.encode()))
    for file in ("sets.gmt", "sets.gmt.gz"):
        assert read_gmt(tmp_path / file) == {"A": ["CD8A", "CD8B"], "B": ["MS4A1"]}
        assert gene_set_groups(tmp_path / file) == {"A": "adaptive", "B": "na"}
        assert gene_set_path(tmp_path / file) == tmp_path / file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A\tna\tCD8A\nB\tna\n", "line 2: a gene set needs"),
        ("A\tna\tCD8A\nB\tna\t \t\n", "line 2: a gene set needs"),
        ("A,na,CD8A\n", "line 1: a gene set needs"),
        ("A\tna\tCD8A\n\nA\tna\tCD4\n", "line 3: the set 'A' is already defined on line 1"),
    ],
)
def test_invalid_lines_are_named(tmp_path, text, message):
    file = tmp_path / "broken.gmt"
    file.write_text(text)
    with pytest.raises(ValueError, match=rf"broken\.gmt, {message}"):
        read_gmt(file)


def test_file_that_is_not_gzip_is_rejected(tmp_path):
    file = tmp_path / "sets.gmt.gz"
    file.write_text("A\tna\tCD8A\n")
    with pytest.raises(ValueError, match="not a readable GMT file"):
        read_gmt(file)


def test_unknown_collection_lists_the_packaged_ones():
    with pytest.raises(ValueError, match="tme24, mcpcounter"):
        gene_set_path("tme42")


def test_coverage_and_rejected_sets():
    sets = {"half": ["a", "b", "c", "d"], "none": ["x"], "full": ["a", "a"]}
    coverage = gene_set_coverage(["a", "b", "z"], sets).set_index("population")
    assert coverage.loc["half"].tolist() == [4, 2, 0.5, "c,d"]
    assert coverage.loc["full"].tolist() == [1, 1, 1.0, ""]
    usable, rejected = usable_gene_sets(sets, ["a", "b", "z"], 0.6)
    assert list(usable) == ["full"]
    assert rejected["population"].tolist() == ["half", "none"]
    assert rejected["reason"].tolist() == [
        "2 of 4 genes found, below the required share of 0.6",
        "0 of 1 genes found",
    ]
    usable, rejected = usable_gene_sets(sets, ["a", "b", "z"], 0.5)
    assert list(usable) == ["half", "full"]
    assert usable_gene_sets(sets, ["a"], 0.0)[1]["population"].tolist() == ["none"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        usable_gene_sets(sets, ["a"], 50)


def test_a_set_needs_a_minimum_number_of_genes():
    sets = {"single": ["a"], "four of five": ["a", "b", "c", "d", "x"], "five": ["a", "b", "c", "d", "e"]}
    usable, rejected = usable_gene_sets(sets, "abcde", 0.25, 5)
    assert list(usable) == ["five"]
    assert rejected["reason"].tolist() == [
        "1 of 1 genes found, fewer than the required 5",
        "4 of 5 genes found, fewer than the required 5",
    ]
    with pytest.raises(ValueError, match="min_genes"):
        usable_gene_sets(sets, "abcde", 0.25, 0)
