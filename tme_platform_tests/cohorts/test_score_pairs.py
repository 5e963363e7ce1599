"""Pairs of populations that are compared with each other."""

from pathlib import Path

import pytest

from tme_platform.cohorts import CohortError, read_cohort, read_score_pairs
from tme_platform.expression import gene_set_path, lineage_map, read_gmt

COHORT = """
title: t
roles: [score_comparison]
provenance: {kind: real, source: s, licence: l}
score_comparison: {cohort: other, pairs: pairs.tsv}
"""


def test_rows_of_a_population_are_grouped(tmp_path: Path) -> None:
    (tmp_path / "cohort.yaml").write_text(COHORT)
    (tmp_path / "pairs.tsv").write_text("population\tcompared_with\nB\tb1\nT\tt\nB\tb2\n")
    assert read_score_pairs(tmp_path, "pairs.tsv") == {"B": ["b1", "b2"], "T": ["t"]}


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("a\tb\n1\t2\n", "population, compared_with")])
def test_errors_name_the_mistake(tmp_path: Path, text: str | None, said: str) -> None:
    (tmp_path / "cohort.yaml").write_text(COHORT)
    if text is not None:
        (tmp_path / "pairs.tsv").write_text(text)
    with pytest.raises(CohortError, match=said):
        read_score_pairs(tmp_path, "pairs.tsv")


def test_the_bundled_pairs_name_existing_populations(landing: Path) -> None:
    folder = landing / "tcga_brca_rnaseq"
    pairs = read_score_pairs(folder, "score_pairs.tsv")
    assert set(pairs) <= set(read_gmt(gene_set_path("tme24")))
    assert {name for names in pairs.values() for name in names} <= set(lineage_map("instaprism").group)


def test_a_single_comparison_is_a_list_of_one(tmp_path: Path) -> None:
    (tmp_path / "cohort.yaml").write_text(COHORT)
    assert [compared.cohort for compared in read_cohort(tmp_path).score_comparison] == ["other"]
