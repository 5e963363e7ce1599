"""The one loader of stored models: the file `model.skops` of a model's folder, if all in the folder is as logged by us.

MLflow's own loaders are never called: they run pickle files and code folders, and take the list of types that may be
constructed from the model itself. What may be in `model.skops` is decided in `signature`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from tme_platform.signature import MAX_MODEL_BYTES, SKOPS_TRUSTED_TYPES, StoredModelError, read_pipeline
from tme_platform.tracking.artifacts import Artifacts

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MODEL_FILE = "model.skops"
_DESCRIPTION = "MLmodel"
_MAX_DESCRIPTION_BYTES = 1 << 20
_OURS = {
    _DESCRIPTION,
    MODEL_FILE,
    "conda.yaml",
    "python_env.yaml",
    "requirements.txt",
    "input_example.json",
    "serving_input_example.json",
    "registered_model_meta",
}
"""All that MLflow 3.17 writes for a model of ours; the last when it loads the model."""


def load_stored_model(artifacts: Artifacts, location: str) -> Pipeline:
    """Load the pipeline from a model's folder.

    Raises
    ------
    FileNotFoundError
        The folder has no `MLmodel` or no `model.skops`.
    StoredModelError
        Anything in the folder is not as tme_platform logs it; nothing of it was run.
    """
    if foreign := sorted(set(artifacts.names(location)) - _OURS):
        shown = ", ".join(ascii(name) for name in foreign[:3])
        raise StoredModelError(f"its folder has more than a model of ours has: {shown}")
    _check_description(artifacts.read(location, _DESCRIPTION, _MAX_DESCRIPTION_BYTES))
    return read_pipeline(artifacts.read(location, MODEL_FILE, MAX_MODEL_BYTES))


def _check_description(text: bytes) -> None:
    try:
        flavors = yaml.safe_load(text)["flavors"]
        sklearn, python = flavors["sklearn"], flavors["python_function"]
        listed = sklearn.get("skops_trusted_types") or []
        said = {
            "flavors": sorted(map(str, flavors)),
            "serialization_format": sklearn.get("serialization_format"),
            "pickled_model": sklearn.get("pickled_model"),
            "code": sklearn.get("code") or python.get("code"),
            "loader_module": python.get("loader_module"),
            "model_path": python.get("model_path"),
        }
        foreign = sorted({str(name) for name in listed} - set(SKOPS_TRUSTED_TYPES))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise StoredModelError(f"its file {_DESCRIPTION} cannot be read ({type(error).__name__})") from error
    for name, wanted in _EXPECTED.items():
        if said[name] != wanted:
            raise StoredModelError(f"its file {_DESCRIPTION} says {name}: {_short(said[name])}, not {_short(wanted)}")
    if foreign:
        raise StoredModelError(f"its file {_DESCRIPTION} wants other types to be trusted: {_short(foreign)}")


_EXPECTED: dict[str, Any] = {
    "flavors": ["python_function", "sklearn"],
    "serialization_format": "skops",
    "pickled_model": MODEL_FILE,
    "code": None,
    "loader_module": "mlflow.sklearn",
    "model_path": MODEL_FILE,
}


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)
    return ascii(text)[1:-1][:200]
