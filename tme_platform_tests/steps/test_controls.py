"""Negative controls become a rival of the signature, prepared like its own features."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import batch_share
from tme_platform.steps.controls import shuffled_voxels
from tme_platform.steps.scope import Scope
from tme_platform.steps.training import TrainingSet
from tme_platform.study.settings import HarmonisationSettings
from tme_platform.tables import TableSchema

PATIENTS = [f"P{number:02d}" for number in range(24)]
FEATURES = ["tumour_a", "tumour_b", "ring_a"]


@pytest.fixture
def training() -> TrainingSet:
    index = pd.Index(PATIENTS, name="patient_id")
    features = pd.DataFrame(0.0, index, FEATURES)
    rows = pd.DataFrame({"cohort": ["one"] * 12 + ["two"] * 12}, index)
    return TrainingSet(features, pd.Series("hot", index), None, rows)


def scope_of(controls: pd.DataFrame, batch: str) -> Scope:
    """What the function asks of a scope: tables by cohort, and the block of settings."""
    clinical = pd.DataFrame({"patient_id": PATIENTS, "scanner": ["A", "B"] * 12})
    tables = {"control_features": controls, "patients": clinical.assign(cohort=["one"] * 12 + ["two"] * 12)}

    def read(schema: TableSchema, cohort: str, **_: Any) -> pd.DataFrame:
        return tables[schema.name].query("cohort == @cohort")

    study = SimpleNamespace(harmonisation=HarmonisationSettings.model_validate({"batch": batch}))
    return cast(
        "Scope", SimpleNamespace(study=study, read=read, has_rows=lambda schema, cohort: len(read(schema, cohort)) > 0)
    )


@pytest.fixture
def controls() -> pd.DataFrame:
    values = np.random.default_rng(1).normal(size=(24, 3)) + 3 * (np.arange(24) % 2)[:, None]
    described = {
        "cohort": ["one"] * 12 + ["two"] * 12,
        "patient_id": PATIENTS,
        "series": "",
        "reader": "",
        "session": 1,
    }
    described |= {"control": "shuffled_voxels", "feature_set": "x", "row_key": "k", "provenance": "real"}
    return pd.DataFrame(values, columns=FEATURES[::-1]).assign(**described)


def test_the_rival_has_the_training_patients_and_features(training: TrainingSet, controls: pd.DataFrame) -> None:
    (found,) = shuffled_voxels(scope_of(controls.sample(frac=1, random_state=0), "none"), training).values()
    expected = controls.set_index("patient_id")[FEATURES]
    pd.testing.assert_frame_equal(found, expected)


def test_controls_are_harmonised_where_the_features_are(training: TrainingSet, controls: pd.DataFrame) -> None:
    found = shuffled_voxels(scope_of(controls, "scanner"), training)["shuffled_voxels"]
    scanner = pd.Series(["A", "B"] * 12, found.index)
    assert batch_share(controls.set_index("patient_id")[FEATURES], scanner).median() > 0.5
    assert batch_share(found, scanner).median() < 0.1


def test_there_is_no_rival_unless_every_cohort_has_controls(training: TrainingSet, controls: pd.DataFrame) -> None:
    assert shuffled_voxels(scope_of(controls.query("cohort == 'one'"), "none"), training) == {}
