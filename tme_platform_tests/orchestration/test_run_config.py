"""What a run's configuration can say: what to rebuild and how old what is removed has to be; nothing of the where."""

import math
import os
from typing import Any

import dagster as dg
import pytest
import yaml

from tme_platform.orchestration.build import build_definitions
from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.platform import Platform, open_platform

JOBS = ("housekeeping", "study_tables", "cohort_tables")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"workspace": {"config": {"backend": "dask://evil.example:8786"}}}},
        {"resources": {"workspace": {"config": {}}, "tracker": {"config": {"uri": "http://evil.example"}}}},
        {"resources": {"progress": {"config": {"path": "x"}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "x"}}}},
        {"execution": {"config": {"multiprocess": {"max_concurrent": 9}}}},
        {"execution": {"config": {"cluster": {"existing": {"address": "evil.example:8786"}}}}},
        {"ops": {"keep_house": {"inputs": {"x": {"pickle": {"path": "x"}}}}}},
        {"ops": {"cell_scores": {"inputs": {"expression": {"pickle": {"path": "x"}}}}}},
        {"ops": {"cell_scores": {"config": {"refresh": "all", "lake_root": "x"}}}},
        {"ops": {"keep_house": {"config": {"dry_run": True, "lake_root": "x"}}}},
    ],
)
def test_it_cannot_say_where_a_study_runs(definitions: dg.Definitions, job: str, config: dict[str, Any]) -> None:
    dg.validate_run_config(definitions.resolve_job_def(job), {})
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(definitions.resolve_job_def(job), config)


@pytest.mark.parametrize(
    ("job", "ops"),
    [
        ("housekeeping", {"keep_house": {"config": {"dry_run": {"env": "HOME"}}}}),
        ("housekeeping", {"keep_house": {"config": {"older_than_days": {"env": "HOME"}}}}),
        ("cohort_tables", {"cell_scores": {"config": {"refresh": {"env": "HOME"}}}}),
        ("study_tables", {"signature": {"config": {"refresh": {"env": "HOME"}}}}),
    ],
)
def test_it_cannot_ask_for_a_variable_of_the_environment(
    definitions: dg.Definitions, job: str, ops: dict[str, Any]
) -> None:
    """Passwords stand there; a message that quotes the value would show one."""
    with pytest.raises(dg.DagsterInvalidConfigError) as refused:
        dg.validate_run_config(definitions.resolve_job_def(job), {"ops": ops})
    assert os.environ["HOME"] not in str(refused.value)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return open_platform(tmp_path_factory.mktemp("run_config"))


@pytest.mark.parametrize("days", [1e-9, -1.0, 1.0, math.nan, math.inf])
def test_a_run_cannot_remove_what_the_study_keeps(platform: Platform, days: float) -> None:
    job = build_definitions(workspace=platform.workspace).resolve_job_def("housekeeping")
    config = {"ops": {"keep_house": {"config": {"older_than_days": days}}}}
    with pytest.raises(dg.Failure, match="tme housekeeping --older-than-days"):
        job.execute_in_process(run_config=config, instance=platform.instance)


def test_tags_of_a_run_choose_no_image_and_start_nothing_again(platform: Platform) -> None:
    """Tags are free text of whoever launches a run; what follows them here are settings that are not made."""
    instance = platform.instance
    assert not instance.run_retries_enabled, "`dagster/max_retries` is for the daemon that starts failed runs again"
    deployed = yaml.safe_load((REPOSITORY / "deploy" / "dagster.yaml").read_text())
    assert deployed["run_launcher"]["class"] == "DefaultRunLauncher", "`dagster-k8s/config` is for another launcher"
    assert "run_retries" not in deployed
    tags = {"dagster-k8s/config": '{"container_config": {"image": "evil"}}', "dagster/max_retries": "99"}
    job = build_definitions(workspace=platform.workspace).resolve_job_def("housekeeping")
    config = {"ops": {"keep_house": {"config": {"older_than_days": 1e-9}}}}
    failed = job.execute_in_process(run_config=config, instance=instance, tags=tags, raise_on_error=False)
    assert not failed.success
    started_again = instance.get_runs(dg.RunsFilter(tags={"dagster/parent_run_id": failed.run_id}))
    assert started_again == []


@pytest.mark.parametrize("days", [0.0, 36500.0])
def test_a_run_may_keep_more(platform: Platform, days: float) -> None:
    job = build_definitions(workspace=platform.workspace).resolve_job_def("housekeeping")
    config = {"ops": {"keep_house": {"config": {"older_than_days": days}}}}
    assert job.execute_in_process(run_config=config, instance=platform.instance).success
