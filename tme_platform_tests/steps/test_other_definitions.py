"""Other scores of the same patients: what is rejected in them, and names of the definitions that they add."""

from types import SimpleNamespace
from typing import cast

import dagster as dg
import pandas as pd
import pytest
import yaml

from tme_platform.cohorts.declaration import PhenotypeSource
from tme_platform.steps.phenotype_cautions import _of_other_model
from tme_platform.steps.phenotype_specifications import _Definition, _with_own_names
from tme_platform.steps.scope import Scope
from tme_platform.tables import TABLES
from tme_platform_tests.support.platform import Platform
from tme_platform_tests.support.small_study import make_study


def test_methods_of_the_same_name_are_told_apart() -> None:
    one = _Definition("CIBERSORT, k = 2", "ours", "CIBERSORT", pd.DataFrame(), {}, "over_cohort", 2)
    two = _Definition("CIBERSORT, k = 2", "theirs", "CIBERSORT", pd.DataFrame(), {}, "over_cohort", 2)
    names = [definition.name for definition in _with_own_names(iter([one, two, two]))]
    assert names == ["CIBERSORT, k = 2", "CIBERSORT, k = 2 (theirs)", "CIBERSORT, k = 2 (theirs, 2)"]


@pytest.mark.parametrize(
    ("own", "theirs", "said"), [("tpm", "z_score", "is z_score, but here it is tpm"), ("tpm", "log2_fpkm", "")]
)
def test_labels_of_a_model_of_relative_expression_need_caution(own: str, theirs: str, said: str) -> None:
    def declaration(*_: str, cohort: str = "ours") -> SimpleNamespace:
        by = PhenotypeSource(by="model", cohort="theirs")
        unit = {"ours": own, "theirs": theirs}[cohort]
        return SimpleNamespace(phenotypes=by, expression=SimpleNamespace(unit=unit))

    (found,) = _of_other_model(cast("Scope", SimpleNamespace(declaration=declaration)))
    assert found.topic == "model_expression"
    assert bool(found.caution) == bool(found.value) == bool(said)
    assert said in found.caution


def test_what_other_scores_lack_is_among_the_rejected_input(tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = make_study(tmp_path_factory.mktemp("other"), imaged=0)
    file = workspace.landing / "reference" / "cohort.yaml"
    declared = yaml.safe_load(file.read_text())
    declared["other_scores"] = {"lost": {"file": "lost.tsv", "groups": "groups.tsv", "method": "drawn"}}
    file.write_text(yaml.safe_dump(declared))
    platform = Platform(workspace, dg.DagsterInstance.ephemeral())
    outcome, _ = platform.run(select="+key:rejected_inputs", cohorts=["reference"])
    assert [failure.asset for failure in outcome.failures] == ["other_scores"]
    assert "lost.tsv is not in the landing folder" in outcome.failures[0].message
    rejected = workspace.lake.read(TABLES["rejected_inputs"], "reference")
    (found,) = rejected[rejected["step"] == "other_scores"].to_dict("records")
    assert (found["rule"], found["file"]) == ("file_missing", "lost.tsv")
