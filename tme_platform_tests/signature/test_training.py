import numpy as np
import pandas as pd
import pytest
import skops.io

from tme_platform.signature import (
    SKOPS_TRUSTED_TYPES,
    SignatureSettings,
    content_key,
    fit_recalibration,
    rad_score,
    train_signature,
    within_fold_auc,
)
from tme_platform.signature.crossval import nested_cross_validation
from tme_platform.signature.pipeline import build_pipeline
from tme_platform.signature.search import agreed_features, fit, search
from tme_platform.signature.training import training_table


def test_signal_is_found_and_its_copy_dropped(trained):
    table = trained.importances.set_index("feature")
    assert trained.honest.auc > 0.75
    assert trained.honest.ci_low > 0.5
    assert table["rank"].idxmin() == "signal"
    assert table["permutation"].idxmax() == "signal"
    assert table.loc["signal", "selected_share"] == 1
    assert table.loc[["copy", "constant"], "selected_share"].eq(0).all()
    assert table["top20"].sum() == 5


def test_scores_are_out_of_fold(trained, cohort, quick):
    rows = trained.out_of_fold
    assert len(rows) == 60 * quick.n_repeats
    assert not rows.duplicated(["patient_id", "repeat"]).any()
    assert rows["patient_id"].unique().tolist() == sorted(cohort[0].index)
    assert trained.apparent.auc > trained.honest.auc


def test_held_out_patients_play_no_part_in_threshold_and_recalibration(cohort, quick):
    """Both come from the search among the training patients of the fold."""
    table, positive = training_table(*cohort)
    folds = nested_cross_validation(table, positive, quick, None, n_jobs=1)
    train = np.setdiff1d(np.arange(positive.size), folds[0].rows)
    seed = quick.seed + 1000
    found = search(table.to_numpy()[train], positive[train], quick, seed=seed)
    assert found.threshold == folds[0].threshold
    np.testing.assert_array_equal(found.recalibration.probability(folds[0].scores), folds[0].probabilities)


def test_threshold_and_recalibration_rest_on_held_out_scores(trained, cohort, quick):
    """On the training scores, which separate the outcomes, both would be far too confident."""
    fitted = rad_score(trained, cohort[0])
    assert trained.threshold != trained.paper_threshold.threshold
    positive = (cohort[1].reindex(fitted.index) == "hot").to_numpy()
    apparent = fit_recalibration(positive, fitted.to_numpy())
    assert trained.recalibration.slope < apparent.slope


def test_within_fold_auc_compares_only_patients_of_the_same_fold(trained):
    beaten = []
    for _, fold in trained.out_of_fold.groupby(["repeat", "fold"]):
        cold = fold.loc[~fold["hot"], "score"].to_numpy()
        beaten += [(score > cold).mean() + (score == cold).mean() / 2 for score in fold.loc[fold["hot"], "score"]]
    assert within_fold_auc(trained.out_of_fold).auc == pytest.approx(np.mean(beaten))


def test_repeating_the_same_folds_keeps_the_standard_error(trained):
    once = trained.out_of_fold[trained.out_of_fold["repeat"] == 0]
    copies = pd.concat([once.assign(repeat=i) for i in range(10)])
    assert within_fold_auc(copies).se == pytest.approx(within_fold_auc(once).se)


def test_row_order_and_number_of_processes_do_not_matter(trained, cohort, quick):
    features, labels = cohort
    again = train_signature(
        features.sample(frac=1, random_state=1), labels.sample(frac=1, random_state=2), settings=quick, n_jobs=2
    )
    pd.testing.assert_frame_equal(again.out_of_fold, trained.out_of_fold)
    pd.testing.assert_frame_equal(again.importances, trained.importances)
    assert again.best_params == trained.best_params


def test_held_out_patient_does_not_affect_training(cohort, quick):
    """Changing the features of one patient leaves the models that score it unchanged."""
    features, labels = cohort
    changed = features.copy()
    changed.loc["P00"] = 1e6
    settings = quick.model_copy(update={"n_repeats": 1})
    before = train_signature(features, labels, settings=settings, n_jobs=1).out_of_fold.set_index("patient_id")
    after = train_signature(changed, labels, settings=settings, n_jobs=1).out_of_fold.set_index("patient_id")
    same_fold = before.index[before["fold"] == before.loc["P00", "fold"]].drop("P00")
    assert after.loc[same_fold, "score"].equals(before.loc[same_fold, "score"])
    assert not after["score"].equals(before["score"])


