"""MLflow: model runs and the registry. What a model is and how it is trained is `signature`'s business."""

from tme_platform.tracking.reach import TrackingError
from tme_platform.tracking.tracker import ModelRecord, ModelRun, Tracker

__all__ = ["ModelRecord", "ModelRun", "Tracker", "TrackingError"]
