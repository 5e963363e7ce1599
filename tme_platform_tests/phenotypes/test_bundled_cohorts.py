"""Results on the bundled real cohorts. They are findings, not targets: if one changes, find out why."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from tme_platform.expression import (
    CHECKPOINT_GENES,
    gene_set_groups,
    gene_set_path,
    harmonise_gene_sets,
    lineage_map,
    log_lineages,
    read_gmt,
    score_cells,
    ssgsea,
    to_log2,
    usable_gene_sets,
)
from tme_platform.phenotypes import (
    Scaling,
    adjusted_rand_index,
    assign_phenotypes,
    bootstrap_jaccard,
    fit_phenotypes,
    nbclust,
    scale_samples,
    scale_scores,
    silhouette_by_k,
)
from tme_platform.survival import log_rank

TME24 = gene_set_path("tme24")


@pytest.fixture(scope="module")
def rna(landing: Path) -> pd.DataFrame:
    return pd.read_csv(landing / "tcga_brca" / "normal_scores.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def fractions(landing: Path) -> pd.DataFrame:
    return pd.read_csv(landing / "tcga_brca_fractions" / "cell_fractions.tsv.gz", sep="\t", index_col="patient_id").T


@pytest.fixture(scope="module")
def leukocytes(landing: Path) -> pd.Series:
    return pd.read_csv(landing / "tcga_brca" / "leukocyte_fraction.tsv", sep="\t", index_col=0)["leukocyte_fraction"]


def hot_by(scores: pd.DataFrame, groups: dict[str, str], scaling: Scaling) -> pd.Series:
    return assign_phenotypes(fit_phenotypes(scores, groups, scaling=scaling), scores)["phenotype"] == "hot"


@pytest.mark.parametrize(
    ("scaling", "hot", "in_hot", "in_cold"), [("over_cohort", 370, 0.342, 0.141), ("within_sample", 389, 0.316, 0.152)]
)
def test_hot_by_rna_has_twice_the_leukocytes(rna, leukocytes, scaling, hot, in_hot, in_cold) -> None:
    """Every set of tme24 with at least two genes, without aliases: an independent computation found the same."""
    sets, _ = usable_gene_sets(read_gmt(TME24), rna.index, 0, 2)
    labels = hot_by(score_cells(rna, sets), gene_set_groups(TME24), scaling)
    assert (int(labels.sum()), int((~labels).sum())) == (hot, 934 - hot)
    means = leukocytes.reindex(labels.index).groupby(labels).mean()
    assert means.round(3).to_dict() == {True: in_hot, False: in_cold}


def test_mcp_counter_sets_agree_with_tme24(rna) -> None:
    sets, _ = usable_gene_sets(read_gmt(TME24), rna.index, 0, 2)
    ours = hot_by(score_cells(rna, sets), gene_set_groups(TME24), "over_cohort")
    path = gene_set_path("mcpcounter")
    theirs = hot_by(score_cells(rna, read_gmt(path)), gene_set_groups(path), "over_cohort")
    assert adjusted_rand_index(ours, theirs) == pytest.approx(0.69, abs=0.01)


def test_sets_of_five_genes_define_the_study_phenotypes(rna, leukocytes) -> None:
    """The study's own definition: at least 15 % of a set's genes and five genes, scaled within the tumour."""
    named, renamed = harmonise_gene_sets(read_gmt(TME24), rna.index)
    assert len(renamed) == 1
    sets, refused = usable_gene_sets(named, rna.index, 0.15, 5)
    assert (len(sets), len(refused)) == (15, 9)
    labels = hot_by(score_cells(rna, sets), gene_set_groups(TME24), "within_sample")
    assert (int(labels.sum()), int((~labels).sum())) == (427, 507)
    means = leukocytes.reindex(labels.index).groupby(labels).mean()
    assert means.round(3).to_dict() == {True: 0.293, False: 0.158}


def test_log_lineages_find_fewer_hot_tumours(fractions) -> None:
    lineages = lineage_map("instaprism")
    scores = log_lineages(fractions, lineages)
    scaled = scale_scores(scores, "over_cohort")
    model = fit_phenotypes(scores, lineages.group, scaling="over_cohort")
    labels = assign_phenotypes(model, scores)["cluster"]
    assert float((labels == "A").mean()) == pytest.approx(0.225, abs=5e-4)
    assert silhouette_score(scaled, labels) == pytest.approx(0.253, abs=5e-4)
    stability = bootstrap_jaccard(scaled, labels, 2, n_boot=20).set_index("cluster")["jaccard"]
    assert stability["A"] > 0.93
    assert stability["B"] > 0.97


def test_hot_by_log_lineages_is_inflamed_basal_and_less_pure(fractions, landing: Path) -> None:
    lineages = lineage_map("instaprism")
    hot = hot_by(log_lineages(fractions, lineages), lineages.group, "over_cohort")
    purity = pd.read_csv(landing / "tcga_brca_fractions" / "purity.tsv", sep="\t", decimal=",")
    primary = purity[purity["Sample.ID"].str[13:15] == "01"]
    absolute = primary.assign(patient=primary["Sample.ID"].str[:12]).groupby("patient")["ABSOLUTE"].first()
    medians = absolute.reindex(hot.index).groupby(hot).median()
    assert medians[False] - medians[True] == pytest.approx(0.22, abs=0.005)
    counts = pd.read_csv(landing / "tcga_brca_rnaseq" / "counts.tsv.gz", sep="\t", index_col=0)
    genes = to_log2(counts, "counts").loc[list(CHECKPOINT_GENES)]
    means = genes.T.groupby(hot[genes.columns]).mean().T
    assert len(means) == 8
    assert (means[True] > means[False]).all()


def test_raw_fractions_scaled_within_the_tumour_are_another_partition(fractions, rna, landing: Path) -> None:
    groups = pd.read_csv(landing / "tcga_brca_fractions" / "state_groups.tsv", sep="\t", index_col=0)["group"].to_dict()
    scores = fractions.loc[list(groups)]
    scaled = scale_samples(scores)
    evidence = nbclust(scaled, n_init=10)
    assert evidence.k == 2
    assert evidence.votes[2] >= 12
    assert silhouette_by_k(scaled, evidence.partitions)[2] == pytest.approx(0.481, abs=5e-4)
    raw = hot_by(scores, groups, "within_sample")
    assert (int(raw.sum()), int((~raw).sum())) == (286, 796)
    sets, _ = usable_gene_sets(read_gmt(TME24), rna.index, 0, 2)
    by_rna = hot_by(score_cells(rna, sets), gene_set_groups(TME24), "over_cohort")
    common = by_rna.index.intersection(raw.index)
    assert len(common) == 934
    assert adjusted_rand_index(by_rna[common], raw[common]) < 0.05


def test_scanb_has_114_hot_tumours_including_most_basal(landing: Path) -> None:
    folder = landing / "scanb"
    expression = pd.read_csv(folder / "log2_fpkm.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col="title").loc[expression.columns]
    scores = ssgsea(expression, read_gmt(TME24))
    scaled = scale_samples(scores)
    evidence = nbclust(scaled, n_init=10)
    assert evidence.k == 2
    assert silhouette_by_k(scaled, evidence.partitions)[2] == pytest.approx(0.286, abs=5e-4)
    labels = assign_phenotypes(fit_phenotypes(scores, gene_set_groups(TME24)), scores)["phenotype"]
    assert labels.value_counts().to_dict() == {"cold": 286, "hot": 114}
    basal = labels[clinical["pam50_subtype"] == "Basal"].value_counts().to_dict()
    assert basal == {"hot": 56, "cold": 7}
    _, p = log_rank(clinical["overall_survival_days"], clinical["overall_survival_event"], labels)
    assert p == pytest.approx(0.774, abs=1e-3)
