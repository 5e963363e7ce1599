"""Results on the bundled real cohorts. They are findings, not targets: if one changes, find out why."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform.expression import gene_set_groups, gene_set_path, read_gmt, ssgsea
from tme_platform.phenotypes import assign_phenotypes, fit_phenotypes, nbclust, scale_samples, silhouette_by_k
from tme_platform.survival import log_rank


@pytest.fixture(scope="module")
def tcga(landing: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    folder = landing / "tcga_brca"
    groups = pd.read_csv(folder / "population_groups.tsv", sep="\t").set_index("population")["group"].to_dict()
    fractions = pd.read_csv(folder / "cell_scores.tsv.gz", sep="\t", index_col="patient_id")
    return fractions[list(groups)].T, groups


def test_tcga_has_two_clusters_with_a_quarter_hot(tcga: tuple[pd.DataFrame, dict[str, str]], landing: Path) -> None:
    scores, groups = tcga
    scaled = scale_samples(scores)
    evidence = nbclust(scaled, n_init=10)
    assert evidence.k == 2
    assert evidence.votes[2] >= 12
    assert silhouette_by_k(scaled, evidence.partitions)[2] == pytest.approx(0.481, abs=5e-4)
    assert set(evidence.reasons["index_name"]) == {"Scott", "Marriot", "Friedman"}
    labels = assign_phenotypes(fit_phenotypes(scores, groups), scores)
    assert labels["phenotype"].value_counts().to_dict() == {"cold": 796, "hot": 286}
    imaged = pd.read_csv(landing / "tcga_brca_mri" / "features.csv").iloc[:, 0].str[:12]
    assert labels["phenotype"].reindex(imaged).value_counts().to_dict() == {"cold": 70, "hot": 20}
    content = scores.groupby(groups).sum().loc["adaptive"].groupby(labels["phenotype"]).mean()
    assert content["hot"] > 1.8 * content["cold"]


def test_scanb_has_114_hot_tumours_including_most_basal(landing: Path) -> None:
    folder, tme24 = landing / "scanb", gene_set_path("tme24")
    expression = pd.read_csv(folder / "log2_fpkm.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col="title").loc[expression.columns]
    scores = ssgsea(expression, read_gmt(tme24))
    scaled = scale_samples(scores)
    evidence = nbclust(scaled, n_init=10)
    assert evidence.k == 2
    assert silhouette_by_k(scaled, evidence.partitions)[2] == pytest.approx(0.286, abs=5e-4)
    labels = assign_phenotypes(fit_phenotypes(scores, gene_set_groups(tme24)), scores)["phenotype"]
    assert labels.value_counts().to_dict() == {"cold": 286, "hot": 114}
    basal = labels[clinical["pam50_subtype"] == "Basal"].value_counts().to_dict()
    assert basal == {"hot": 56, "cold": 7}
    _, p = log_rank(clinical["overall_survival_days"], clinical["overall_survival_event"], labels)
    assert p == pytest.approx(0.774, abs=1e-3)
