"""How well the signature holds, and what its features follow. The statistics are `evaluation`'s."""

import pandas as pd

from tme_platform.evaluation import evaluate_scores, spearman_table
from tme_platform.lake.tables import (
    CELL_SCORES,
    COHORT_METRICS,
    FEATURE_CELL_CORRELATION,
    OUT_OF_FOLD_SCORES,
    RAD_SCORES,
    SIGNATURE,
    SIGNATURE_IMPORTANCE,
    SIGNATURE_PATIENTS,
    TME_PHENOTYPES,
)
from tme_platform.orchestration.assets.expression import population_scores
from tme_platform.orchestration.scope import Scope
from tme_platform.orchestration.table_asset import Made, table_asset

_TOP = 20
_METRIC_COLUMNS = [column.name for column in COHORT_METRICS.columns]


@table_asset(COHORT_METRICS, code_version="1", deps=[RAD_SCORES, TME_PHENOTYPES, SIGNATURE, OUT_OF_FOLD_SCORES])
def cohort_metrics(scope: Scope) -> Made:
    """Measure the rad-score against the phenotype: AUC with DeLong's interval, and metrics at a threshold.

    Labelled `paper` (apparent on discovery, threshold optimised on each cohort) or `honest` (out-of-fold on discovery, one
    threshold locked there).
    """
    scores = scope.table(RAD_SCORES)
    labels = scope.table(TME_PHENOTYPES, columns=["patient_id", "phenotype"])
    scored = scores.merge(labels[labels["phenotype"].isin(["hot", "cold"])], on="patient_id")
    if scored.empty:
        return Made(
            pd.DataFrame(columns=_METRIC_COLUMNS), details={"note": "no patient with both rad-score and phenotype"}
        )
    threshold = float(scope.table(SIGNATURE)["threshold"].iloc[0])
    parts = []
    for side, patients in scored.groupby("side"):
        hot = patients["phenotype"] == "hot"
        fresh = patients.set_index("patient_id")["rad_score"]
        if side == "discovery":
            out_of_fold = (
                scope.table(OUT_OF_FOLD_SCORES).query("cohort == @scope.cohort").set_index("patient_id")["rad_score"]
            )
            fresh = out_of_fold.reindex(fresh.index)
        paper = evaluate_scores(hot, patients["rad_score"], endpoint="hot", analysis="paper")
        honest = evaluate_scores(hot, fresh, endpoint="hot", analysis="honest", threshold=threshold)
        parts.append(pd.concat([paper, honest]).assign(side=side))
    metrics = pd.concat(parts, ignore_index=True)[_METRIC_COLUMNS]
    _tell_model(scope, metrics)
    return Made(metrics, details=_headline(metrics))


def _headline(metrics: pd.DataFrame) -> dict[str, float]:
    """AUCs by side and analysis, for the asset's page, where numbers are plotted over time."""
    auc = metrics[metrics["metric"] == "auc"]
    return {f"auc_{row.side}_{row.analysis}": row.value for row in auc.itertuples() if pd.notna(row.value)}


def _tell_model(scope: Scope, metrics: pd.DataFrame) -> None:
    """Add the cohort's figures to the model's MLflow run."""
    record = scope.tracker.find(scope.table(SIGNATURE)["content_key"].iloc[0])
    if record is not None:
        known = metrics.dropna(subset=["value"])
        named = {
            f"{scope.own_cohort}.{row.side}.{row.endpoint}.{row.analysis}.{row.metric}": row.value
            for row in known.itertuples()
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
        return Made(pd.DataFrame(columns=columns), details={"note": "no signature"})
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
