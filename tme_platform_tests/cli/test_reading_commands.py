"""Commands that only read load nothing heavy: what is not imported costs no time, on any machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from tme_platform.orchestration.instance import open_instance
from tme_platform_tests.support.platform import Platform, copied_platform
from tme_platform_tests.support.small_study import report_made

HEAVY = {
    "dagster",
    "gseapy",
    "highdicom",
    "jinja2",
    "lifelines",
    "matplotlib",
    "mlflow",
    "pandera",
    "scipy",
    "sklearn",
    "skops",
    "statsmodels",
}
READING = {
    "query": ["query", "select cohort, count(*) from tme_phenotypes group by 1"],
    "query as CSV": ["query", "--csv", "select * from lake_tables"],
    "status": ["status"],
    "status of all tables": ["status", "--all"],
    "models": ["models"],
    "check of a small cohort": ["check", "mri"],
    "path of a stored file": ["check", "mri", "--file", "f-000000000000.csv"],
}
WRONG = {
    "cohort of run": (["run", "--cohort", "refrence"], "nearest: reference"),
    "table of run": (["run", "--select", "cel_scores"], "nearest: cell_scores"),
    "stage of run": (["run", "--select", "group:s3_phenotype"], "nearest: s3_phenotypes"),
    "cohort of status": (["status", "--cohort", "refrence"], "nearest: reference"),
    "version to reproduce": (["models", "reproduce", "7"], "there are: 1, challenger"),
    "version to score by": (["score", "--image", "a.nii", "--mask", "b.nii", "--model", "7"], "there are: 1"),
}
_LOADED = """
import json, pathlib, sys
seen = pathlib.Path(sys.argv.pop())
from tme_platform.cli.app import main
try:
    main()
finally:
    seen.write_text(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
"""Run a command; the last word is the file that takes the names of what is loaded at its end."""


def with_history(copied: Platform) -> Platform:
    """Dagster's run history for a lake in which nothing failed."""
    with mock.patch.dict(os.environ):
        os.environ.pop("DAGSTER_HOME", None)
        with open_instance(copied.workspace.state) as instance:
            report_made(copied.workspace, instance)
    return copied


@pytest.fixture(scope="module")
def platform(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A small study that has run."""
    return with_history(copied_platform(small_run, tmp_path_factory.mktemp("reading")))


def loaded(platform: Platform, arguments: list[str], tmp_path: Path) -> tuple[subprocess.CompletedProcess[str], set]:
    """A command as a process of its own, and the libraries that it had loaded at its end."""
    workspace, seen = platform.workspace, tmp_path / "loaded.json"
    place = {"TME_LAKE": workspace.lake_root, "TME_LANDING": workspace.landing_root, "TME_STUDY": workspace.study_name}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TME_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *arguments, str(seen)],
        capture_output=True, text=True, timeout=120, env=environment | place,
    )  # fmt: skip
    return done, set(json.loads(seen.read_text()))


@pytest.mark.parametrize("arguments", READING.values(), ids=READING.keys())
def test_a_command_that_only_reads_loads_nothing_heavy(
    platform: Platform, arguments: list[str], tmp_path: Path
) -> None:
    done, modules = loaded(platform, arguments, tmp_path)
    assert "Traceback" not in done.stderr
    assert done.stdout or "--file" in arguments, done.stderr
    assert not HEAVY & modules


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_name_that_is_not_there_is_refused_before_anything_heavy_is_loaded(
    platform: Platform, arguments: list[str], said: str, tmp_path: Path
) -> None:
    done, modules = loaded(platform, arguments, tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert not HEAVY & modules


def test_a_heavy_library_would_be_seen(platform: Platform, tmp_path: Path) -> None:
    _, modules = loaded(platform, ["housekeeping", "--dry-run"], tmp_path)
    assert "dagster" in modules


def test_status_of_a_study_with_new_data_needs_no_run_history(small_run: Path, tmp_path: Path) -> None:
    copied = with_history(copied_platform(small_run, tmp_path / "study"))
    with (copied.workspace.landing / "reference" / "clinical.csv").open("a") as clinical:
        clinical.write("P900,61,800,0,H1,pos,,,\n")
    done, modules = loaded(copied, ["status"], tmp_path)
    assert "landing folder of reference" in done.stdout
    assert not HEAVY & modules


def test_a_table_read_from_python_loads_nothing_heavy_and_the_package_nothing_at_all(platform: Platform) -> None:
    seen = "sorted({name.partition('.')[0] for name in sys.modules})"
    code = (
        f"import json, sys, tme_platform; first = {seen}; lake = tme_platform.open(sys.argv[1])\n"
        f"lake.table('patients', cohort='mri'); lake.query('from patients'); print(json.dumps([first, {seen}]))"
    )
    words = [sys.executable, "-c", code, platform.workspace.lake_root]
    first, last = map(set, json.loads(subprocess.run(words, capture_output=True, check=True, timeout=120).stdout))
    assert not first & (HEAVY | {"pandas", "numpy", "duckdb", "deltalake", "pydantic"})
    assert "duckdb" in last
    assert not last & HEAVY
