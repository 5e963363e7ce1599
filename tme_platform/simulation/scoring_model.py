"""Learn the model that comes with the platform (`scoring.packaged`) from simulated images.

`python -m tme_platform.simulation.scoring_model FOLDER` writes its files; those of the platform are in
`tme_platform/scoring/data/simulated`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.radiomics import BatchOptions, ExtractionJob, ExtractionSettings, describe_many, extract_many
from tme_platform.scoring import TRAINED_GEOMETRY
from tme_platform.scoring.packaged import FACTS_FILE, FEATURES_FILE, MODEL_FILE
from tme_platform.signature import SignatureSettings, TrainedSignature, train_signature
from tme_platform.simulation.cohorts import RADIOMICS
from tme_platform.simulation.imaging import ImageJob, image_jobs, write_image
from tme_platform.simulation.patients import simulate_patients
from tme_platform.study import load_study

STUDY = "tcga_brca"
"""The study whose settings of extraction the model has."""
SEED = 2024
EFFECT = 2.0
PATIENTS = 80
SETTINGS = SignatureSettings(n_trees=40, search_trees=30, min_samples_leaf=(3,), max_features=("sqrt",), n_top=12)
"""A small forest, so that the file is small."""


def make_model(
    folder: Path, *, patients: int = PATIENTS, settings: SignatureSettings = SETTINGS, workers: int | None = None
) -> dict[str, Any]:
    """Simulate images, compute their features, learn a signature of the simulated hot tumours, and write it.

    Parameters
    ----------
    folder
        Destination, created if missing.
    patients
        Number of simulated patients.
    settings
        Of the signature.
    workers
        Processes; None takes one per processor.

    Returns
    -------
    What is known of the model, as written to `model.json`.
    """
    extraction = load_study(STUDY).extraction
    people = simulate_patients(RADIOMICS, patients, effect=EFFECT, seed=SEED)
    with tempfile.TemporaryDirectory() as images:
        jobs = image_jobs(Path(images), RADIOMICS, people, seed=SEED, dicom=False)
        for job in jobs:
            write_image(job)
        features, geometry = _measured(jobs, extraction, workers)
    labels = people["simulated_hot"].astype(bool).map({True: "hot", False: "cold"})
    trained = train_signature(features, labels, settings=settings, n_jobs=workers or -1)
    facts = {
        "study": "simulated images",
        "seed": SEED,
        "effect": EFFECT,
        **{name: _rounded(value) for name, value in trained.metrics().items()},
        "settings": settings.model_dump(mode="json"),
        "extraction": extraction.model_dump(mode="json"),
        "training_geometry": geometry.to_dict("records"),
    }
    _write(folder, trained, features, facts)
    return facts


def _measured(
    jobs: list[ImageJob], extraction: ExtractionSettings, workers: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features by patient, and the least and largest of what the images measure."""
    outlines = [
        ExtractionJob(
            patient_id=job.patient,
            image=job.folder / job.image,
            mask=job.folder / job.mask("R1", 1),
            mask_label=1,
        )
        for job in jobs
    ]
    rows, failures = extract_many(outlines, extraction, options=BatchOptions(workers))
    if len(failures):
        raise ValueError(f"a simulated image cannot be used: {failures['message'].iloc[0]}")
    measured, _ = describe_many(outlines, extraction, options=BatchOptions(workers))
    features = rows.set_index("patient_id").drop(columns=["series", "reader", "session", "row_key"])
    geometry = measured[[*TRAINED_GEOMETRY]].agg(["min", "max"]).T.rename_axis("measure").reset_index()
    return features, geometry


def _write(folder: Path, trained: TrainedSignature, features: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    import skops.io

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(trained.pipeline, folder / MODEL_FILE, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    used = features[list(trained.pipeline[:-1].get_feature_names_out())]
    used.to_csv(folder / FEATURES_FILE, index=False)


def _rounded(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def main() -> None:
    """Write the model to the folder that the command names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    given = parser.parse_args()
    facts = make_model(given.folder, patients=given.patients)
    print(f"{facts['n_patients']} patients, out-of-fold AUC {facts['oof_auc']:.3f}")  # noqa: T201  # a command


if __name__ == "__main__":
    main()
