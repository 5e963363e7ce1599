"""Cautions about phenotypes, from the landing folder to the table."""

import shutil

import pandas as pd
import pytest

from tme_platform.tables.phenotypes import PHENOTYPE_CAUTIONS, TME_PHENOTYPES
from tme_platform_tests.support.built import build_for
from tme_platform_tests.support.small_study import declare, make_study


@pytest.fixture(scope="module")
def cautions(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Raw fractions, and z-scores that are labelled by a model of absolute expression."""
    workspace = make_study(tmp_path_factory.mktemp("cautions"), imaged=0)
    landing = workspace.landing
    shutil.rmtree(landing / "mri")
    matrix = pd.read_csv(landing / "rna" / "expression.tsv", sep="\t", index_col="gene")
    relative = matrix.sub(matrix.mean(axis=1), axis=0).div(matrix.std(axis=1), axis=0).add_prefix("Z")
    declare(
        landing / "relative",
        roles=["phenotype_replication"],
        expression={"file": "z.tsv", "unit": "z_score"},
        phenotypes={"by": "model", "cohort": "rna"},
    )
    relative.to_csv(landing / "relative" / "z.tsv", sep="\t")
    scores = pd.read_csv(landing / "reference" / "scores.tsv", sep="\t").set_index("patient_id")
    shares = scores.sub(scores.min().min()).add(0.01).div(20)
    declare(
        landing / "fractions",
        roles=["phenotype_replication"],
        cell_scores={"file": "f.tsv", "kind": "fractions", "groups": "groups.tsv", "method": "drawn"},
        phenotypes={"by": "fit"},
    )
    shares.to_csv(landing / "fractions" / "f.tsv", sep="\t")
    shutil.copy(landing / "reference" / "groups.tsv", landing / "fractions" / "groups.tsv")
    build_for(workspace, "phenotype_cautions")
    labels = workspace.lake.read(TME_PHENOTYPES)
    assert set(labels.loc[labels["expression_scale"] == "relative", "cohort"]) == {"relative"}
    return workspace.lake.read(PHENOTYPE_CAUTIONS).set_index(["cohort", "topic"])["caution"]


def test_a_model_of_another_expression_scale_is_named(cautions: pd.Series) -> None:
    caution = cautions["relative"].loc["model_expression"]
    assert "model of rna, whose expression is log2_tpm, but here it is z_score" in caution
    assert "model_expression" not in cautions["rna"].index


def test_raw_fractions_are_named(cautions: pd.Series) -> None:
    assert "most abundant stroma" in cautions["fractions"].loc["raw_fractions"]
    assert "raw_fractions" not in cautions["reference"].index
