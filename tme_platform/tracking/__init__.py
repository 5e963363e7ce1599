"""MLflow: model runs and the registry. What a model is and how it is trained is `signature`'s business."""

from tme_platform.tracking.reach import TrackingError
from tme_platform.tracking.tracker import CHALLENGER, CHAMPION, ModelRecord, ModelRun, Tracker

__all__ = ["CHALLENGER", "CHAMPION", "ModelRecord", "ModelRun", "Tracker", "TrackingError"]
