"""MLflow: model runs and the registry. What a model is and how it is trained belongs in `signature`.

The modules are imported when something of them is used: commands that need only one of them answer at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tme_platform.tracking.reach import TrackingError
    from tme_platform.tracking.records import ModelRecord, ModelRun
    from tme_platform.tracking.tracker import (
        CHALLENGER,
        CHAMPION,
        FORGOTTEN_TAG,
        Tracker,
        open_tracker,
    )

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "FORGOTTEN_TAG",
    "ModelRecord",
    "ModelRun",
    "Tracker",
    "TrackingError",
    "open_tracker",
]

_MODULES = {
    "CHALLENGER": "tracker",
    "CHAMPION": "tracker",
    "FORGOTTEN_TAG": "tracker",
    "ModelRecord": "records",
    "ModelRun": "records",
    "Tracker": "tracker",
    "TrackingError": "reach",
    "open_tracker": "tracker",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
