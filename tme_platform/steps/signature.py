"""The signature: who trains it, training, what counts in it, and everybody's rad-score. Learning is `signature`'s."""

import json
from collections.abc import Mapping

import pandas as pd

from tme_platform.cohorts import Role, several_series
from tme_platform.scoring import TRAINED_GEOMETRY
from tme_platform.signature import (
    SIGNATURE_VERSION,
    SKOPS_TRUSTED_TYPES,
    Recalibration,
    TrainedSignature,
    assign_split,
    content_key,
    rad_score,
    train_signature,
)
from tme_platform.steps.input_checks import data_on_one_side
from tme_platform.steps.reading import (
    current_model,
    features_by_patient,
    first_readings,
    hot_or_cold,
    of_signature_series,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import Finding, StepResult, content_check, counted, empty, step
from tme_platform.steps.training import TrainingSet, current_training_set
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.radiomics import AGREED_FEATURES, HARMONISATION, HARMONISED_FEATURES, RADIOMIC_FEATURES
from tme_platform.tables.signature import (
    COHORT_SPLIT,
    OUT_OF_FOLD_SCORES,
    RAD_SCORES,
    SIGNATURE,
    SIGNATURE_IMPORTANCE,
    SIGNATURE_PATIENTS,
)
from tme_platform.tracking import ModelRecord, ModelRun

_RECORDED = (
    "threshold", "recalibration_intercept", "recalibration_slope", "apparent_auc", "oof_auc", "oof_auc_low",
    "oof_auc_high", "oof_auc_se",
)  # fmt: skip


@step(COHORT_SPLIT, version="1", reads=[RADIOMIC_FEATURES, TME_PHENOTYPES])
def cohort_split(scope: Scope) -> StepResult:
    """Draw discovery and validation, stratified by phenotype; who was assigned before stays there."""
    split = scope.declaration("split").split
    if split is None:
        return empty(scope, "the cohort is not split")
    labels = hot_or_cold(scope)
    features = of_signature_series(scope, scope.read(RADIOMIC_FEATURES))
    patients = labels.index.intersection(first_readings(features).index)
    # Read whatever the refresh: even `all` must not move a patient. Those who left keep their side for their return.
    before = scope.previous(always=True).set_index("patient_id")
    sides = assign_split(patients, labels, fraction=split.fraction, seed=split.seed, previous=before["side"])
    now = pd.DataFrame({"side": sides, "stratum": labels.reindex(sides.index)})
    gone = before.loc[before.index.difference(now.index), ["side", "stratum"]]
    table = pd.concat([now, gone]).rename_axis("patient_id").reset_index()
    return StepResult(table, details={str(side): int(count) for side, count in sides.value_counts().items()})


@content_check("No patient trains the signature and validates it, in the same cohort or in two.")
def patients_on_one_side(patients: pd.DataFrame, _scope: Scope) -> Finding:
    """Find patients who are on both sides of the signature."""
    sides = patients.groupby("patient_id")["side"].nunique()
    both = sorted(sides.index[sides > 1])
    text = f"{len(both)} patient(s) are on both sides" + (f": {', '.join(both[:5])}" if both else ".")
    return Finding(not both, text, {"patients_on_both_sides": len(both)})


@step(
    SIGNATURE_PATIENTS,
    version="2",
    reads=[RADIOMIC_FEATURES, HARMONISED_FEATURES, TME_PHENOTYPES, COHORT_SPLIT, IMAGING_SERIES, CELL_SCORES],
    checks=[patients_on_one_side, data_on_one_side],
)
def signature_patients(scope: Scope) -> StepResult:
    """Put together everybody with image features and a phenotype, by side; one feature set, that of discovery."""
    discovery = scope.with_role(Role.SIGNATURE_DISCOVERY)
    parts = [_sides(scope, cohort) for cohort in scope.with_role(Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION)]
    if not any(map(len, parts)):
        return empty(scope, "no patient with image features and a phenotype")
    together = pd.concat(parts, ignore_index=True)
    sets = sorted(together.loc[together["cohort"].isin(discovery), "feature_set"].unique())
    if len(sets) > 1:
        raise ValueError(
            f"discovery cohorts bring different feature sets ({', '.join(sets)}); a signature is made from one"
        )
    other = together[~together["feature_set"].isin(sets)]
    kept = together[together["feature_set"].isin(sets)].dropna(axis="columns", how="all")
    counts = kept.groupby(["side", "phenotype"]).size()
    details = {
        "feature_set": sets[0] if sets else "none",
        "left_out_for_other_features": len(other),
        **{"_".join(map(str, group)): int(count) for group, count in zip(counts.index, counts, strict=True)},
    }
    return StepResult(kept, details=details)


def _sides(scope: Scope, cohort: str) -> pd.DataFrame:
    """A cohort's patients with features and phenotype, and their side."""
    labels = hot_or_cold(scope, cohort)
    joined = features_by_patient(scope, cohort).join(labels, how="inner")
    declared = scope.declaration("roles", "split", cohort=cohort)
    if declared.split is not None:
        side = scope.read(COHORT_SPLIT, cohort).set_index("patient_id")["side"].reindex(joined.index)
    else:
        side = pd.Series(
            "discovery" if Role.SIGNATURE_DISCOVERY in declared.roles else "validation", index=joined.index
        )
    return joined.assign(cohort=cohort, side=side).rename_axis("patient_id").reset_index()


@step(
    SIGNATURE,
    version=SIGNATURE_VERSION,
    reads=[SIGNATURE_PATIENTS, AGREED_FEATURES, HARMONISATION, IMAGE_REGIONS],
    kinds=["mlflow", "sklearn"],
)
def signature(scope: Scope) -> StepResult:
    """Train the random forest on discovery, its settings by five-fold cross-validation, and register it in MLflow.

    The out-of-fold AUC comes from models that never saw the patient they score; the apparent AUC is the paper's way.
    """
    settings = scope.study.signature
    training = current_training_set(scope)
    if not training.trainable:
        return empty(scope, "no discovery cohort with image features and both phenotypes")
    key = content_key(training.features, training.labels, settings=settings, kept_features=training.kept_features)
    record = scope.tracker.find(key)
    if record is None:
        scope.report(f"training on {len(training.labels)} patients, {training.features.shape[1]} features")
        trained = train_signature(
            training.features,
            training.labels,
            settings=settings,
            kept_features=training.kept_features,
            n_jobs=scope.workers,
            report=counted(scope, "training: fold"),
        )
        record = scope.tracker.log(_model_run(scope, key, trained, training))
    scope.depend_on(record)
    scope.tracker.nominate(record)
    scope.tracker.link(record, scope.run_tags)
    row = _signature_row(scope, record, training)
    details = {
        "mlflow_run": scope.tracker.run_link(record),
        "mlflow_run_id": record.run_id,
        "model_version": int(record.version),
        **{
            name: row[name]
            for name in ("oof_auc", "oof_auc_low", "oof_auc_high", "apparent_auc", "n_patients", "n_hot")
        },
    }
    return StepResult(pd.DataFrame([row]), details=details)


def _model_run(scope: Scope, key: str, trained: TrainedSignature, training: TrainingSet) -> ModelRun:
    features, rows = training.features, training.rows
    geometry = _geometry(scope, rows)
    state = scope.recorded(SIGNATURE_PATIENTS)
    agreed = scope.recorded(AGREED_FEATURES)
    assert state is not None  # noqa: S101 (its rows were just read)
    return ModelRun(
        content_key=key,
        model=trained.pipeline,
        input_example=features[list(trained.feature_names)].head(3),
        params={
            **trained.settings.model_dump(mode="json"),
            **{f"best_{name}": value for name, value in trained.best_params.items()},
            "feature_set": training.feature_set,
        },
        metrics=trained.metrics(),
        training_frame=rows.reset_index(drop=True),
        trained_on=(SIGNATURE_PATIENTS.name, state.version, state.content, scope.uri(SIGNATURE_PATIENTS)),
        table_versions={
            SIGNATURE_PATIENTS.name: state.version,
            **({AGREED_FEATURES.name: agreed.version} if agreed else {}),
        },
        tables={
            "importance": trained.importances,
            "out_of_fold": trained.out_of_fold,
            "cv_results": trained.cv_results,
            "training_features": _used(trained, features),
            **geometry,
            **_harmonisation(scope, training.feature_set),
        },
        search=trained.cv_results,
        documents={
            "settings": trained.settings.model_dump(mode="json"),
            "extraction": scope.study.extraction.model_dump(mode="json"),
            "harmonisation": scope.study.harmonisation.model_dump(mode="json"),
        },
        tags={
            "tme.study": scope.study.name,
            "tme.provenance": scope.provenance,
            "tme.images": "yes" if geometry else "no",
        },
        trusted_types=SKOPS_TRUSTED_TYPES,
    )


def _used(trained: TrainedSignature, features: pd.DataFrame) -> pd.DataFrame:
    """The training values of the features that the model looks at, without the patients' names: what it knows."""
    return features[list(trained.pipeline[:-1].get_feature_names_out())].reset_index(drop=True)


def _geometry(scope: Scope, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Least and largest of what the training images measure, where images there are."""
    cohorts = sorted(rows["cohort"].unique())
    parts = [of_signature_series(scope, scope.read(IMAGE_REGIONS, str(cohort)), str(cohort)) for cohort in cohorts]
    regions = pd.concat(parts, ignore_index=True)
    if regions.empty:
        return {}
    measured = regions[[name for name in TRAINED_GEOMETRY if name in regions]]
    return {"training_geometry": measured.agg(["min", "max"]).T.rename_axis("measure").reset_index()}


def _harmonisation(scope: Scope, feature_set: str) -> dict[str, pd.DataFrame]:
    """By what the training features were harmonised, if they were: a new patient's have to be, too."""
    if scope.study.harmonisation.batch == "none":
        return {}
    learned = scope.read(HARMONISATION)
    return {"harmonisation": learned[learned["feature_set"] == feature_set].drop(columns="feature_set")}


def _signature_row(scope: Scope, record: ModelRecord, training: TrainingSet) -> dict[str, object]:
    """The row of a registered model, from what its MLflow run recorded, so that both always say the same."""
    run = scope.tracker.run_summary(record)
    metrics: Mapping[str, float] = run["metrics"]
    best = {name.removeprefix("best_"): value for name, value in run["params"].items() if name.startswith("best_")}
    return {
        "content_key": record.content_key,
        "model_name": record.name,
        "model_version": record.version,
        "mlflow_run_id": record.run_id,
        "feature_set": training.feature_set,
        "best_params": json.dumps(best, sort_keys=True),
        **{name: int(metrics[name]) for name in ("n_patients", "n_hot", "n_features")},
        **{name: metrics[name] for name in _RECORDED},
    }


@step(SIGNATURE_IMPORTANCE, version="1", reads=[SIGNATURE])
def signature_importance(scope: Scope) -> StepResult:
    """List how much each feature counts, as recorded with the model."""
    current = current_model(scope)
    if current is None:
        return empty(scope, "no signature")
    table = scope.tracker.read_table(current[0], "importance")
    table = table.rename(columns={"impurity": "importance", "permutation": "permutation_importance"})
    top = table.nsmallest(5, "rank")
    return StepResult(table, details={"first_five": [str(name) for name in top["feature"]]})


@step(OUT_OF_FOLD_SCORES, version="2", reads=[SIGNATURE, SIGNATURE_PATIENTS])
def out_of_fold_scores(scope: Scope) -> StepResult:
    """Give the discovery patients' scores by models that never saw them, as recorded with the model."""
    current = current_model(scope)
    if current is None:
        return empty(scope, "no signature")
    scores = scope.tracker.read_table(current[0], "out_of_fold").astype({"patient_id": "str"})
    patients = scope.read(SIGNATURE_PATIENTS, columns=["cohort", "patient_id", "side", "phenotype"])
    discovery = patients[patients["side"] == "discovery"].drop(columns="side")
    table = scores.drop(columns="hot").rename(columns={"score": "rad_score"}).merge(discovery, on="patient_id")
    return StepResult(table, details={"patients": table["patient_id"].nunique(), "repeats": table["repeat"].nunique()})


@step(RAD_SCORES, version="2", reads=[RADIOMIC_FEATURES, HARMONISED_FEATURES, HARMONISATION, SIGNATURE, COHORT_SPLIT])
def rad_scores(scope: Scope) -> StepResult:
    """Score every patient whose features are of the signature's set, and call hot or cold at the locked threshold."""
    if not scope.has_rows(RADIOMIC_FEATURES):  # another signature changes nothing here
        return empty(scope, "no features")
    read = scope.read(RADIOMIC_FEATURES, columns=["patient_id", "series"])
    unknown = several_series(of_signature_series(scope, read))
    if unknown is not None:  # in a cohort without a role that needs scores
        return empty(scope, unknown)
    features, current = features_by_patient(scope), current_model(scope)
    if current is None or features.empty or not (features["feature_set"] == current[1]["feature_set"]).any():
        return empty(scope, "no features of the signature's set")
    record, row = current
    scores = rad_score(scope.tracker.load(record), features[features["feature_set"] == row["feature_set"]]).dropna()
    table = scores.reset_index()
    recalibration = Recalibration(row["recalibration_intercept"], row["recalibration_slope"])
    table["probability"] = recalibration.probability(table["rad_score"])
    table["predicted"] = (table["rad_score"] >= row["threshold"]).map({True: "hot", False: "cold"})
    side = scope.read(COHORT_SPLIT).set_index("patient_id")["side"]
    table["side"] = table["patient_id"].map(side).fillna(_default_side(scope))
    table["caution"] = table["patient_id"].map(_not_harmonised(scope))
    details = {
        "patients": len(table),
        "predicted_hot": int((table["predicted"] == "hot").sum()),
        "not_harmonised": int(table["caution"].notna().sum()),
    }
    return StepResult(table.assign(content_key=record.content_key), details=details)


def _not_harmonised(scope: Scope) -> dict[str, str]:
    """Why the features of a patient were not harmonised, where others were."""
    if scope.study.harmonisation.batch == "none" or not scope.has_rows(HARMONISATION):
        return {}
    rows = scope.read(HARMONISED_FEATURES, columns=["patient_id", "series", "note"])
    notes = of_signature_series(scope, rows).dropna(subset="note")
    return dict(zip(notes["patient_id"], notes["note"], strict=True))


def _default_side(scope: Scope) -> str:
    declared = scope.declaration("roles", "split")
    if declared.split is None and Role.SIGNATURE_DISCOVERY in declared.roles:
        return "discovery"
    return "validation" if declared.split is None and Role.SIGNATURE_VALIDATION in declared.roles else "external"
