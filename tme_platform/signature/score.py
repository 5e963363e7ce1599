"""Compute rad-scores with a fitted signature. Comparing patients with the training data belongs in `applicability`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.trained import TrainedSignature

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def rad_score(signature: TrainedSignature | Pipeline, features: pd.DataFrame) -> pd.Series:
    """Score patients; a higher score speaks for a hot tumour.

    Parameters
    ----------
    signature
        A trained signature, or its fitted pipeline (as loaded from the registry).
    features
        Patients x features; other columns and the order are ignored. Missing values are replaced by the training
        median.

    Returns
    -------
    pandas.Series
        ``rad_score`` between 0 and 1 in the order of `features`; NaN for a patient who has none of the features.

    Raises
    ------
    ValueError
        If features that the signature needs are missing (the message names them), or values are infinite.
    """
    pipeline = signature.pipeline if isinstance(signature, TrainedSignature) else signature
    names = list(pipeline.feature_names_in_)
    missing = [name for name in names if name not in features.columns]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ValueError(
            f"the signature needs {len(names)} features, but the table lacks {shown}: "
            "extract the features with the settings of the signature"
        )
    table = features[names].astype(np.float64)
    if np.isinf(table.to_numpy()).any():
        raise ValueError("features contain infinite values: set them to missing or fix the extraction")
    scores = pd.Series(np.nan, index=features.index, name="rad_score")
    some = table.notna().any(axis=1).to_numpy()
    if some.any():
        scores[some] = pipeline.predict_proba(table[some])[:, 1]
    return scores
