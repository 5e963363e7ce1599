"""The packaged model `simulated`, with which scoring can be tried where no signature was trained on images.

It was learned from simulated images (`python -m tme_platform.simulation.scoring_model`) and says nothing about a
patient. It is read by the one loader of stored models.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tme_platform.radiomics import ExtractionSettings
from tme_platform.scoring.case import ScoringModel
from tme_platform.signature.recalibration import Recalibration
from tme_platform.signature.stored import read_pipeline

SIMULATED = "simulated"
"""Name of the packaged model."""
MODEL_FILE, FACTS_FILE, FEATURES_FILE = "model.skops", "model.json", "training_features.csv"
_FOLDER = Path(__file__).parent / "data" / SIMULATED


@dataclass(frozen=True)
class PackagedModel:
    """The packaged model and what it is worth.

    Attributes
    ----------
    label
        What it was learned from, how well it orders held-out simulated patients, and what it is not for.
    """

    scoring: ScoringModel
    label: str


def packaged_model(folder: Path = _FOLDER) -> PackagedModel:
    """Load the packaged model.

    Parameters
    ----------
    folder
        Another folder with the same files.

    Raises
    ------
    StoredModelError
        The model was altered; nothing of it was run.
    """
    facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    geometry = pd.DataFrame(facts["training_geometry"])
    scoring = ScoringModel(
        version=f"{SIMULATED} (packaged)",
        pipeline=read_pipeline((folder / MODEL_FILE).read_bytes()),
        threshold=facts["threshold"],
        recalibration=Recalibration(facts["recalibration_intercept"], facts["recalibration_slope"]),
        extraction=ExtractionSettings.model_validate(facts["extraction"]),
        training_features=pd.read_csv(folder / FEATURES_FILE),
        training_geometry=geometry,
    )
    label = (
        f"learned from images of {facts['n_patients']} simulated patients ({facts['n_hot']} hot); out-of-fold AUC "
        f"{facts['oof_auc']:.2f} ({facts['oof_auc_low']:.2f}-{facts['oof_auc_high']:.2f}) among such patients. "
        "It shows how scoring works, and its score means nothing for a patient"
    )
    return PackagedModel(scoring, label)
