"""Each asset called as the plain function it is, in the order of the study, without a Dagster run around it."""

from pathlib import Path

import dagster as dg
import pytest

from tme_platform.lake import TABLES
from tme_platform.orchestration import assets
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.runner import waves
from tme_platform.orchestration.table_asset import RefreshConfig
from tme_platform.orchestration.workspace import Workspace
from tme_platform_tests.small_study import make_study

_NOTHING_HERE = {"rejected_inputs", "reader_overlap", "harmonisation", "harmonisation_effect", "harmonised_features"}
"""Nothing is wrong in the small study, nobody reads twice, and it has one scanner; other tests make these tables."""


def call(asset: dg.AssetsDefinition, workspace: Workspace, cohort: str | None) -> dg.MaterializeResult:
    context = dg.build_asset_context(partition_key=cohort) if cohort else dg.build_asset_context()
    return next(asset(context, RefreshConfig(), workspace=workspace, progress=LoggedProgress()))


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str | None, dg.MaterializeResult]]]:
    workspace = make_study(tmp_path_factory.mktemp("direct"), patients=30, imaged=2, all_genes=True)
    by_key = {asset.key: asset for asset in dg.load_assets_from_package_module(assets)}
    results: dict[str, list[tuple[str | None, dg.MaterializeResult]]] = {name: [] for name in TABLES}
    for wave in waves([spec for asset in by_key.values() for spec in asset.specs]):
        parts = workspace.cohorts() if wave[0].partitions_def else [None]
        for cohort in parts:
            for spec in wave:
                if spec.key.to_user_string() in TABLES:
                    results[spec.key.to_user_string()].append((cohort, call(by_key[spec.key], workspace, cohort)))
    return results


@pytest.mark.parametrize("name", sorted(TABLES))
def test_asset(called: dict[str, list[tuple[str | None, dg.MaterializeResult]]], name: str) -> None:
    for _, result in called[name]:
        assert isinstance(result, dg.MaterializeResult)
        assert result.data_version is not None
        assert result.metadata["reason"] == "first run"
        failed = [check.check_name for check in result.check_results if not check.passed]
        assert failed == []
        assert {"schema", "unique_keys", "finite_values"} <= {check.check_name for check in result.check_results}
    rows = sum(result.metadata["dagster/row_count"] for _, result in called[name])
    assert rows > 0 or name in _NOTHING_HERE, "the small study has something for every other table"


def test_a_frame_that_breaks_its_schema_fails_the_asset_and_says_which_check(tmp_path: Path) -> None:
    workspace = make_study(tmp_path, patients=12, imaged=0)
    by_name = {asset.key.to_user_string(): asset for asset in dg.load_assets_from_package_module(assets)}
    call(by_name["cohort_files"], workspace, "mri")
    call(by_name["radiomic_features"], workspace, "mri")
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
