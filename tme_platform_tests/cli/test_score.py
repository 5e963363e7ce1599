"""`tme score` takes the study's champion, or says that it takes the packaged model, and why."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.simulation import scoring_model
from tme_platform.simulation.cohorts import RADIOMICS
from tme_platform.simulation.imaging import image_jobs, write_image
from tme_platform.simulation.patients import simulate_patients
from tme_platform_tests.support.platform import Platform, copied_platform


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name a simulated image and its outline."""
    folder = tmp_path_factory.mktemp("case")
    people = simulate_patients(RADIOMICS, 1, effect=scoring_model.EFFECT, seed=scoring_model.SEED)
    (job,) = image_jobs(folder, RADIOMICS, people, seed=scoring_model.SEED, dicom=False)
    write_image(job)
    return ["--image", str(folder / job.image), "--mask", str(folder / job.mask("R1", 1)), "--label", "1"]


@pytest.fixture(scope="module")
def platform(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A study whose signature was trained on a finished feature table, and has no champion."""
    return copied_platform(small_run, tmp_path_factory.mktemp("score"))


def told(lake: Path | str, *words: str) -> Result:
    return CliRunner().invoke(app, ["--lake", str(lake), "--study", "han2024", "score", *words])


def test_without_any_model_the_packaged_one_is_used_and_said_to_be_simulated(case: list[str], tmp_path: Path) -> None:
    done = told(tmp_path, *case)
    assert done.exit_code == 0, done.output
    assert "no models in" in done.output
    assert (
        "Scored by the packaged model `simulated` instead: learned from images of 80 simulated patients" in done.output
    )
    assert "(version simulated (packaged))" in done.output
    assert "means nothing for a patient" in done.output


def test_a_version_from_a_feature_table_is_not_used_silently(case: list[str], platform: Platform) -> None:
    done = told(platform.workspace.lake_root, *case)
    assert done.exit_code == 0, done.output
    assert "no version has been promoted to champion" in done.output
    assert "packaged model `simulated` instead" in done.output


def test_a_version_that_is_named_is_never_replaced(case: list[str], platform: Platform) -> None:
    done = told(platform.workspace.lake_root, *case, "--model", "1")
    assert done.exit_code == 1
    assert "finished feature table" in str(done.exception)


def test_where_a_version_was_trained_on_images_the_person_chooses(
    case: list[str], platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tme_platform.tracking.registered.from_images", lambda *_: True)
    done = told(platform.workspace.lake_root, *case)
    assert done.exit_code == 1
    assert "To use a version all the same, name it" in str(done.exception)


def test_the_packaged_model_can_be_named(case: list[str], tmp_path: Path) -> None:
    done = told(tmp_path, *case, "--model", "simulated")
    assert done.exit_code == 0
    assert "packaged model `simulated`: learned from" in done.output
