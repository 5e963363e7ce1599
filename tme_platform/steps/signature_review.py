"""The newest version of the signature before the promotion rule, and what MLflow keeps of its evaluation."""

import dataclasses

import pandas as pd

from tme_platform.cohorts import Role
from tme_platform.csv_text import csv_text
from tme_platform.signature import Criterion, SignatureSettings, promotion_criteria
from tme_platform.signature.card import CardFacts, model_card
from tme_platform.steps.reading import current_model
from tme_platform.steps.scope import Scope
from tme_platform.steps.signature import patients_on_one_side
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.steps.training import current_training_set
from tme_platform.tables.evaluation import COHORT_METRICS, DECISION_CURVES, RELIABILITY_CURVES, ROC_CURVES
from tme_platform.tables.radiomics import AGREED_FEATURES
from tme_platform.tables.signature import (
    LABEL_PERMUTATIONS,
    LEARNING_CURVE,
    RAD_SCORES,
    SIGNATURE,
    SIGNATURE_CAUTIONS,
    SIGNATURE_IMPORTANCE,
    SIGNATURE_OPTIMISM,
    SIGNATURE_PATIENTS,
    SIGNATURE_REVIEW,
    SIGNATURE_RIVALS,
)
from tme_platform.tracking import ModelRecord
from tme_platform.tracking.stored_settings import stored_settings

_EVALUATED = (
    COHORT_METRICS,
    ROC_CURVES,
    RELIABILITY_CURVES,
    DECISION_CURVES,
    SIGNATURE_RIVALS,
    LABEL_PERMUTATIONS,
    LEARNING_CURVE,
    SIGNATURE_OPTIMISM,
    SIGNATURE_CAUTIONS,
    SIGNATURE_IMPORTANCE,
)
"""Tables that are kept with the model's run, as they are when the version is reviewed."""
_MODEL_METRIC = ("cohort", "side", "subgroup", "endpoint", "analysis", "metric")


@step(
    SIGNATURE_REVIEW,
    version="1",
    reads=[SIGNATURE, SIGNATURE_PATIENTS, AGREED_FEATURES, RAD_SCORES, *_EVALUATED],
    kinds=["mlflow"],
)
def signature_review(scope: Scope) -> StepResult:
    """Promote the newest version to champion if it meets every criterion of the written rule, and only then.

    The rule is in `signature/promotion.py`, its bounds in the study file. The model card, figures and evaluation tables
    go to the version's MLflow run.
    """
    current = current_model(scope)
    if current is None:
        return empty(scope, "no signature")
    record, row = current
    scope.depend_on(record)
    evaluated = {schema.name: scope.read(schema) for schema in _EVALUATED}
    sides = patients_on_one_side(scope.read(SIGNATURE_PATIENTS), scope)
    champion = scope.tracker.champion()
    before = None if champion is None else champion.version
    again = earlier_decision(scope, record)
    compared = None
    if champion is not None and champion.content_key != record.content_key and scope.tracker.kept(champion):
        compared = scope.tracker.read_table(champion, "out_of_fold")
    criteria = promotion_criteria(
        scope.tracker.read_table(record, "out_of_fold"),
        compared,
        {patients_on_one_side.name: (sides.passed, sides.description)},
        settings=scope.study.promotion,
        linear=stored_settings(scope.tracker, record, "settings", SignatureSettings).linear,
    )
    if champion is not None and champion.content_key != record.content_key and compared is None:
        criteria = without_comparison(criteria, f"the files of the champion, version {before}, are lost")
    elif champion is None and again == "refused" and not _was_not_worse(scope):
        criteria = without_comparison(criteria, "it was worse than a champion that is lost from the registry")
    decision = _decide(scope, record, champion, criteria, again)
    scope.tracker.log_metrics(record, _figures(evaluated[COHORT_METRICS.name]))
    card = model_card(_facts(scope, record, row, decision, criteria, evaluated))
    scope.tracker.describe(record, card)
    scope.tracker.attach(record, {"model_card.md": card.encode(), **_files(scope, evaluated)})
    table = pd.DataFrame([vars(one) for one in criteria]).assign(
        model_version=record.version, champion_before=before, decision=decision
    )
    unmet = [one.criterion for one in criteria if not one.met]
    details = {
        "model_version": int(record.version),
        "decision": decision,
        "decision_reason": scope.tracker.promotion(record),
        "not_met": unmet,
        "model_card": card,
    }
    return StepResult(table, details=details)


def earlier_decision(scope: Scope, record: ModelRecord) -> str:
    """What was decided on the same model before its version was lost and trained again; "" where nothing was."""
    said = scope.previous(always=True)
    place = scope.place_before(record)
    return str(said["decision"].iloc[0]) if len(said) and place not in ("", record.place) else ""


