"""The key of a feature row: equal keys mean equal values. Keeping rows by key belongs in `steps`."""

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
    """Hash everything that a row of features depends on.

    Parameters
    ----------
    image_bytes_hash, mask_bytes_hash
        Hashes (hexadecimal) of the bytes of image and mask; with an exclusion mask, a hash over both masks.
    label
        The label of the tumour in the mask.
    settings
        The settings; only what changes values is part of the key.
    selection
        Which series, phase and subtracted phase of the image are read, where a choice was made.

    Returns
    -------
    str
        SHA-256, hexadecimal, over these and the versions that decide values (``value_versions``).
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
