"""Steps on the evidence for the signature in discovery: rivals, chance, sample size, optimism, confounding.

How it performs in cohorts, discovery included, belongs in `evaluation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tme_platform import signature
from tme_platform.evaluation import DeLongAuc, auc_logit, label_confounding, sample_size
from tme_platform.radiomics import fit_harmonisation, harmonise
from tme_platform.signature import (
    SignatureSettings,
    compare_rivals,
    label_permutation,
    mixed_groups,
    optimism_corrected_auc,
    rad_score,
    within_fold_auc,
)
from tme_platform.steps.controls import shuffled_voxels
from tme_platform.steps.reading import clinical_by_patient, current_model, first_readings, of_signature_series
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, counted, empty, step
from tme_platform.steps.training import TrainingSet, current_training_set
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.radiomics import AGREED_FEATURES, CONTROL_FEATURES, RADIOMIC_FEATURES
from tme_platform.tables.signature import (
    CONTINUOUS_SIGNATURE,
    FEATURE_UNIVARIATE,
    LABEL_PERMUTATIONS,
    LEARNING_CURVE,
    LEAVE_ONE_SITE_OUT,
    SIGNATURE,
    SIGNATURE_CAUTIONS,
    SIGNATURE_OPTIMISM,
    SIGNATURE_PATIENTS,
    SIGNATURE_RIVALS,
)

_CIRCUMSTANCES = ("site", "scanner")
_NO_SIGNATURE = "no signature"


@dataclass(frozen=True)
class _Recorded:
    """What MLflow recorded of the signature, as `compare_rivals` wants it."""

    settings: SignatureSettings
    apparent: DeLongAuc
    honest: DeLongAuc
    out_of_fold: pd.DataFrame


def _training(scope: Scope) -> TrainingSet | None:
    """What the current signature was trained on; None where there is no signature."""
    found = current_training_set(scope)
    return found if scope.has_rows(SIGNATURE) and found.trainable else None


def _procedure(scope: Scope, training: TrainingSet) -> dict[str, Any]:
    """How the signature is learned, as everything takes it that learns it again."""
    return {
        "settings": scope.study.signature,
        "kept_features": training.kept_features,
        "n_jobs": scope.workers,
    }


def _clinical(scope: Scope, rows: pd.DataFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Clinical columns of the training patients, whichever cohorts they are of."""
    parts, several = [], len(rows["cohort"].unique()) > 1
    for cohort, part in rows.groupby("cohort"):
        known = clinical_by_patient(scope, str(cohort), columns, among=SIGNATURE_PATIENTS).reindex(part.index)
        if several:  # two cohorts may use the same code for two hospitals
            known["site"] = f"{cohort} " + known["site"]
        parts.append(known)
    return pd.concat(parts)


@step(
    SIGNATURE_RIVALS,
    version="3",
    reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, PATIENTS, RADIOMIC_FEATURES, CONTROL_FEATURES],
)
def signature_rivals(scope: Scope) -> StepResult:
    """Train other learners, the volume alone, clinical variables and both together, in the signature's own folds."""
    training, current = _training(scope), current_model(scope)
    if training is None or current is None:
        return empty(scope, _NO_SIGNATURE)
    settings, asked = scope.study.signature, scope.study.evaluation
    out_of_fold = scope.tracker.read_table(current[0], "out_of_fold")
    fitted = rad_score(scope.tracker.load(current[0]), training.features)
    recorded = _Recorded(
        settings,
        auc_logit(training.labels == "hot", fitted),
        within_fold_auc(out_of_fold, linear=settings.linear),
        out_of_fold,
    )
    clinical = _clinical(scope, training.rows)[list(asked.clinical_variables)].dropna(axis="columns", how="all")
    volume = next((name for name in asked.volume_features if name in training.features.columns), None)
    table = compare_rivals(
        recorded,
        training.features,
        training.labels,
        kept_features=training.kept_features,
        volume=volume,
        clinical=clinical if clinical.shape[1] else None,
        challengers=asked.rivals,
        variants=_harmonised_otherwise(scope, training) | shuffled_voxels(scope, training),
        n_jobs=scope.workers,
        report=lambda model: scope.report(f"training {model.replace('_', ' ')} on {len(training.labels)} patients"),
    )
    honest = table.query("analysis == 'honest' and metric == 'auc'").set_index("model")["value"]
    details = {
        "volume_feature": volume or "none",
        "clinical_variables": list(clinical.columns),
        **{f"auc_{model}": round(float(auc), 4) for model, auc in honest.items()},
    }
    return StepResult(table, details=details)


