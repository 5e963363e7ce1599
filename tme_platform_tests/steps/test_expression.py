"""Expression through the lake: ties in the order of the file, aliases, what cannot be ranked, nothing usable."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import read_cohort, read_expression
from tme_platform.expression import gene_set_path, harmonise_gene_sets, read_gmt, ssgsea, to_log2, usable_gene_sets
from tme_platform.steps.materialise import materialise
from tme_platform.steps.reading import expression_matrix
from tme_platform.steps.registry import STEPS
from tme_platform.steps.step import UnusableInputError
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import rejections
from tme_platform.tables.cohorts import EXPRESSION
from tme_platform.tables.expression import CELL_SCORES, EXPRESSION_QUALITY, POPULATIONS
from tme_platform_tests.support.small_study import STUDY, declare

ROOT = Path(__file__).parents[2]
GENES = sorted({gene for members in read_gmt(gene_set_path("tme24")).values() for gene in members})


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Workspace]:
    """Land one cohort of an expression matrix, and make its tables up to cell scores as far as they can be made."""

    def make(matrix: pd.DataFrame, steps: int = 5, settings: str = "", **declared: object) -> Workspace:
        landing = tmp_path / "landing" / "rna"
        declare(landing, roles=["score_comparison"], expression={"file": "e.tsv", "unit": "log2_tpm"}, **declared)
        matrix.rename_axis("gene").to_csv(landing / "e.tsv", sep="\t")
        (tmp_path / "study.yaml").write_text(STUDY + settings)
        places = {"lake_root": str(tmp_path / "lake"), "landing_root": str(landing.parent)}
        workspace = Workspace(**places, study_name=str(tmp_path / "study.yaml"), workers=1)
        for name in ("cohort_files", "expression", "populations", "expression_quality", "cell_scores")[:steps]:
            materialise(STEPS[name], workspace.scope(STEPS[name].schema, "rna"))
        return workspace

    return make


def values(n: int = 3, zeros: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Genes in no order, with one decimal as many public tables have, so that most genes are tied."""
    random = np.random.default_rng(seed)
    matrix = pd.DataFrame(random.gamma(2, 2, (len(GENES), n)).round(1), GENES, [f"P{i}" for i in range(n)])
    matrix = matrix.mask(random.random(matrix.shape) < zeros, 0.0)
    return matrix.iloc[random.permutation(len(matrix))]


def test_ties_are_broken_in_the_order_of_the_file(study):
    matrix = values(zeros=0.2)
    workspace = study(matrix, steps=2)
    loaded = expression_matrix(workspace.scope(CELL_SCORES, "rna"))
    assert (list(loaded.index), list(loaded.columns)) == (list(matrix.index), list(matrix.columns))
    np.testing.assert_array_equal(loaded, matrix)
    sets = read_gmt(gene_set_path("msigdb_hallmark_50"))
    np.testing.assert_array_equal(ssgsea(loaded, sets, normalise=False), ssgsea(matrix, sets, normalise=False))
    assert not np.allclose(ssgsea(matrix.sort_index(), sets), ssgsea(matrix, sets), rtol=1e-3), "the order matters"
    stored = workspace.lake.read(EXPRESSION, "rna")
    assert stored["gene"].is_monotonic_increasing
    assert stored.drop_duplicates("gene")["gene_order"].sort_values().tolist() == list(range(len(matrix)))


def test_scores_through_the_lake_are_those_of_gsva(study):
    """SCAN-B has one decimal; the scores are R's, see reference/gsva/PROVENANCE.md. Raw scores need no other sample."""
    landed = pd.read_csv(ROOT / "data_lake/landing/scanb/log2_fpkm.tsv.gz", sep="\t", index_col=0).iloc[:, [0, 7, 99]]
    file = ROOT / "tme_platform_tests/reference/gsva/scanb400.ssgsea_hallmark.raw.tsv.gz"
    expected = pd.read_csv(file, sep="\t", index_col=0)[landed.columns]
    loaded = expression_matrix(study(landed, steps=2).scope(CELL_SCORES, "rna"))
    found = ssgsea(loaded, read_gmt(gene_set_path("msigdb_hallmark_50")), normalise=False)
    np.testing.assert_allclose(found.loc[expected.index, landed.columns], expected, rtol=1e-9)


def test_a_sample_of_zeros_gets_no_score_and_a_reason(study):
    matrix = values(6, zeros=0.05)
    rare = matrix["P2"].rank(pct=True, method="first") < 0.7
    matrix.loc[rare, "P2"] = 0.0
    workspace = study(matrix)
    quality = workspace.lake.read(EXPRESSION_QUALITY, "rna").set_index("patient_id")
    assert quality["verdict"].to_dict() == {p: "not scored" if p == "P2" else "scored" for p in matrix.columns}
    assert quality.loc["P2", "largest_tie_share"] == pytest.approx(0.7, abs=0.01)
    assert quality["tie_noise"].drop("P2").max() < 0.1
    assert "P2" not in set(workspace.lake.read(CELL_SCORES, "rna")["patient_id"])
    rejected = workspace.lake.read(rejections(CELL_SCORES), "rna")
    assert rejected[["rule", "patient_id", "action"]].to_numpy().tolist() == [
        ["ranks_are_ties", "P2", "patient left out"]
    ]


