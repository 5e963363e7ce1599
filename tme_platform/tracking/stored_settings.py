"""Settings that were stored with a version of the signature, checked like those of a study file."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tme_platform.signature import StoredModelError
from tme_platform.tracking.records import ModelRecord
from tme_platform.tracking.tracker import Tracker

_Settings = TypeVar("_Settings", bound=BaseModel)


def stored_settings(tracker: Tracker, record: ModelRecord, document: str, kind: type[_Settings]) -> _Settings:
    """Read settings that were logged with a model.

    Raises
    ------
    LookupError
        The model has none of that name.
    StoredModelError
        They are not possible, also because a number is beyond what is of use.
    """
    try:
        return kind.model_validate(tracker.read_document(record, document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its settings"
        raise StoredModelError(
            f"version {record.version} of the signature is not used: {where!a} in {kind.__name__} is not possible "
            f"({first['msg']})"
        ) from error
