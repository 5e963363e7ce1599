"""Identify a model by its training data, settings and library versions. Storing models belongs in ``tracking``."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.signature.training import training_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tme_platform.signature.settings import SignatureSettings

SIGNATURE_VERSION = "2"
"""Increased whenever the same input would give a different model."""

SKOPS_TRUSTED_TYPES = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "tme_platform.signature.transformers.AgreementFilter",
    "tme_platform.signature.transformers.RedundancyFilter",
    "tme_platform.signature.transformers.TopFeatures",
)
"""Types in a stored signature that skops does not trust by default."""


def content_key(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
) -> str:
    """Return a sha256 that changes exactly when `train_signature` might give a different result.

    Parameters
    ----------
    features, labels, settings, kept_features
        As for `train_signature`. The order of features matters, the order of patients does not.

    Returns
    -------
    str
        Hexadecimal digest over the training table, the settings, and the versions of scikit-learn, numpy and
        SIGNATURE_VERSION.
    """
    table, positive = training_table(features, labels)
    described = {
        "method": SIGNATURE_VERSION,
        "scikit-learn": version("scikit-learn"),
        "numpy": version("numpy"),
        "settings": settings.model_dump(mode="json"),
        "kept": None if kept_features is None else sorted(kept_features),
        "patients": [str(patient) for patient in table.index],
        "features": [str(name) for name in table.columns],
        "hot": positive.tolist(),
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    # one bit pattern for every NaN and for both zeros
    values = np.where(table.isna(), np.nan, table + 0.0)
    digest.update(values.astype("<f8").tobytes())
    return digest.hexdigest()
