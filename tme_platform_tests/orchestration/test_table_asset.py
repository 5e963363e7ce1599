"""Every asset called as the plain function it is, without a Dagster run around it."""

from pathlib import Path

import dagster as dg
import pytest

from tme_platform.lake import Lake
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.table_asset import RefreshConfig, table_asset
from tme_platform.steps.registry import STEPS
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, step
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.small_study import copy_study

ASSETS = {name: table_asset(one) for name, one in STEPS.items()}


def call(
    asset: dg.AssetsDefinition, workspace: Workspace, cohort: str | None, refresh: str = "stale"
) -> list[dg.MaterializeResult | dg.AssetCheckResult]:
    context = dg.build_asset_context(partition_key=cohort) if cohort else dg.build_asset_context()
    return asset(context, RefreshConfig(refresh=refresh), workspace=workspace, progress=LoggedProgress())


@pytest.fixture(scope="module")
def workspace(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_study(small_run, tmp_path_factory.mktemp("direct"))


def fullest(lake: Lake, name: str) -> str | None:
    """The cohort that has most rows in a table; None for a table of the whole study."""
    states = lake.states(TABLES[name])
    return max(states, key=lambda part: states[part].rows)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_full_rebuild_gives_the_same_table(workspace: Workspace, name: str) -> None:
    cohort = fullest(workspace.lake, name)
    before = workspace.lake.state(TABLES[name], cohort)
    result = next(call(ASSETS[name], workspace, cohort, refresh="all"))
    assert isinstance(result, dg.MaterializeResult)
    assert result.data_version == dg.DataVersion(before.content)
    assert result.metadata["dagster/row_count"] == before.rows
    assert [check.check_name for check in result.check_results if not check.passed] == []
    assert {check.check_name for check in result.check_results} == {"schema", *(one.name for one in STEPS[name].checks)}


def test_an_asset_that_has_nothing_to_do_reports_its_checks_again(workspace: Workspace) -> None:
    result = next(call(ASSETS["signature_patients"], workspace, None))
    assert result.metadata["reason"] == "nothing changed"
    assert [(check.check_name, check.passed) for check in result.check_results] == [
        ("schema", True),
        ("data_on_one_side", True),
        ("patients_on_one_side", True),
    ]


def test_rows_that_break_the_schema_fail_the_asset_and_say_why(small_run: Path, tmp_path: Path) -> None:
    workspace = copy_study(small_run, tmp_path)
    whole = workspace.lake.read(TABLES["radiomic_features"], "mri")

    @step(TABLES["radiomic_features"], version="another")
    def radiomic_features(_: Scope) -> StepResult:
        """Return every patient twice."""
        twice = whole.drop(columns=["cohort", "provenance"])
        return StepResult(twice.loc[twice.index.repeat(2)])

    running = call(table_asset(radiomic_features), workspace, "mri")
    check = next(running)
    assert (check.check_name, check.passed) == ("schema", False)
    assert "repeat the key" in check.metadata["problem"].value
    with pytest.raises(dg.Failure, match=r"repeat the key.*Nothing was written"):
        next(running)
    assert workspace.lake.read(TABLES["radiomic_features"], "mri").equals(whole)


def test_a_step_has_the_name_of_its_table() -> None:
    with pytest.raises(ValueError, match="the step of table signature is named other"):

        @step(TABLES["signature"], version="1")
        def other(_: Scope) -> StepResult:
            raise NotImplementedError
