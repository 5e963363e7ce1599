import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import fit_combat


@pytest.fixture
def cohort():
    """Three scanners with different offsets and scales, and a biological effect to be preserved."""
    random = np.random.default_rng(2)
    n, features = 150, 40
    batch = pd.Series(random.choice(["a", "b", "c"], n), index=[f"p{i}" for i in range(n)])
    biology = random.normal(0, 1, n)
    values = random.normal(0, 1, (n, features)) + 1.5 * biology[:, None] + 10
    offset = {name: random.normal(0, 2, features) for name in "abc"}
    spread = {"a": 1.0, "b": 1.8, "c": 0.6}
    raw = np.array([offset[name] + spread[name] * (row - 10) + 10 for name, row in zip(batch, values, strict=True)])
    columns = [f"f{i}" for i in range(features)]
    return pd.DataFrame(raw, batch.index, columns), batch, pd.DataFrame({"biology": biology}, batch.index)


def means(table, batch):
    return table.groupby(batch).mean()


def test_scanner_effects_are_removed(cohort):
    features, batch, _ = cohort
    after = fit_combat(features, batch).transform(features, batch)
    assert np.ptp(means(after, batch), axis=0).mean() < 0.1 * np.ptp(means(features, batch), axis=0).mean()
    spread_before, spread_after = (table.groupby(batch).std().mean(axis=1) for table in (features, after))
    assert spread_before.max() / spread_before.min() > 2
    assert spread_after.max() / spread_after.min() < 1.1


def test_covariate_effects_are_preserved(cohort):
    features, batch, covariates = cohort
    after = fit_combat(features, batch, covariates).transform(features, batch, covariates)
    before = features.corrwith(covariates["biology"]).mean()
    assert after.corrwith(covariates["biology"]).mean() > before


def test_transform_does_not_depend_on_test_rows(cohort):
    features, batch, _ = cohort
    train, test = features.index[:100], features.index[100:]
    fitted = fit_combat(features.loc[train], batch.loc[train])
    first = fitted.transform(features, batch)
    changed = features.copy()
    changed.loc[test] *= 7
    second = fitted.transform(changed, batch)
    pd.testing.assert_frame_equal(first.loc[train], second.loc[train])
    pd.testing.assert_frame_equal(fitted.transform(features.loc[test], batch), first.loc[test])


def test_single_batch_changes_almost_nothing(cohort):
    features, batch, _ = cohort
    only = batch.map(lambda _: "a")
    after = fit_combat(features, only).transform(features, only)
    assert (after - features).abs().max().max() < 0.1 * features.std().mean()


def test_constant_features_stay_unchanged(cohort):
    features, batch, _ = cohort
    features = features.assign(constant=4.0)
    assert fit_combat(features, batch).transform(features, batch)["constant"].tolist() == pytest.approx([4.0] * 150)


def test_invalid_input_raises(cohort):
    features, batch, _ = cohort
    fitted = fit_combat(features, batch)
    with pytest.raises(ValueError, match="not in the training"):
        fitted.transform(features, batch.map(lambda _: "new"))
    with pytest.raises(ValueError, match="lacks the feature"):
        fitted.transform(features.drop(columns="f3"), batch)
    with pytest.raises(ValueError, match="missing"):
        fit_combat(features.mask(features > 12), batch)
    with pytest.raises(ValueError, match="one patient"):
        fit_combat(features, pd.Series(["z", *batch[1:]], index=batch.index))
