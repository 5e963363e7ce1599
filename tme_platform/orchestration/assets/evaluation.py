"""How well the signature holds, and what its features follow. The statistics are `evaluation`'s."""

import pandas as pd

from tme_platform.evaluation import ROLE_ENDPOINTS, auc_from_estimate, evaluate_role, evaluate_scores, spearman_table
from tme_platform.lake.tables import (
    CELL_SCORES,
    COHORT_METRICS,
    FEATURE_CELL_CORRELATION,
    OUT_OF_FOLD_SCORES,
    PATIENTS,
    RAD_SCORES,
    SIGNATURE,
    SIGNATURE_IMPORTANCE,
    SIGNATURE_PATIENTS,
    TME_PHENOTYPES,
)
from tme_platform.orchestration.assets.expression import population_scores
from tme_platform.orchestration.scope import Scope
from tme_platform.orchestration.table_asset import Made, nothing, table_asset

_TOP = 20
_MODEL_METRIC = ("side", "subgroup", "endpoint", "analysis", "metric")
_METRIC_COLUMNS = [column.name for column in COHORT_METRICS.columns]


@table_asset(
    COHORT_METRICS, code_version="1", deps=[RAD_SCORES, TME_PHENOTYPES, PATIENTS, SIGNATURE, OUT_OF_FOLD_SCORES]
)
def cohort_metrics(scope: Scope) -> Made:
    """Measure the rad-score against phenotype, CD8 and response: AUC with DeLong's interval, metrics at a threshold.

    Labelled `paper` (apparent on discovery, threshold optimised on each cohort) or `honest` (out-of-fold on discovery,
    one threshold locked there).
    """
    scores = scope.table(RAD_SCORES)
    if scores.empty:
        return nothing(scope, "no rad-scores")
    model = scope.table(SIGNATURE).iloc[0]
    labels = scope.table(TME_PHENOTYPES, columns=["patient_id", "phenotype"])
    scored = scores.merge(labels[labels["phenotype"].isin(["hot", "cold"])], on="patient_id")
    parts = [
        _discovery(scope, rows, model) if side == "discovery" else _fresh(rows, str(side), model)
        for side, rows in scored.groupby("side")
    ]
    clinical = scope.table(PATIENTS).set_index("patient_id")
    by_patient = scores.set_index("patient_id")["rad_score"]
    for role in scope.declaration("roles").roles:
        if role.value in ROLE_ENDPOINTS:
            measured = evaluate_role(by_patient, clinical, role=role.value, threshold=model["threshold"])
            parts.append(measured.assign(side="external"))
    if not parts:
        return nothing(scope, "no patient with a rad-score and an endpoint")
    # A cohort of two roles is asked the endpoint that both have once.
    metrics = pd.concat(parts, ignore_index=True)[_METRIC_COLUMNS].drop_duplicates(list(COHORT_METRICS.key))
    metrics["reason"] = metrics["reason"].replace("", None)
    _tell_model(scope, metrics)
    return Made(metrics, details=_headline(metrics))


def _discovery(scope: Scope, rows: pd.DataFrame, model: pd.Series) -> pd.DataFrame:
    """Metrics of patients who trained the model: apparent, and by models that never saw them."""
    hot = rows["phenotype"] == "hot"
    paper = evaluate_scores(hot, rows["rad_score"], endpoint="hot", analysis="paper")
    unseen = scope.table(OUT_OF_FOLD_SCORES).query("cohort == @scope.cohort").set_index("patient_id")["rad_score"]
    auc = method = None
    if len(rows) == model["n_patients"]:  # the AUC within held-out folds was taken over all discovery patients
        auc = auc_from_estimate(model["oof_auc"], model["oof_auc_se"], n=len(rows), n_positive=int(hot.sum()))
        method = "within held-out folds, repeated nested cross-validation, DeLong"
    honest = evaluate_scores(
        hot,
        unseen.reindex(rows["patient_id"]).to_numpy(),
        endpoint="hot",
        analysis="honest",
        threshold=model["threshold"],
        auc=auc,
        auc_method=method or "DeLong on out-of-fold scores",
    )
    return pd.concat([paper, honest]).assign(side="discovery")


def _fresh(rows: pd.DataFrame, side: str, model: pd.Series) -> pd.DataFrame:
    """Metrics of patients whom training never saw."""
    hot, score = rows["phenotype"] == "hot", rows["rad_score"]
    paper = evaluate_scores(hot, score, endpoint="hot", analysis="paper")
    honest = evaluate_scores(hot, score, endpoint="hot", analysis="honest", threshold=model["threshold"])
    return pd.concat([paper, honest]).assign(side=side)


def _headline(metrics: pd.DataFrame) -> dict[str, float]:
    """AUCs by side and analysis, for the asset's page, where numbers are plotted over time."""
    auc = metrics[(metrics["metric"] == "auc") & (metrics["subgroup"] == "all") & (metrics["endpoint"] == "hot")]
    known = auc.dropna(subset=["value"]).to_dict("records")
    return {f"auc_{row['side']}_{row['analysis']}": float(row["value"]) for row in known}


def _tell_model(scope: Scope, metrics: pd.DataFrame) -> None:
    """Add the cohort's figures to the model's MLflow run."""
    record = scope.tracker.find(scope.table(SIGNATURE)["content_key"].iloc[0])
    if record is not None:
        named = {
            ".".join([scope.own_cohort, *(row[name] for name in _MODEL_METRIC)]): float(row["value"])
            for row in metrics.dropna(subset=["value"]).to_dict("records")
        }
        scope.tracker.log_metrics(record, named)


@table_asset(
    FEATURE_CELL_CORRELATION,
    code_version="1",
    deps=[SIGNATURE_IMPORTANCE, SIGNATURE_PATIENTS, TME_PHENOTYPES, CELL_SCORES],
)
def feature_cell_correlation(scope: Scope) -> Made:
    """Correlate the twenty most important features with the cell populations of the same patients (Spearman, FDR)."""
    columns = [column.name for column in FEATURE_CELL_CORRELATION.columns]
    importance = scope.table(SIGNATURE_IMPORTANCE)
    if importance.empty:
        return nothing(scope, "no signature")
    top = list(importance.nsmallest(_TOP, "rank")["feature"])
    patients = scope.table(SIGNATURE_PATIENTS)
    parts = []
    for cohort, rows in patients.groupby("cohort"):
        source = scope.table(TME_PHENOTYPES, str(cohort), columns=["patient_id", "model_cohort"])["model_cohort"].iloc[
            0
        ]
        features = rows.set_index("patient_id")[top]
        populations = population_scores(scope, source).T
        common = features.index.intersection(populations.index)
        parts.append(spearman_table(features.loc[common], populations.loc[common]).assign(cohort=cohort))
    table = pd.concat(parts, ignore_index=True)[columns]
    return Made(table, details={"pairs": len(table), "pairs_fdr_below_0.05": int((table["fdr"] < 0.05).sum())})
