"""What is logged of a model, and what the registry says of one. Storing and reading belong in `tracker`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

IMAGE_FEATURES = "pyradiomics-"
"""How the names of feature sets begin that are computed from images."""


@dataclass(frozen=True)
class ModelRun:
    """All that is logged of one trained model.

    Attributes
    ----------
    content_key
        Hash of what the model was made from; an equal key is the same model and adds no run.
    training_frame, trained_on
        The table it was trained on, and its (name, version, content hash, uri).
    table_versions
        Table (or table/cohort) -> version of everything that went in, so that it can be trained again.
    tables
        Frames logged as Parquet and CSV artifacts.
    documents
        JSON documents logged as artifacts: name -> content.
    search
        The search over the classifier's settings, one row per candidate and fold (candidate, its settings, fold, auc):
        each candidate becomes a run inside this one.
    trusted_types
        Types that skops may load again; everything else in the file is refused.
    """

    content_key: str
    model: Any
    input_example: pd.DataFrame
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    training_frame: pd.DataFrame
    trained_on: tuple[str, int, str, str]
    table_versions: Mapping[str, int]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    search: pd.DataFrame = field(default_factory=pd.DataFrame)
    tags: Mapping[str, str] = field(default_factory=dict)
    trusted_types: Sequence[str] = ()


@dataclass(frozen=True)
class ModelRecord:
    """A model in the registry."""

    name: str
    version: str
    run_id: str
    content_key: str
    experiment_id: str

    @property
    def place(self) -> str:
        """Where the registry has it: its version and run."""
        return f"{self.version} {self.run_id}"
