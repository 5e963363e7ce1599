"""Stability of phenotypes in a cohort without follow-up."""

import dagster as dg
import pytest
import yaml

from tme_platform.tables import TABLES
from tme_platform_tests.support.platform import Platform
from tme_platform_tests.support.small_study import make_study


def test_a_cohort_without_follow_up_has_no_log_rank_test(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    workspace = make_study(tmp_path_factory.mktemp("stability"), imaged=0)
    file = workspace.landing / "reference" / "cohort.yaml"
    declared = yaml.safe_load(file.read_text())
    for source in declared["clinical"]:
        source["columns"] = {ours: theirs for ours, theirs in source["columns"].items() if not ours.startswith("os_")}
    file.write_text(yaml.safe_dump(declared))
    platform = Platform(workspace, dg.DagsterInstance.ephemeral())
    outcome, _ = platform.run(select="+key:phenotype_stability", cohorts=["reference"])
    assert outcome.success, outcome.failures
    table = workspace.lake.read(TABLES["phenotype_stability"], "reference")
    assert {"jaccard", "ari"} <= set(table["measure"])
    assert "log_rank_p" not in set(table["measure"])
    assert table["log_rank_p_corrected"].isna().all()
