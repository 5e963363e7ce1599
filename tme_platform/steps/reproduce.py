"""Training a registered version again from the table versions it was made from, and holding the two side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tme_platform.lake import Lake
from tme_platform.signature import SignatureSettings, content_key, train_signature
from tme_platform.steps.training import training_set
from tme_platform.tables.radiomics import AGREED_FEATURES
from tme_platform.tables.signature import SIGNATURE_PATIENTS
from tme_platform.tracking import FORGOTTEN_TAG, ModelRecord, Tracker
from tme_platform.tracking.stored_settings import stored_settings

_SCORED = ["score", "probability", "called_hot"]


@dataclass(frozen=True)
class Reproduction:
    """What came of training a version again."""

    version: str
    tables: dict[str, int]
    n_patients: int
    differences: tuple[str, ...]
    """What differs, in words; empty where everything is identical to the last digit."""

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def reproduce(tracker: Tracker, lake: Lake, record: ModelRecord, *, workers: int = 1) -> Reproduction:
    """Train a version again from its recorded tables and settings, and compare.

    Raises
    ------
    LookupError
        A recorded table version is no longer there, or a patient it was trained on was forgotten.
    """
    if mark := tracker.tag(record, FORGOTTEN_TAG):
        raise LookupError(f"version {record.version} of the signature: {mark}")
    versions = tracker.table_versions(record)
    patients = _read(lake, SIGNATURE_PATIENTS.name, versions)
    training = training_set(patients, _read(lake, AGREED_FEATURES.name, versions))
    settings = stored_settings(tracker, record, "settings", SignatureSettings)
    differences = []
    key = content_key(training.features, training.labels, settings=settings, kept_features=training.kept_features)
    if key != record.content_key:
        differences.append(
            f"the content key is {key[:12]}, recorded is {record.content_key[:12]}: data, settings or the versions of "
            "scikit-learn, numpy or the training step differ"
        )
    trained = train_signature(
        training.features,
        training.labels,
        settings=settings,
        kept_features=training.kept_features,
        n_jobs=workers,
    )
    recorded = tracker.run_summary(record)["metrics"]
    now = trained.metrics()
    differences += [
        f"{name} is {value!r}, recorded is {recorded[name]!r}"
        for name, value in now.items()
        if name in recorded and not _same(value, recorded[name])
    ]
    before = tracker.read_table(record, "out_of_fold")
    if not _same_scores(before, trained.out_of_fold):
        differences.append("out-of-fold scores of patients differ")
    return Reproduction(record.version, versions, trained.n, tuple(differences))


def _read(lake: Lake, name: str, versions: dict[str, int]) -> pd.DataFrame:
    from tme_platform.tables import TABLES

    if name not in versions:
        return lake.read(TABLES[name]).iloc[:0]
    try:
        return lake.read(TABLES[name], version=versions[name])
    except Exception as error:
        raise LookupError(
            f"version {versions[name]} of table {name} is no longer in the lake ({error}): "
            "old versions that a registered model names must be kept"
        ) from error


def _same(a: float, b: float) -> bool:
    return a == b or (np.isnan(a) and np.isnan(b))


def _same_scores(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    keys = ["repeat", "patient_id"]
    left, right = (frame.sort_values(keys, ignore_index=True) for frame in (a, b))
    return len(left) == len(right) and bool(
        (left["patient_id"].astype(str) == right["patient_id"].astype(str)).all()
        and np.array_equal(left[_SCORED].to_numpy(float), right[_SCORED].to_numpy(float))
    )
