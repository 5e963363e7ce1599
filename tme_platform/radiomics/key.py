"""The key of a feature row: equal keys imply equal values. Reusing rows by key belongs in `steps`."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tme_platform.radiomics.settings import ExtractionSettings
from tme_platform.radiomics.versions import value_versions


def row_key(
    image_bytes_hash: str,
    mask_bytes_hash: str,
    label: int | None,
    settings: ExtractionSettings,
    *,
    selection: Sequence[str | int | None] = (),
) -> str:
    """Return a hash of everything that a row of features depends on.

    Parameters
    ----------
    image_bytes_hash, mask_bytes_hash
        Hashes (hexadecimal) of the bytes of image and mask; with an exclusion mask, a hash of both masks.
    label
        Label of the tumour in the mask.
    settings
        The extraction settings; only those with an effect are part of the key.
    selection
        Series, phase and subtracted phase of the image, None where not selected.

    Returns
    -------
    str
        SHA-256, hexadecimal, of these and the versions that determine values (``value_versions``).
    """
    parts: dict[str, Any] = {
        "image": image_bytes_hash,
        "mask": mask_bytes_hash,
        "label": label,
        "settings": settings.resolved(),
        "versions": value_versions(),
    }
    if any(choice is not None for choice in selection):
        parts["selection"] = list(selection)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
