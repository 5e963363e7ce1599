"""The rad-score of patients by a fitted signature. How unlike the training patients they are: `applicability`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.trained import TrainedSignature

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def rad_score(signature: TrainedSignature | Pipeline, features: pd.DataFrame) -> pd.Series:
    """Score patients: the signature's probability that the tumour is hot.

    Parameters
    ----------
    signature
        A trained signature, or its fitted pipeline (as loaded from the registry).
    features
        Patients x features; further columns and their order play no role. A missing value is imputed by the training
        median.

    Returns
    -------
    pandas.Series
        ``rad_score`` between 0 and 1 in the order of `features`; NaN for a patient who has none of the features.

    Raises
    ------
    ValueError
        If features that the signature asks for are missing (it names them), or values are infinite.
    """
    pipeline = signature.pipeline if isinstance(signature, TrainedSignature) else signature
    names = list(pipeline.feature_names_in_)
    missing = [name for name in names if name not in features.columns]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ValueError(
            f"the signature needs {len(names)} features, and the table lacks {shown}: extract them the same way"
        )
    table = features[names].astype(np.float64)
    if np.isinf(table.to_numpy()).any():
        raise ValueError("features hold infinite values: make them missing or mend the extraction")
    scores = pd.Series(np.nan, index=features.index, name="rad_score")
    some = table.notna().any(axis=1).to_numpy()
    if some.any():
        scores[some] = pipeline.predict_proba(table[some])[:, 1]
    return scores
