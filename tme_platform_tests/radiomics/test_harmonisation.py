"""Rows used to fit ComBat, rows that are harmonised, and storage of a fit as a table."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import (
    batch_components,
    batch_share,
    combat_from_table,
    combat_table,
    fit_combat,
    fit_harmonisation,
    harmonise,
)

COMBAT_BATCHES = Path(__file__).parents[2] / "benchmarks" / "combat_batches.py"


@pytest.fixture
def cohort():
    """Two scanners, the second with an offset of three standard deviations."""
    random = np.random.default_rng(4)
    index = pd.Index([f"p{i:02d}" for i in range(40)], name="patient_id")
    batch = pd.Series(np.where(np.arange(40) % 2, "b", "a"), index)
    values = random.normal(0, 1, (40, 12)) + 3 * (batch == "b").to_numpy()[:, None]
    return pd.DataFrame(values, index, [f"f{i}" for i in range(12)]), batch


def test_unusable_training_rows_are_dropped_with_notes(cohort):
    features, batch = cohort
    features.loc["p03", "f1"] = np.nan
    features.loc[features.index[:30], "f2"] = np.nan
    batch["p04"], batch["p06"] = None, "rare"
    fitted, notes = fit_harmonisation(features, batch)
    assert list(fitted.shift.index) == ["a", "b"]
    assert "f1" in fitted.mean.index
    assert "f2" not in fitted.mean.index
    assert len(notes) == 3
    assert "rare" in notes[2]
    complete = features.drop(columns="f2").drop(index=["p03", "p04", "p06"])
    pd.testing.assert_frame_equal(fitted.shift, fit_combat(complete, batch[complete.index]).shift)


@pytest.mark.parametrize(("patients", "least", "learned"), [(7, 8, False), (8, 8, True), (2, 2, True)])
def test_a_batch_needs_enough_patients(cohort, patients, least, learned):
    features, batch = cohort
    batch.iloc[:patients] = "small"
    fitted, notes = fit_harmonisation(features, batch, min_patients=least)
    assert ("small" in fitted.shift.index) == learned
    assert any("small" in note for note in notes) != learned
    _, done = harmonise(features, batch, fitted)
    assert done.equals(batch != "small") or learned


def test_eight_patients_are_required_by_default(cohort):
    features, batch = cohort
    batch.iloc[:7] = "small"
    fitted, notes = fit_harmonisation(features, batch)
    assert list(fitted.shift.index) == ["a", "b"]
    assert notes == ["fewer than 8 patients in batch small"]


def test_two_patients_are_too_few_to_learn_a_scanner_from_and_eight_are_not():
    """A small version of benchmarks/combat_batches.py."""
    simulate = runpy.run_path(str(COMBAT_BATCHES))["simulate"]
    two, eight = (simulate(n, effect=True, repeats=25) for n in (2, 8))
    assert two["location"] > 1.4 * eight["location"]
    assert two["harmonised"] > 0.9 * two["left as it is"], "learned from two patients, harmonisation gains nothing"
    assert eight["harmonised"] < 0.65 * eight["left as it is"]


def test_single_batch_gives_no_fit(cohort):
    fitted, notes = fit_harmonisation(cohort[0], cohort[1].map(lambda _: "a"))
    assert fitted is None
    assert "nothing to harmonise" in notes[-1]


def test_unseen_batch_stays_unchanged(cohort):
    features, batch = cohort
    fitted, _ = fit_harmonisation(features, batch)
    batch["p01"], batch["p02"] = "new", None
    harmonised, done = harmonise(features.assign(other=7.0), batch, fitted)
    assert list(done.index[~done]) == ["p01", "p02"]
    pd.testing.assert_frame_equal(harmonised.loc[~done, features.columns], features[~done])
    assert (harmonised["other"] == 7).all()
    known = features.loc[done[done].index]
    pd.testing.assert_frame_equal(harmonised.loc[done, features.columns], fitted.transform(known, batch[known.index]))


def test_other_feature_set_stays_unchanged(cohort):
    fitted, _ = fit_harmonisation(*cohort)
    _, done = harmonise(cohort[0].drop(columns="f0"), cohort[1], fitted)
    assert not done.any()


def test_fit_survives_storage_as_a_table(cohort):
    features, batch = cohort
    fitted, _ = fit_harmonisation(features, batch)
    table = combat_table(fitted)
    assert len(table) == 2 * 12
    again = combat_from_table(table.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(
        again.transform(features, batch)[features.columns], fitted.transform(features, batch), check_names=False
    )


def test_harmonisation_reduces_the_batch_share(cohort):
    features, batch = cohort
    after, _ = harmonise(features, batch, fit_harmonisation(features, batch)[0])
    assert batch_share(features, batch).median() > 0.5
    assert batch_share(after, batch).median() < 0.05
    components = batch_components(features, after)
    assert components["stage"].tolist() == ["before"] * 40 + ["after"] * 40
    apart = (
        components.assign(batch=[*batch, *batch]).groupby(["stage", "batch"])["pc1"].mean().unstack().diff(axis=1)["b"]
    )
    assert abs(apart["before"]) > 10 * abs(apart["after"])


def test_batch_share_matches_hand_calculation():
    features = pd.DataFrame({"f": [1.0, 3.0, 5.0, 7.0], "constant": 2.0})
    shares = batch_share(features, pd.Series(["a", "a", "b", "b"]))
    assert shares["f"] == pytest.approx(16 / 20)
    assert np.isnan(shares["constant"])
