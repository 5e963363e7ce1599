"""The packaged model is what its command makes, is read by the one loader, and says that it is simulated."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import ExtractionSettings
from tme_platform.scoring import packaged, score_case
from tme_platform.scoring.packaged import packaged_model
from tme_platform.signature import SignatureSettings, StoredModelError
from tme_platform.signature.score import rad_score
from tme_platform.simulation import scoring_model
from tme_platform.simulation.cohorts import RADIOMICS
from tme_platform.simulation.imaging import image_jobs, write_image
from tme_platform.simulation.patients import simulate_patients
from tme_platform.study import load_study


def test_it_says_what_it_is_worth() -> None:
    found = packaged_model()
    facts = json.loads((packaged._FOLDER / "model.json").read_text())
    assert found.scoring.version == "simulated (packaged)"
    assert f"{facts['n_patients']} simulated patients" in found.label
    assert f"AUC {facts['oof_auc']:.2f} ({facts['oof_auc_low']:.2f}-" in found.label
    assert "means nothing for a patient" in found.label


def test_its_settings_are_those_of_the_bundled_study() -> None:
    assert packaged_model().scoring.extraction == load_study(scoring_model.STUDY).extraction
    facts = json.loads((packaged._FOLDER / "model.json").read_text())
    assert SignatureSettings.model_validate(facts["settings"]) == scoring_model.SETTINGS
    assert facts["n_patients"] == scoring_model.PATIENTS


def test_it_scores_the_patients_that_it_was_learned_from_as_hot_and_cold() -> None:
    model = packaged_model().scoring
    people = simulate_patients(
        RADIOMICS, scoring_model.PATIENTS, effect=scoring_model.EFFECT, seed=scoring_model.SEED
    ).sort_index()
    every = pd.DataFrame(
        np.nan, index=model.training_features.index, columns=list(model.pipeline.feature_names_in_)
    ).assign(**{name: model.training_features[name] for name in model.training_features})
    scores = rad_score(model.pipeline, every).to_numpy()
    hot = people["simulated_hot"].astype(bool).to_numpy()
    assert scores[hot].mean() > scores[~hot].mean() + 0.2


def test_a_simulated_patient_is_scored_and_is_like_the_training_patients(tmp_path: Path) -> None:
    people = simulate_patients(RADIOMICS, 1, effect=scoring_model.EFFECT, seed=scoring_model.SEED)
    (job,) = image_jobs(tmp_path, RADIOMICS, people, seed=scoring_model.SEED, dicom=False)
    write_image(job)
    model = packaged_model().scoring
    case = score_case(model, tmp_path / job.image, tmp_path / job.mask("R1", 1), label=1)
    assert not case.unlike_training
    assert case.share_outside == 0
    first = case.features[list(model.training_features)]
    assert np.isclose(model.training_features, first, rtol=1e-6).all(axis=1).sum() == 1, "the same as when learned"


def test_an_altered_file_is_not_run(tmp_path: Path) -> None:
    for file in packaged._FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.skops").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(StoredModelError):
        packaged_model(tmp_path)


def test_the_command_makes_such_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    names = [f"f{number}" for number in range(6)]
    geometry = pd.DataFrame({"measure": ["volume_ml"], "min": [0.1], "max": [9.0]})

    def measured(jobs: list, extraction: ExtractionSettings, workers: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        index = [job.patient for job in jobs]
        return pd.DataFrame(rng.normal(size=(len(index), 6)), index, names), geometry

    monkeypatch.setattr(scoring_model, "write_image", lambda job: None)
    monkeypatch.setattr(scoring_model, "_measured", measured)
    settings = scoring_model.SETTINGS.model_copy(
        update={"n_trees": 3, "search_trees": 3, "n_splits": 2, "n_repeats": 1}
    )
    scoring_model.make_model(tmp_path / "model", patients=24, settings=settings, workers=1)
    made = packaged_model(tmp_path / "model").scoring
    assert made.extraction == load_study(scoring_model.STUDY).extraction
    assert set(made.training_features) <= set(names)
    assert made.training_geometry.to_dict("list") == geometry.to_dict("list")
