"""Planted models through the commands: nothing of them is run, a sentence says what was found, the rest goes on."""

import contextlib
import json
import pickle
import shutil
import sqlite3
from pathlib import Path

import pytest
import skops.io
import yaml
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.signature import SKOPS_TRUSTED_TYPES
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.signature import RAD_SCORES
from tme_platform_tests.support.planted_models import Writes
from tme_platform_tests.support.platform import copied_platform


def describe(folder: Path, **fields: object) -> None:
    file = folder / "MLmodel"
    said = yaml.safe_load(file.read_text())
    said["flavors"]["sklearn"] |= fields
    file.write_text(yaml.safe_dump(said))


def with_foreign_type(folder: Path) -> None:
    file = folder / "model.skops"
    model = skops.io.load(file, trusted=list(SKOPS_TRUSTED_TYPES))
    model.named_steps["classifier"].extra = Writes()
    file.write_bytes(skops.io.dumps(model))


def as_pickle(folder: Path) -> None:
    describe(folder, serialization_format="pickle")
    (folder / "model.skops").write_bytes(pickle.dumps(Writes()))


def pickle_beside(folder: Path) -> None:
    describe(folder, serialization_format="cloudpickle", pickled_model="model.pkl")
    (folder / "model.pkl").write_bytes(pickle.dumps(Writes()))


def with_code(folder: Path) -> None:
    (folder / "code").mkdir()
    (folder / "code" / "sitecustomize.py").write_text(f"open({str(Writes.marker)!r}, 'w').write('was run')")
    describe(folder, code="code")


def trusting_itself(folder: Path) -> None:
    describe(folder, skops_trusted_types=[*SKOPS_TRUSTED_TYPES, f"{Writes.__module__}.Writes"])
    with_foreign_type(folder)


def linked(folder: Path) -> None:
    file = folder / "model.skops"
    elsewhere = Writes.marker.with_name("elsewhere.skops")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


PLANTED = {
    as_pickle: "serialization_format: pickle, not skops",
    pickle_beside: "more than a model of ours has: 'model.pkl'",
    with_code: "more than a model of ours has: 'code'",
    trusting_itself: "wants other types to be trusted",
    with_foreign_type: "types that no signature is made of",
    linked: "symbolic link",
}


@pytest.fixture(params=PLANTED, ids=lambda plant: plant.__name__)
def planted(
    request: pytest.FixtureRequest, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, str]:
    """The folder of a study that has run with a planted model in it, and what is said of it."""
    monkeypatch.setattr(Writes, "marker", tmp_path / "marker")
    monkeypatch.setenv("TME_WORKERS", "1")
    shutil.copytree(small_run, tmp_path / "study")
    artifacts = tmp_path / "study" / "lake" / "mlflow" / "artifacts"
    (model,) = (file.parent for file in artifacts.rglob("MLmodel"))
    request.param(model)
    return tmp_path / "study", PLANTED[request.param]


def options(study: Path) -> list[str]:
    return ["--lake", str(study / "lake"), "--landing", str(study / "landing"), "--study", str(study / "small.yaml")]


def as_if_from_images(study: Path) -> None:
    """Say that the version was trained on image features, so that it can score a case."""
    with contextlib.closing(sqlite3.connect(study / "lake" / "mlflow" / "mlflow.db")) as database, database:
        database.execute("UPDATE params SET value = 'pyradiomics-1' WHERE key = 'feature_set'")


def refused(error: BaseException | None, said: str) -> None:
    """Check a sentence that `main` prints before it exits with 1."""
    assert isinstance(error, ValueError)
    assert said in str(error)
    assert "nothing of it was run" in str(error)
    assert "\n" not in str(error)
    assert not Writes.marker.exists()


def test_score_refuses_it(planted: tuple[Path, str], tmp_path: Path) -> None:
    study, said = planted
    as_if_from_images(study)
    image = study / "landing" / "images" / "images" / "I000.nii.gz"
    command = [*options(study), "score", "--image", str(image), "--mask", str(image), "--model", "1"]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 1
    refused(found.exception, said)


@pytest.mark.parametrize("planted", [as_pickle], indirect=True, ids=["as_pickle"])
def test_a_run_fails_at_the_scores_only(planted: tuple[Path, str]) -> None:
    study, said = planted
    platform = copied_platform(study, study.with_name("copy"))
    clinical = platform.workspace.landing / "reference" / "clinical.csv"
    clinical.write_text(clinical.read_text().replace(",pos", ",neg", 1))
    before = platform.workspace.lake.state(PATIENTS, "reference")
    outcome, recorded = platform.run(select='key:"cohort_files" or key:"patients" or key:"rad_scores"', refresh="all")
    (failure,) = outcome.failures
    assert (failure.asset, failure.cohort) == (RAD_SCORES.name, "mri")
    refused(ValueError(failure.message), said)
    assert platform.workspace.lake.state(PATIENTS, "reference") != before
    assert ("patients", "reference") in recorded.made()


@pytest.mark.parametrize("planted", [as_pickle], indirect=True, ids=["as_pickle"])
def test_the_list_of_versions_and_reproducing_load_no_model(planted: tuple[Path, str]) -> None:
    study, _ = planted
    listed = CliRunner().invoke(app, [*options(study), "models"])
    assert listed.exit_code == 0, listed.output
    again = CliRunner().invoke(app, [*options(study), "models", "reproduce", "1"])
    assert again.exit_code == 0, again.output
    assert "identical" in again.output
    assert not Writes.marker.exists()


def test_reproducing_refuses_settings_that_keep_a_machine_busy(small_run: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(small_run, study)
    (file,) = (study / "lake" / "mlflow" / "artifacts").rglob("documents/settings.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"n_trees": 10**9}))
    found = CliRunner().invoke(app, [*options(study), "models", "reproduce", "1"])
    assert found.exit_code == 1
    assert isinstance(found.exception, ValueError)
    assert "'n_trees' in SignatureSettings is not possible" in str(found.exception)
    assert "10000" in str(found.exception)