def without_comparison(criteria: list[Criterion], why: str) -> list[Criterion]:
    """The criteria if the champion cannot be compared with: this one is not met, so nothing is promoted by a loss."""
    return [
        dataclasses.replace(one, met=False, explanation=f"it cannot be compared: {why}")
        if one.criterion == "auc_not_worse"
        else one
        for one in criteria
    ]


def _was_not_worse(scope: Scope) -> bool:
    said = scope.previous(always=True)
    return bool(said.loc[said["criterion"] == "auc_not_worse", "met"].all())


def _figures(metrics: pd.DataFrame) -> dict[str, float]:
    """The figures of every cohort, by name, for the model's MLflow run."""
    known = metrics.dropna(subset=["value"]).to_dict("records")
    return {".".join(str(row[name]) for name in _MODEL_METRIC): float(row["value"]) for row in known}


def _decide(
    scope: Scope, record: ModelRecord, champion: ModelRecord | None, criteria: list[Criterion], again: str
) -> str:
    """Carry the rule out, and say in the registry why."""
    if champion is not None and champion.version == record.version:
        # A run that ended between the promotion and its commit leaves it to the next one to say so.
        said = scope.previous(always=True)
        known = (said["model_version"] == record.version) & said["decision"].isin(["promoted", "is the champion"])
        by_rule = scope.tracker.promotion(record).startswith("promoted")
        return "promoted" if by_rule and not known.any() else "is the champion"
    same = champion is not None and champion.content_key == record.content_key
    if same or (champion is None and again in ("promoted", "is the champion")):
        scope.tracker.promote(record, "promoted: the same model was the champion before its version was lost")
        return "promoted"
    unmet = "; ".join(f"{one.criterion}: {one.explanation}" for one in criteria if not one.met)
    if unmet:
        scope.tracker.refuse(record, f"refused: {unmet}")
        return "refused"
    scope.tracker.promote(record, f"promoted: all {len(criteria)} criteria of the rule are met")
    return "promoted"


def _facts(
    scope: Scope,
    record: ModelRecord,
    row: pd.Series,
    decision: str,
    criteria: list[Criterion],
    evaluated: dict[str, pd.DataFrame],
) -> CardFacts:
    training = current_training_set(scope)
    cohorts = {}
    for cohort in scope.with_role(Role.SIGNATURE_DISCOVERY):
        source = scope.declaration("provenance", cohort=cohort).provenance
        cohorts[cohort] = f"{source.source} ({source.licence}; {source.kind})"
    every = evaluated[LABEL_PERMUTATIONS.name]
    true = every[(every["within"] == "all patients") & (every["shuffle"] == 0)]
    return CardFacts(
        version=record.version,
        decision=decision,
        study=scope.study.name,
        simulated=scope.provenance == "simulated",
        cohorts=cohorts,
        n_patients=int(row["n_patients"]),
        n_hot=int(row["n_hot"]),
        n_features=int(row["n_features"]),
        feature_set=training.feature_set,
        threshold=float(row["threshold"]),
        settings=scope.tracker.read_document(record, "settings"),
        table_versions=scope.tracker.table_versions(record),
        metrics=evaluated[COHORT_METRICS.name],
        rivals=evaluated[SIGNATURE_RIVALS.name],
        permutation_p=None if true.empty else float(true["p"].iloc[0]),
        permutation_p_se=None if true.empty else float(true["p_se"].iloc[0]),
        cautions=[str(text) for text in evaluated[SIGNATURE_CAUTIONS.name]["caution"].dropna()],
        criteria=criteria,
    )


def _files(scope: Scope, evaluated: dict[str, pd.DataFrame]) -> dict[str, bytes]:
    """Every evaluation table as CSV, and the figures that they make, if the study has figures."""
    files = {f"evaluation/{name}.csv": csv_text(table).encode() for name, table in evaluated.items() if len(table)}
    if not scope.study.report.figures:
        return files
    from tme_platform.figures import FIGURES
    from tme_platform.report import picture, remembered_figures

    tables = {**evaluated, **{schema.name: scope.read(schema) for schema in (SIGNATURE, RAD_SCORES)}}
    remembered = remembered_figures(scope.state_folder, scope.study.name)
    for name, entry in FIGURES.items():
        if entry.per_cohort or not set(entry.required) <= set(evaluated):
            continue
        made = picture(name, tables)
        if made is not None and (embedded := made.embedded(remembered)):
            files[f"figures/{name}.png"] = embedded.png
    return files