def test_tie_noise_is_the_spread_over_random_orders():
    from tme_platform.expression import expression_quality

    matrix = values(4, zeros=0.3)
    sets, _ = usable_gene_sets(read_gmt(gene_set_path("tme24")), matrix.index, 0.25, 5)
    random = np.random.default_rng(5)
    drawn = [ssgsea(matrix.iloc[random.permutation(len(matrix))], sets, normalise=False) for _ in range(60)]
    moved = np.sqrt(np.var([scores.to_numpy() for scores in drawn], axis=0, ddof=1).mean(axis=0))
    found = expression_quality(matrix, sets, "log2_tpm")
    expected = moved / ssgsea(matrix, sets, normalise=False).std()
    np.testing.assert_allclose(found["tie_noise"], expected, rtol=0.15)
    assert found["zero_share"].tolist() == (matrix == 0).mean().tolist()
    relative = expression_quality(matrix, sets, "z_score")
    assert relative[["zero_share", "n_detected"]].isna().all(axis=None)


def test_aliases_are_listed_and_can_be_switched_off(study):
    matrix = values(3)
    sets = read_gmt(gene_set_path("tme24"))
    _, renamed = harmonise_gene_sets({"one": ["MS4A1", "AES"]}, ["MS4A1", "TLE5"])
    assert renamed.to_numpy().tolist() == [["AES", "TLE5"]], "the example is an alias"
    holder = next(name for name, genes in sets.items() if "AES" in genes)
    former = matrix.rename(index={"AES": "TLE5"})
    workspace = study(former)
    listed = workspace.lake.read(POPULATIONS, "rna").set_index("population")
    assert listed.loc[holder, "by_alias"] == "AES as TLE5"
    assert listed["aliases"].all()
    workspace = study(former, settings="gene_sets: {aliases: false}\n")
    listed = workspace.lake.read(POPULATIONS, "rna").set_index("population")
    assert listed["by_alias"].isna().all()
    assert not listed["aliases"].any()
    assert "AES" in listed.loc[holder, "missing"]
    usable, _ = usable_gene_sets(sets, former.index, 0.25, 5)
    scores = workspace.lake.read(CELL_SCORES, "rna").set_index("patient_id")[holder]
    np.testing.assert_allclose(scores, ssgsea(former, usable, normalise=False).loc[holder], rtol=1e-12)


def test_a_matrix_without_genes_is_a_failure_with_the_reason_and_keeps_the_last_version(study):
    workspace = study(values(), steps=2)
    before = workspace.lake.state(EXPRESSION, "rna")
    with pytest.raises(UnusableInputError, match=r"e\.tsv gives no expression: .* known human symbols"):
        study(values().rename(index=str.capitalize), steps=2)
    assert workspace.lake.state(EXPRESSION, "rna") == before
    assert workspace.lake.read(rejections(EXPRESSION), "rna")["rule"].tolist() == ["genes_not_recognised"]


def test_no_population_with_enough_genes_is_a_failure_with_the_reason(study):
    with pytest.raises(UnusableInputError, match=r"no set of tme24 has 5000 genes .* Lower `min_genes`"):
        study(values(), settings="gene_sets: {min_genes: 5000}\n")


def test_samples_that_are_all_ties_are_a_failure_with_the_reason(study):
    with pytest.raises(UnusableInputError, match=r"no sample of cohort rna can be ranked: .* of the genes"):
        study(values(3, zeros=0.9))


@pytest.mark.parametrize(
    ("name", "declared", "said"),
    [
        ("cell_scores", {"cell_scores": {"file": "s.csv", "groups": "g.tsv", "method": "m"}}, "s.csv gives no cell"),
        ("radiomic_features", {"features": {"file": "f.csv", "feature_set": "x"}}, "f.csv gives no features"),
    ],
)
def test_finished_tables_without_a_usable_column_are_failures(study, tmp_path, name, declared, said):
    workspace = study(values(), steps=0, **declared)
    landing = tmp_path / "landing" / "rna"
    (landing / "s.csv").write_text("patient_id,T cells\nP1,1\n")
    (landing / "g.tsv").write_text("population\tgroup\nB cells\tadaptive\n")
    (landing / "f.csv").write_text("patient_id,hot,Reader\nP1,1,2\nP2,0,2\n")
    step = STEPS[name]
    with pytest.raises(UnusableInputError, match=said):
        materialise(step, workspace.scope(step.schema, "rna"))
    assert workspace.lake.state(step.schema, "rna") is None


def test_the_reader_and_the_step_agree(study, tmp_path):
    """What the reader returns, the step converts: no unit, sign or empty sample is found only in the run."""
    folder = tmp_path / "landing" / "rna"
    study(values(), steps=0)
    for unit in ("counts", "tpm", "fpkm", "log2_tpm", "z_score"):
        for factor in (1.0, -1.0, 100.0):
            frame = (values() * factor).assign(P9=0.0)
            frame.rename_axis("gene").to_csv(folder / "e.tsv", sep="\t")
            declare(folder, roles=["score_comparison"], expression={"file": "e.tsv", "unit": unit})
            matrix, rejected = read_expression(folder, "rna", read_cohort(folder))
            assert len(to_log2(matrix, unit)) == len(matrix)
            assert len(matrix) or len(rejected)