def _harmonised_otherwise(scope: Scope, training: TrainingSet) -> dict[str, pd.DataFrame]:
    """The training features without harmonisation where the study harmonises, with it where a scanner is known."""
    cohorts, patients = training.rows["cohort"].unique(), training.features.index
    if scope.study.harmonisation.batch != "none":
        raw = pd.concat([_unharmonised(scope, str(cohort)) for cohort in cohorts])
        return {"not_harmonised": raw.reindex(index=patients, columns=training.features.columns)}
    scanner = _clinical(scope, training.rows)["scanner"]
    learned, _ = fit_harmonisation(training.features, scanner, min_patients=scope.study.harmonisation.min_patients)
    return {} if learned is None else {"harmonised": harmonise(training.features, scanner, learned)[0]}


def _unharmonised(scope: Scope, cohort: str) -> pd.DataFrame:
    """First readings of a cohort, without harmonisation."""
    return first_readings(of_signature_series(scope, scope.read(RADIOMIC_FEATURES, cohort), cohort))


@step(LABEL_PERMUTATIONS, version="3", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, PATIENTS])
def label_permutations(scope: Scope) -> StepResult:
    """Shuffle hot and cold among all patients and within sites, and train again, to see what chance gives.

    Shuffling stops when the p-value is precise enough (Besag & Clifford 1991).
    """
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    asked = scope.study.evaluation
    within, reason = _circumstance(scope, training)
    tables: list[pd.DataFrame] = []
    details: dict[str, object] = {}
    observed = None
    for name, groups in (("all patients", None), *(() if within is None else ((within.name, within),))):
        found = label_permutation(
            training.features,
            training.labels,
            n_permutations=asked.permutations,
            enough=asked.permutations_reaching,
            within=groups,
            observed=observed,
            report=counted(scope, f"labels shuffled, {name}:"),
            **_procedure(scope, training),
        )
        observed = found.auc
        table = pd.DataFrame({"within": name, "auc": [observed, *found.null]}).rename_axis("shuffle").reset_index()
        table.loc[0, ["p", "p_se"]] = found.p, found.p_se
        tables.append(table)
        suffix = "" if groups is None else f"_within_{name}"
        details |= {
            f"p{suffix}": found.p,
            f"p_se{suffix}": found.p_se,
            f"auc{suffix}": found.auc,
            f"median_shuffled_auc{suffix}": float(pd.Series(found.null).median()),
            f"patients_shuffled{suffix}": found.n_shuffled,
        }
    if reason:
        details["not_shuffled_within_site"] = reason
    return StepResult(pd.concat(tables, ignore_index=True), details=details)


def _circumstance(scope: Scope, training: TrainingSet) -> tuple[pd.Series | None, str]:
    """Site of each training patient, or scanner, if one has both phenotypes; otherwise the reason."""
    known = _clinical(scope, training.rows, _CIRCUMSTANCES)
    hot = (training.labels == "hot").to_numpy()
    recorded = [name for name in _CIRCUMSTANCES if known[name].notna().any()]
    for name in recorded:
        if mixed_groups(hot, known[name].reindex(training.labels.index)):
            return known[name], ""
    return None, f"no {' and no '.join(recorded)} has both phenotypes" if recorded else "no site or scanner is recorded"


@step(LEAVE_ONE_SITE_OUT, version="1", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, PATIENTS])
def leave_one_site_out(scope: Scope) -> StepResult:
    """Train on all sites but one, and measure how the signature performs at that one."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    sites = _clinical(scope, training.rows, _CIRCUMSTANCES)["site"]
    if sites.nunique() < 2:
        return empty(scope, "fewer than two sites are recorded")
    scope.report(f"leaving out each of {sites.nunique()} sites")
    table = signature.leave_one_site_out(training.features, training.labels, sites, **_procedure(scope, training))
    total = table.iloc[-1]
    details: dict[str, float] = {
        "sites": len(table) - 1,
        "sites_with_an_auc": int(table["auc"].iloc[:-1].notna().sum()),
    }
    if pd.notna(total["auc"]):
        details |= {f"{name}_within_sites": round(float(total[name]), 4) for name in ("auc", "ci_low", "ci_high")}
    return StepResult(table, details=details)


@step(LEARNING_CURVE, version="2", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES])
def learning_curve(scope: Scope) -> StepResult:
    """Draw parts of the discovery patients and measure the AUC that a signature of that size would have."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    table = signature.learning_curve(
        training.features,
        training.labels,
        report=counted(scope, "learning curve: draw"),
        draws=scope.study.evaluation.learning_draws,
        null_draws=scope.study.evaluation.learning_null_draws,
        **_procedure(scope, training),
    )
    return StepResult(
        table, details={f"auc_at_{row['n']}": round(float(row["auc"]), 4) for row in table.to_dict("records")}
    )