def test_only_features_that_passed_the_agreement_filter_are_used(cohort, quick):
    kept = ["noise0", "noise1", "signal"]
    signature = train_signature(*cohort, settings=quick, kept_features=kept, n_jobs=1)
    assert set(signature.pipeline[:-1].get_feature_names_out()) == set(kept)
    with pytest.raises(ValueError, match="none of the features passed"):
        train_signature(*cohort, settings=quick, kept_features=["other"], n_jobs=1)


@pytest.mark.parametrize("model", ["random_forest", "ridge", "gradient_boosting"])
def test_every_model_trains_and_survives_skops_round_trip(cohort, quick, model):
    settings = quick.model_copy(update={"model": model, "n_repeats": 1, "n_splits": 2})
    signature = train_signature(*cohort, settings=settings, n_jobs=1)
    assert signature.honest.auc > 0.7
    assert signature.importances["feature"].iloc[0] == "signal"
    stored = skops.io.dumps(signature.pipeline)
    assert set(skops.io.get_untrusted_types(data=stored)) <= set(SKOPS_TRUSTED_TYPES)
    loaded = skops.io.loads(stored, trusted=list(SKOPS_TRUSTED_TYPES))
    pd.testing.assert_series_equal(rad_score(loaded, cohort[0]), rad_score(signature, cohort[0]))


def test_rad_score_ignores_order_and_names_missing_features(trained, cohort):
    features = cohort[0]
    expected = rad_score(trained, features)
    assert expected.between(0, 1).all()
    pd.testing.assert_series_equal(rad_score(trained, features[features.columns[::-1]].assign(other=1)), expected)
    pd.testing.assert_series_equal(rad_score(trained, features.iloc[::-1]), expected.iloc[::-1])
    with pytest.raises(ValueError, match="noise3"):
        rad_score(trained, features.drop(columns="noise3"))
    with pytest.raises(ValueError, match="infinite"):
        rad_score(trained, features.replace(1.0, np.inf))


def test_rad_score_of_patient_without_features_is_missing(trained, cohort):
    features = cohort[0].head(3).copy()
    features.iloc[0], features.iloc[1, 4] = np.nan, np.nan
    assert rad_score(trained, features).isna().tolist() == [True, False, False]


def test_content_key_depends_only_on_training_inputs(cohort, quick):
    features, labels = cohort
    key = content_key(features, labels, settings=quick)
    assert content_key(features.iloc[::-1], labels.sample(frac=1, random_state=0), settings=quick) == key
    assert content_key(features, pd.concat([labels, pd.Series({"P99": "hot"})]), settings=quick) == key
    other = features.copy()
    other.iloc[0, 0] += 1e-12
    switched = labels.replace({"hot": "cold", "cold": "hot"})
    keys = {
        key,
        content_key(other, labels, settings=quick),
        content_key(features, switched, settings=quick),
        content_key(features, labels, settings=quick, kept_features=["signal"]),
        content_key(features, labels, settings=quick.model_copy(update={"seed": 1})),
        content_key(features.rename(columns={"signal": "x"}), labels, settings=quick),
    }
    assert len(keys) == 6


def test_too_few_patients_or_invalid_values_raise(cohort, quick):
    features, labels = cohort
    with pytest.raises(ValueError, match="0 hot and 40 cold"):
        train_signature(features, labels.replace("hot", "intermediate"), settings=quick)
    with pytest.raises(ValueError, match="infinite"):
        train_signature(features.replace(1.0, np.inf), labels, settings=quick)
    with pytest.raises(ValueError, match="more than once"):
        train_signature(pd.concat([features, features]), labels, settings=quick)


def test_settings_refuse_unknown_names():
    with pytest.raises(ValueError, match="n_split"):
        SignatureSettings.model_validate({"n_split": 5})


@pytest.mark.parametrize("model", ["random_forest", "ridge", "gradient_boosting"])
def test_what_is_cross_validated_scores_as_what_is_stored(cohort, quick, model):
    """Cross-validation fits arrays of agreed features, and a compiled forest; a stored pipeline has neither."""
    settings, kept = quick.model_copy(update={"model": model}), ("copy", "noise1", "noise2", "noise7", "signal")
    table, positive = training_table(*cohort)
    params = search(agreed_features(table, kept).matrix, positive, settings, seed=1).params
    measured = fit(agreed_features(table, kept).matrix, positive, settings, params)
    stored = build_pipeline(settings, kept)
    stored[-1].set_params(**params)
    expected = stored.fit(table, positive).predict_proba(table)[:, 1]
    assert np.ptp(expected) > 0.1
    np.testing.assert_array_equal(measured.predict_proba(agreed_features(table, kept).matrix)[:, 1], expected)
    used = measured[:-1].get_feature_names_out(agreed_features(table, kept).names)
    assert used.tolist() == stored[:-1].get_feature_names_out().tolist()
