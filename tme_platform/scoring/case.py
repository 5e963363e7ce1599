"""Compute the rad-score of one image and outline, with warnings if the case differs from the training data.

Loading the model belongs in ``tracking``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.imaging import (
    SERIES_NOTE,
    ImagingError,
    check_modality,
    read_exclusion,
    read_mask,
    read_series,
)
from tme_platform.signature.applicability import applicability, fit_applicability
from tme_platform.signature.score import rad_score

if TYPE_CHECKING:
    from pathlib import Path

    import SimpleITK as sitk  # noqa: N813
    from sklearn.pipeline import Pipeline

    from tme_platform.radiomics import Combat, ExtractionSettings
    from tme_platform.signature.recalibration import Recalibration

TRAINED_GEOMETRY = ("spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "volume_ml")
"""Measures of `imaging.region_quality` whose range over the training images is stored with a model."""

_SPACING_FACTOR = 2.0
"""Images whose voxels are coarser or finer than all training images by more than this factor are refused."""


@dataclass(frozen=True)
class ScoringModel:
    """The parts of a stored version that scoring needs."""

    version: str
    pipeline: Pipeline
    threshold: float
    recalibration: Recalibration
    extraction: ExtractionSettings
    training_features: pd.DataFrame
    """Training patients x features that the model uses."""
    training_geometry: pd.DataFrame | None = None
    """Columns measure, min, max."""
    harmonisation: Combat | None = None
    """The harmonisation of the version's features, if any."""
    batch_column: str = "none"
    """The batches of the harmonisation: scanner or site."""


@dataclass(frozen=True)
class CaseScore:
    """The rad-score of one case."""

    rad_score: float
    probability: float
    """The score recalibrated: probability of a hot tumour where hot tumours are as frequent as in discovery."""
    predicted: str
    """hot or cold at the threshold locked on discovery."""
    threshold: float
    model_version: str
    unlike_training: bool
    """Whether the case lies further from its nearest training patients than 95 % of these do from theirs."""
    distance_percentile: float
    share_outside: float
    """Share of the model's features beyond the training minimum or maximum."""
    furthest_feature: str
    furthest_sd: float
    warnings: tuple[str, ...]
    features: pd.Series
    """All extracted features, before any harmonisation."""


def score_case(
    model: ScoringModel,
    image: Path,
    mask: Path,
    *,
    label: int | None = None,
    exclusion_mask: Path | None = None,
    series: str | None = None,
    phase: int | None = None,
    minus: int | None = None,
    allow_incomplete: bool = False,
    batch: str | None = None,
) -> CaseScore:
    """Score one outlined image with the same result as in the tables.

    Parameters
    ----------
    model
        The stored version.
    image, mask
        An image file or DICOM folder, and its outline.
    label, exclusion_mask, series, phase, minus, allow_incomplete
        As in the columns of `imaging.csv` (`series` as in `dicom_series`).
    batch
        Scanner or site of the image, as named in the clinical tables; needed if the version's features were
        harmonised. Features from a batch unknown to the version are not harmonised, with a warning.

    Returns
    -------
    CaseScore

    Raises
    ------
    ValueError
        The version's features were harmonised, but `batch` is missing.
    ImagingError
        The image is not an MR image (``modality_other``), its voxel size is far outside the training range
        (``geometry_unlike_training``), or image and outline cannot be used; the message says what to do.
    """
    from tme_platform.radiomics import extract

    if model.harmonisation is not None and batch is None:
        raise ValueError(
            f"version {model.version} was trained on features harmonised by {model.batch_column}: name the "
            f"{model.batch_column} of the image (known: {', '.join(model.harmonisation.shift.index)})"
        )
    volume = read_series(image, series=series, phase=phase, minus=minus, allow_incomplete=allow_incomplete)
    check_modality(image, volume, series)
    outline = read_mask(mask, volume, label)
    warnings = _compare_geometry(model.training_geometry, volume, outline, image.name)
    warnings += [f"image: {volume.GetMetaData(SERIES_NOTE)}"] if volume.HasMetaDataKey(SERIES_NOTE) else []
    exclude = None if exclusion_mask is None else read_exclusion(exclusion_mask, volume)
    features = extract(volume, outline, model.extraction, exclude)
    frame = features.to_frame().T
    if model.harmonisation is not None:
        frame, unknown = _harmonise(frame, str(batch), model.harmonisation, model.batch_column)
        warnings += unknown
    score = float(rad_score(model.pipeline, frame).iloc[0])
    domain = applicability(fit_applicability(model.training_features), frame).iloc[0]
    if domain["unlike_training"]:
        warnings.append(
            f"unlike the training patients: further from them than {domain['percentile']:.0%} of them from each other"
        )
    return CaseScore(
        rad_score=score,
        probability=float(model.recalibration.probability(score)),
        predicted="hot" if score >= model.threshold else "cold",
        threshold=model.threshold,
        model_version=model.version,
        unlike_training=bool(domain["unlike_training"]),
        distance_percentile=float(domain["percentile"]),
        share_outside=float(domain["share_outside"]),
        furthest_feature=str(domain["furthest_feature"]),
        furthest_sd=float(domain["furthest_sd"]),
        warnings=tuple(warnings),
        features=features,
    )


def _harmonise(frame: pd.DataFrame, batch: str, combat: Combat, column: str) -> tuple[pd.DataFrame, list[str]]:
    """Harmonise the case as in the table `harmonised_features`; return it with any warning."""
    from tme_platform.radiomics import harmonise

    moved, done = harmonise(frame, pd.Series(batch, frame.index), combat)
    known = ", ".join(combat.shift.index)
    return moved, [] if done.all() else [
        f"too few training patients, or none, have {column} {batch!r} (known: {known}): the features are not "
        "harmonised, so the score is not comparable with those of harmonised features"
    ]


def _compare_geometry(trained: pd.DataFrame | None, volume: sitk.Image, outline: sitk.Image, name: str) -> list[str]:
    """Refuse voxels far outside the training range; warn if the tumour is smaller or larger than all in training."""
    if trained is None or trained.empty:
        return []
    import SimpleITK as sitk  # noqa: N813

    limits = {
        str(row["measure"]): (float(row["min"]), float(row["max"]))
        for row in trained[["measure", "min", "max"]].to_dict("records")
    }
    for axis, value in zip("xyz", volume.GetSpacing(), strict=True):
        low, high = limits.get(f"spacing_{axis}_mm", (value, value))
        if not low / _SPACING_FACTOR <= value <= high * _SPACING_FACTOR:
            raise ImagingError(
                "geometry_unlike_training",
                f"voxels of {name} measure {value:.3g} mm along {axis}, but the signature was trained on {low:.3g} to "
                f"{high:.3g} mm: resample or reacquire the image, or train a signature on such images.",
            )
    inside = int((sitk.GetArrayViewFromImage(outline) != 0).sum())
    volume_ml = inside * float(np.prod(volume.GetSpacing())) / 1000
    low, high = limits.get("volume_ml", (volume_ml, volume_ml))
    if not low <= volume_ml <= high:
        return [f"the outlined volume is {volume_ml:.3g} ml; tumours in training were {low:.3g} to {high:.3g} ml"]
    return []
