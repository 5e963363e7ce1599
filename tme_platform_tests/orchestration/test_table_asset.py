"""Each asset called as the plain function it is, without a Dagster run around it."""

from pathlib import Path

import dagster as dg
import pytest

from tme_platform.lake import Lake
from tme_platform.orchestration import assets
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.table_asset import RefreshConfig
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.small_study import copy_study, make_study

ASSETS = {asset.key.to_user_string(): asset for asset in dg.load_assets_from_package_module(assets)}


def call(workspace: Workspace, name: str, cohort: str | None, refresh: str = "stale") -> dg.MaterializeResult:
    context = dg.build_asset_context(partition_key=cohort) if cohort else dg.build_asset_context()
    config = RefreshConfig(refresh=refresh)
    return next(ASSETS[name](context, config, workspace=workspace, progress=LoggedProgress()))


@pytest.fixture(scope="module")
def workspace(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_study(small_run, tmp_path_factory.mktemp("direct"))


def fullest(lake: Lake, name: str) -> str | None:
    """The cohort that has most rows in a table; None for a table of the whole study."""
    states = lake.states(TABLES[name])
    return max(states, key=lambda part: states[part].rows)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_asset(workspace: Workspace, name: str) -> None:
    cohort = fullest(workspace.lake, name)
    before = workspace.lake.state(TABLES[name], cohort)
    result = call(workspace, name, cohort, refresh="all")
    assert isinstance(result, dg.MaterializeResult)
    assert result.data_version == dg.DataVersion(before.content), "made anew it is the same"
    assert result.metadata["dagster/row_count"] == before.rows
    assert [check.check_name for check in result.check_results if not check.passed] == []
    assert {"schema", "unique_keys", "finite_values"} <= {check.check_name for check in result.check_results}


def test_a_frame_that_breaks_its_schema_fails_the_asset_and_says_which_check(tmp_path: Path) -> None:
    workspace = make_study(tmp_path, patients=12, imaged=0)
    call(workspace, "cohort_files", "mri")
    call(workspace, "radiomic_features", "mri")
    whole = workspace.lake.read(TABLES["radiomic_features"], "mri")

    from tme_platform.orchestration.table_asset import Made, table_asset

    @table_asset(TABLES["radiomic_features"], code_version="2")
    def broken(scope: object) -> Made:
        """Give every patient twice."""
        twice = whole.drop(columns=["cohort", "provenance"])
        return Made(twice.loc[twice.index.repeat(2)])

    context = dg.build_asset_context(partition_key="mri")
    running = broken(context, RefreshConfig(), workspace=workspace, progress=LoggedProgress())
    events = [next(running) for _ in range(3)]
    with pytest.raises(dg.Failure, match="Nothing was written"):
        next(running)
    assert {event.check_name: event.passed for event in events} == {
        "schema": True,
        "unique_keys": False,
        "finite_values": True,
    }
    assert workspace.lake.read(TABLES["radiomic_features"], "mri").equals(whole)
