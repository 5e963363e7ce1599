"""Pairs of populations that are compared with each other."""

from pathlib import Path

import pytest

from tme_platform.cohorts import CohortError, read_cohort, read_score_pairs

COHORT = """
title: t
roles: [score_comparison]
provenance: {kind: real, source: s, licence: l}
score_comparison: {cohort: other, pairs: pairs.tsv}
"""


def test_rows_of_a_population_are_grouped(tmp_path: Path) -> None:
    (tmp_path / "cohort.yaml").write_text(COHORT)
    (tmp_path / "pairs.tsv").write_text("population\tcompared_with\nB\tb1\nT\tt\nB\tb2\n")
    assert read_score_pairs(tmp_path, read_cohort(tmp_path)) == {"B": ["b1", "b2"], "T": ["t"]}


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("a\tb\n1\t2\n", "population, compared_with")])
def test_errors_name_the_mistake(tmp_path: Path, text: str | None, said: str) -> None:
    (tmp_path / "cohort.yaml").write_text(COHORT)
    if text is not None:
        (tmp_path / "pairs.tsv").write_text(text)
    with pytest.raises(CohortError, match=said):
        read_score_pairs(tmp_path, read_cohort(tmp_path))


def test_the_bundled_pairs_name_existing_populations(landing: Path) -> None:
    folder = landing / "tcga_brca_rnaseq"
    pairs = read_score_pairs(folder, read_cohort(folder))
    fractions = (landing / "tcga_brca" / "population_groups.tsv").read_text()
    assert set(pairs) == {"Macrophages", "Fibroblasts", "T helper 1 cells", "B cells"}
    assert all(f"{name}\t" in fractions for names in pairs.values() for name in names)
