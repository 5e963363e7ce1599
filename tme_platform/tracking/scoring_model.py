"""Loading a registered version of the signature for scoring, and scoring a new patient with it from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tme_platform.radiomics import ExtractionSettings, combat_from_table
from tme_platform.scoring import CaseScore, ScoringModel, score_case
from tme_platform.signature import Recalibration
from tme_platform.study.settings import HarmonisationSettings
from tme_platform.tracking.records import IMAGE_FEATURES
from tme_platform.tracking.stored_settings import stored_settings
from tme_platform.tracking.tracker import CHAMPION, Tracker, open_tracker


def load_scoring_model(tracker: Tracker, model: str = CHAMPION) -> ScoringModel:
    """Load what scoring takes of a version.

    Parameters
    ----------
    model
        Version number or alias.

    Raises
    ------
    LookupError
        There is no such version, or its files are lost.
    StoredModelError
        It is not as this platform stores models; nothing of it was run.
    ValueError
        The version was trained on a finished feature table, which no image can be made into, or before scores were
        recalibrated.
    """
    record = tracker.version(model)
    summary = tracker.run_summary(record)
    feature_set = summary["params"].get("feature_set", "")
    if not feature_set.startswith(IMAGE_FEATURES):
        raise ValueError(
            f"version {record.version} was trained on the finished feature table {feature_set!r}, which is not made "
            "from images here: new patients are scored by adding them to that table and `tme run`"
        )
    if not {"threshold", "recalibration_intercept", "recalibration_slope"} <= {*summary["metrics"]}:
        raise ValueError(
            f"version {record.version} was trained before scores were recalibrated: train a new one with `tme run`"
        )
    geometry = None
    if summary["tags"].get("tme.images") == "yes":
        geometry = tracker.read_table(record, "training_geometry")
    batch = stored_settings(tracker, record, "harmonisation", HarmonisationSettings).batch
    learned = None if batch == "none" else tracker.read_table(record, "harmonisation")
    return ScoringModel(
        version=record.version,
        pipeline=tracker.load(record),
        threshold=summary["metrics"]["threshold"],
        recalibration=Recalibration(
            summary["metrics"]["recalibration_intercept"], summary["metrics"]["recalibration_slope"]
        ),
        extraction=stored_settings(tracker, record, "extraction", ExtractionSettings),
        training_features=tracker.read_table(record, "training_features"),
        training_geometry=geometry,
        harmonisation=None if learned is None or learned.empty else combat_from_table(learned),
        batch_column=batch,
    )


def score(
    image: Path | str,
    mask: Path | str,
    *,
    model: str = CHAMPION,
    lake: Path | str = "data_lake",
    tracking_uri: str = "",
    **reading: Any,
) -> CaseScore:
    """Score one new patient.

    Parameters
    ----------
    image, mask
        An image file or DICOM folder, and its outline.
    model
        Version number or alias in the registry.
    lake, tracking_uri
        The lake whose registry it is, or the address of its MLflow server.
    **reading
        label, exclusion_mask, series, phase, minus: as the columns of `imaging.csv`; batch: see `score_case`.

    Returns
    -------
    CaseScore
        The same rad-score as the table `rad_scores` gives for these files.

    Raises
    ------
    LookupError, ValueError
        No such version, or input that cannot be scored; see `load_scoring_model` and `score_case`.
    """
    return score_case(
        load_scoring_model(open_tracker(Path(lake), tracking_uri), model), Path(image), Path(mask), **reading
    )