@step(
    CONTINUOUS_SIGNATURE,
    version="1",
    reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, TME_PHENOTYPES, PATIENTS],
)
def continuous_signature(scope: Scope) -> StepResult:
    """Predict the measure that decides what is hot, and the leukocyte fraction where it is recorded."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    labelled = [
        scope.read(TME_PHENOTYPES, str(cohort), columns=["patient_id", "immune_mean"])
        for cohort in training.rows["cohort"].unique()
    ]
    targets = {
        "immune_mean": pd.concat(labelled).set_index("patient_id")["immune_mean"],
        "leukocyte_fraction": _clinical(scope, training.rows, [*_CIRCUMSTANCES, "leukocyte_fraction"])[
            "leukocyte_fraction"
        ],
    }
    asked = scope.study.evaluation.continuous_permutations
    rows = []
    for name, target in targets.items():
        values = target.reindex(training.features.index)
        if not values.notna().any():
            continue
        found = signature.continuous_signature(
            training.features, values, n_permutations=asked, **_procedure(scope, training)
        )
        measured = {"target": name, "n": found.n, "rho": found.rho, "p": found.p, "reason": found.reason}
        rows.append(
            measured if found.reason else {**measured, "permutations": asked, "null_sd": found.null.std(ddof=1)}
        )
    if not rows:
        return empty(scope, "no continuous measure of immune content is recorded")
    table = pd.DataFrame(rows).reindex(columns=CONTINUOUS_SIGNATURE.own_columns)
    return StepResult(table, details={f"rho_{row['target']}": row["rho"] for row in rows})


@step(FEATURE_UNIVARIATE, version="1", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES])
def feature_univariate(scope: Scope) -> StepResult:
    """Compare each candidate feature between hot and cold tumours, agreed on by readers or not."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    table = signature.feature_univariate(training.features, training.labels, kept_features=training.kept_features)
    details = {"features": len(table), "fdr_below_0_05": int((table["fdr"] < 0.05).sum())}
    return StepResult(table, details=details)


@step(SIGNATURE_OPTIMISM, version="1", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES])
def signature_optimism(scope: Scope) -> StepResult:
    """Learn the pipeline on bootstrap samples and correct the apparent AUC by what they promise too much."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    table = optimism_corrected_auc(
        training.features,
        training.labels,
        n_bootstrap=scope.study.evaluation.bootstraps,
        report=counted(scope, "optimism: fit"),
        **_procedure(scope, training),
    )
    return StepResult(
        table, details={str(row["metric"]): round(float(row["value"]), 4) for row in table.to_dict("records")}
    )


@step(SIGNATURE_CAUTIONS, version="1", reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, PATIENTS])
def signature_cautions(scope: Scope) -> StepResult:
    """Compute what a reviewer would ask for: patients per feature, shrinkage, confounding by site or scanner."""
    training = _training(scope)
    if training is None:
        return empty(scope, _NO_SIGNATURE)
    offered = training.features.shape[1] if training.kept_features is None else len(training.kept_features)
    hot = int((training.labels == "hot").sum())
    size = sample_size(len(training.labels), hot, offered)
    rows = [
        {"topic": "events_per_feature", "value": size.events_per_feature, "caution": size.warning},
        {"topic": "expected_shrinkage", "value": size.expected_shrinkage},
        {"topic": "patients_needed", "value": size.n_needed},
    ]
    circumstances = _clinical(scope, training.rows)
    for found in label_confounding(training.labels, circumstances, _CIRCUMSTANCES).to_dict("records"):
        rows.append(
            {
                "topic": f"label_by_{found['variable']}",
                "value": found["cramers_v"],
                "p": found["p"],
                "n": found["n"],
                "caution": found["warning"],
                "reason": found["reason"],
            }
        )
    table = pd.DataFrame(rows).reindex(columns=SIGNATURE_CAUTIONS.own_columns)
    table["n"] = table["n"].fillna(len(training.labels))
    return StepResult(table, details={"cautions": list(table["caution"].dropna())})
