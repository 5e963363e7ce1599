"""What the signature adds to clinical variables where it matters, in net benefit. Other evidence is in `evaluation`."""

import pandas as pd

from tme_platform import signature
from tme_platform.steps.reading import clinical_by_patient
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.steps.training import current_training_set
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.evaluation import CLINICAL_DECISION_CURVES
from tme_platform.tables.radiomics import AGREED_FEATURES
from tme_platform.tables.signature import OUT_OF_FOLD_SCORES, SIGNATURE, SIGNATURE_PATIENTS


@step(
    CLINICAL_DECISION_CURVES,
    version="1",
    reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, OUT_OF_FOLD_SCORES, PATIENTS],
)
def clinical_decision_curves(scope: Scope) -> StepResult:
    """Compare the net benefit of the signature with that of clinical variables and of both, on held-out patients."""
    training, asked = current_training_set(scope), scope.study.evaluation
    if not scope.has_rows(SIGNATURE) or not training.trainable:
        return empty(scope, "no signature")
    parts = [
        clinical_by_patient(scope, str(cohort), asked.clinical_variables, among=SIGNATURE_PATIENTS).reindex(rows.index)
        for cohort, rows in training.rows.groupby("cohort")
    ]
    clinical = pd.concat(parts).dropna(axis="columns", how="all")
    if clinical.shape[1] == 0:
        return empty(scope, "no clinical variable of the training patients is known")
    scope.report(f"cross-validating clinical and combined models on {len(training.labels)} patients")
    table = signature.clinical_decision_curves(
        scope.read(OUT_OF_FOLD_SCORES),
        training.features,
        training.labels,
        clinical,
        settings=scope.study.signature,
        kept_features=training.kept_features,
        n_jobs=scope.workers,
    ).drop(columns="treat_none")
    return StepResult(table, details={"clinical_variables": list(clinical.columns)})
