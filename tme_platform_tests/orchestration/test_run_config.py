"""What a run's configuration can say: what to rebuild and how old what is removed has to be; nothing of the where."""

import math
from typing import Any

import dagster as dg
import pytest

from tme_platform.orchestration.build import build_definitions
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


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return open_platform(tmp_path_factory.mktemp("run_config"))


@pytest.mark.parametrize("days", [1e-9, -1.0, 1.0, math.nan, math.inf])
def test_a_run_cannot_remove_what_the_study_keeps(platform: Platform, days: float) -> None:
    job = build_definitions(workspace=platform.workspace).resolve_job_def("housekeeping")
    config = {"ops": {"keep_house": {"config": {"older_than_days": days}}}}
    with pytest.raises(dg.Failure, match="tme housekeeping --older-than-days"):
        job.execute_in_process(run_config=config, instance=platform.instance)


@pytest.mark.parametrize("days", [0.0, 36500.0])
def test_a_run_may_keep_more(platform: Platform, days: float) -> None:
    job = build_definitions(workspace=platform.workspace).resolve_job_def("housekeeping")
    config = {"ops": {"keep_house": {"config": {"older_than_days": days}}}}
    assert job.execute_in_process(run_config=config, instance=platform.instance).success
