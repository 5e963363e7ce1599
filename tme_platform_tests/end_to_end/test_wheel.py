"""The wheel works away from the repository: built, installed into a fresh environment, run in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import yaml

import tme_platform
from tme_platform_tests.conftest import REPOSITORY

UV = Path(sys.executable).with_name("uv")
SIZES = {"sim_expression": 30, "sim_radiomics": 2, "sim_immune_phenotype": 1, "sim_immunotherapy": 1}
STUDY = """
extends: simulated
name: light
title: Two cohorts of few patients
cohorts: [sim_expression, sim_truth]
phenotypes: {k: 2, k_max: 3, starts: 5, draws: 2, null_draws: 19, compared_collections: [mcpcounter]}
enrichment: {collections: [mcpcounter], permutations: 100}
report: {figures: false}
"""
BUILT = ("patients", "cell_scores", "tme_phenotypes", "survival_tests", "study_report")

_BYTECODE = "PYTHONPYCACHEPREFIX"
"""Where compiled modules are kept says nothing about which modules these are."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from a copy, so that the repository gets no `build` folder."""
    root = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, root)
    shutil.copytree(
        REPOSITORY / "tme_platform", root / "tme_platform", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    subprocess.run(
        [UV, "build", "--quiet", "--offline", "--wheel", "--no-build-isolation", "--python", sys.executable, root],
        check=True,
    )
    (built,) = (root / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program folder of an environment with the wheel and the installed dependencies, without the repository."""
    root = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    (site,) = root.glob("lib/python*/site-packages")
    # A path file adds the folder of the dependencies but not the path files in it, such as the editable install's.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", root / "bin" / "python", wheel],
        check=True,
    )
    return root / "bin"


def run(program: Path, *arguments: str | Path, folder: Path) -> str:
    """Run a program of the environment in a folder, with no variables of this repository."""
    ours = ("TME_", "DAGSTER_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) or name == _BYTECODE}
    done = subprocess.run([program, *arguments], cwd=folder, env=kept, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_contains_every_file_of_the_package(wheel: Path) -> None:
    package = REPOSITORY / "tme_platform"
    files = {
        path.relative_to(REPOSITORY).as_posix()
        for path in package.rglob("*")
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in path.parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        assert files - set(archive.namelist()) == set()


def test_version_is_the_same_everywhere(wheel: Path) -> None:
    assert wheel.name.startswith(f"tme_platform-{tme_platform.__version__}-")
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == tme_platform.__version__


def test_installed_wheel_simulates_and_runs_a_study(programs: Path, tmp_path: Path) -> None:
    imported = run(programs / "python", "-c", "import tme_platform; print(tme_platform.__file__)", folder=tmp_path)
    assert Path(imported.strip()).is_relative_to(programs.parent)

    tme = programs / "tme"
    sizes = [f"--size={name}={patients}" for name, patients in SIZES.items()]
    run(tme, "--lake", "lake", "simulate", *sizes, "--features-only", "--workers", "1", folder=tmp_path)
    run(tme, "--lake", "lake", "check", "sim_radiomics", folder=tmp_path)

    (tmp_path / "light.yaml").write_text(STUDY)
    run(tme, "--lake", "lake", "--study", "light.yaml", "--backend", "in_process", "run", folder=tmp_path)
    counts = " union all ".join(f"select '{table} rows: ' || count(*) from {table}" for table in BUILT)
    counted = run(tme, "--lake", "lake", "query", counts, folder=tmp_path)
    for table in BUILT:
        assert re.search(rf"{table} rows: [1-9]", counted), table
    assert (tmp_path / "lake" / "report" / "light.html").exists()
