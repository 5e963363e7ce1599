"""MLflow: model runs and the registry. What a model is and how it is trained belongs in `signature`."""

from tme_platform.tracking.reach import TrackingError
from tme_platform.tracking.records import ModelRecord, ModelRun
from tme_platform.tracking.stored_settings import stored_settings
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
    "stored_settings",
]
