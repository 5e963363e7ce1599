from tme_platform.expression import gene_set_path, read_gmt, shared_genes, without_genes


def test_shared_genes_are_listed_by_pair():
    table = shared_genes({"a": ["x", "y", "z", "x"], "b": ["w"]}, {"c": ["z", "x"], "d": ["v"]})
    assert table.to_dict("records") == [
        {"population": "a", "compared_with": "c", "n_shared": 2, "share": 2 / 3, "genes": "x,z"}
    ]
    assert without_genes({"a": ["x", "y"], "b": ["x"]}, ["x"]) == {"a": ["y"]}


def test_default_sets_contain_two_mcp_counter_populations():
    sets, markers = (read_gmt(gene_set_path(name)) for name in ("tme24", "mcpcounter"))
    table = shared_genes(markers, sets)
    contained = set(table.loc[table["share"] == 1, "population"])
    assert {"Endothelial cells", "Fibroblasts"} <= contained
    rest = without_genes(markers, [gene for genes in sets.values() for gene in genes])
    assert "Endothelial cells" not in rest
    assert shared_genes(rest, sets).empty
