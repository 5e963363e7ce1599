"""How well the signature holds in each cohort, and what its features follow. The statistics are `evaluation`'s."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from tme_platform.evaluation import (
    ROLE_ENDPOINTS,
    BinaryEndpoint,
    median_split_survival,
    reliability_curve,
    score_by_group,
)
from tme_platform.signature import evaluate_signature, signature_decision_curve, signature_roc
from tme_platform.statistics import spearman_interval, spearman_table
from tme_platform.steps.reading import (
    binary_endpoints,
    clinical_by_patient,
    hot_or_cold,
    population_scores,
    subgroups,
    time_endpoints,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables import TableSchema
from tme_platform.tables.clinical import columns_of_group
from tme_platform.tables.cohorts import CLINICAL_OTHER, PATIENTS
from tme_platform.tables.evaluation import (
    COHORT_METRICS,
    DECISION_CURVES,
    FEATURE_CELL_CORRELATION,
    RAD_SCORE_CORRELATIONS,
    RAD_SCORE_GROUP_MEMBERS,
    RAD_SCORE_GROUPS,
    RAD_SCORE_SURVIVAL,
    RELIABILITY_CURVES,
    ROC_CURVES,
)
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.signature import (
    OUT_OF_FOLD_SCORES,
    RAD_SCORES,
    SIGNATURE,
    SIGNATURE_IMPORTANCE,
    SIGNATURE_PATIENTS,
)

_TOP = 20
_FEWEST_OF_BOTH = 5
"""Positive, and negative, patients of a subgroup from which it has a ROC curve."""
_GROUPED_BY = (
    "phenotype", "stage", "grade", "pam50", "er", "pr", "her2", "immune_phenotype", "pcr", "recist", "arm", "site",
    "scanner",
)  # fmt: skip
_YARDSTICKS = (
    *columns_of_group("yardstick"), *columns_of_group("purity"), "cd8_percent", "stil_percent", "pd_l1",
    "tumour_volume_ml",
)  # fmt: skip
_NO_SCORES = "no rad-scores"
_NO_GROUPS = "no clinical variable with two groups"
_NOBODY = "no patient with a rad-score and an endpoint"


@dataclass(frozen=True)
class _Outcome:
    """An endpoint with known outcomes, and the scores it is compared with."""

    side: str
    endpoint: str
    positive: pd.Series
    scores: pd.DataFrame
    """By the stored signature, by patient."""
    held_out: pd.DataFrame | None
    """By models that never saw the patient, where the patients trained the signature."""


def scored_patients(scope: Scope) -> pd.DataFrame:
    """Rad-scores by patient with `unseen` and `unseen_probability`, by models that never saw the patient."""
    scores = scope.read(RAD_SCORES).set_index("patient_id")
    if not (scores["side"] == "discovery").any():  # most cohorts: another signature's training changes nothing here
        return scores.assign(unseen=scores["rad_score"], unseen_probability=scores["probability"])
    means = held_out_scores(scope).groupby("patient_id")[["score", "probability"]].mean().reindex(scores.index)
    seen = scores["side"] == "discovery"
    return scores.assign(
        unseen=scores["rad_score"].mask(seen, means["score"]),
        unseen_probability=scores["probability"].mask(seen, means["probability"]),
    )


def held_out_scores(scope: Scope) -> pd.DataFrame:
    """The cohort's rows of the cross-validation, as `signature` takes them."""
    rows = scope.read(OUT_OF_FOLD_SCORES, rows={"cohort": [scope.own_cohort]})
    return rows.rename(columns={"rad_score": "score"})


def _hot(scope: Scope) -> pd.Series:
    return hot_or_cold(scope) == "hot"


def _outcomes(scope: Scope) -> Iterator[_Outcome]:
    """Every endpoint that the cohort can be asked, by side."""
    scores = scored_patients(scope)
    held_out = held_out_scores(scope) if (scores["side"] == "discovery").any() else None
    asked = [("hot", _hot(scope), scores["side"])]
    asked += [(name, outcome, _endpoint_side(scores)) for name, outcome in _asked(scope).items()]
    for endpoint, outcome, sides in asked:
        for side, rows in scores.groupby(sides):
            known = outcome.dropna().reindex(rows.index).dropna()
            if len(known):
                seen = side == "discovery"
                yield _Outcome(str(side), endpoint, known.astype(bool), rows, held_out if seen else None)


def _endpoint_side(scores: pd.DataFrame) -> pd.Series:
    """Patients who trained the signature apart from the others, who are external for any endpoint but the phenotype."""
    return scores["side"].where(scores["side"] == "discovery", "external")


def _asked(scope: Scope) -> dict[str, pd.Series]:
    """Outcomes that the rad-score is evaluated against: of the cohort's roles, and those that it declares itself."""
    names = {endpoint for role in scope.declaration("roles").roles for endpoint in ROLE_ENDPOINTS.get(role.value, ())}
    found = binary_endpoints(scope, borrowed=True)
    return {name: found[name] for name in sorted(names | set(_declared(scope))) if name in found}


def _declared(scope: Scope) -> list[str]:
    """Endpoints with two classes that the cohort file declares."""
    own = scope.declaration("endpoints").endpoints.root
    return [name for name, endpoint in own.items() if isinstance(endpoint, BinaryEndpoint)]


@step(
    COHORT_METRICS,
    version="4",
    reads=[RAD_SCORES, TME_PHENOTYPES, SIGNATURE, OUT_OF_FOLD_SCORES, CLINICAL_OTHER],
    reads_all_cohorts=[PATIENTS],
)
def cohort_metrics(scope: Scope) -> StepResult:
    """Measure the rad-score against phenotype and endpoints: AUC, metrics at a threshold, calibration, with intervals.

    Labelled `paper` (stored signature, threshold optimised on each cohort) or `honest` (discovery patients held out,
    with thresholds of their training folds; one locked threshold for the others).
    """
    if not scope.has_rows(RAD_SCORES):
        return empty(scope, _NO_SCORES)
    model, members = scope.read(SIGNATURE, columns=["threshold"]).iloc[0], subgroups(scope, borrowed=True)
    parts = [
        evaluate_signature(
            outcome.positive,
            outcome.scores,
            outcome.held_out,
            members,
            endpoint=outcome.endpoint,
            threshold=model["threshold"],
            linear=scope.study.signature.linear,
            prevalence=scope.study.evaluation.prevalence,
        ).assign(side=outcome.side)
        for outcome in _outcomes(scope)
    ]
    if not parts:
        return empty(scope, _NOBODY)
    metrics = pd.concat(parts, ignore_index=True)
    return StepResult(metrics, details=_headline(metrics))


def _headline(metrics: pd.DataFrame) -> dict[str, float]:
    """AUCs by side, endpoint and analysis, for the asset's page, where numbers are plotted over time."""
    auc = metrics[(metrics["metric"] == "auc") & (metrics["subgroup"] == "all")]
    known = auc.dropna(subset=["value"]).to_dict("records")
    return {f"auc_{row['side']}_{row['endpoint']}_{row['analysis']}": float(row["value"]) for row in known}


def _curves(scope: Scope, schema: TableSchema, draw: Callable[[_Outcome], pd.DataFrame]) -> StepResult:
    """One curve per side and endpoint that has both outcomes."""
    parts = [
        draw(outcome).assign(side=outcome.side, endpoint=outcome.endpoint)
        for outcome in _outcomes(scope)
        if outcome.positive.nunique() == 2
    ]
    if not parts:
        return empty(scope, _NOBODY)
    table = pd.concat(parts, ignore_index=True)
    return StepResult(table, details={"curves": len(parts)})


_CURVE_DEPS = (RAD_SCORES, TME_PHENOTYPES, OUT_OF_FOLD_SCORES, CLINICAL_OTHER)


@step(ROC_CURVES, version="5", reads=_CURVE_DEPS, reads_all_cohorts=[PATIENTS])
def roc_curves(scope: Scope) -> StepResult:
    """List what sensitivity and specificity each threshold gives, in all patients and in subgroups."""
    members, linear = subgroups(scope, borrowed=True), scope.study.signature.linear

    def draw(outcome: _Outcome) -> pd.DataFrame:
        parts = []
        for name, known in {"all": outcome.positive, **_in_subgroups(outcome.positive, members)}.items():
            points = signature_roc(known, outcome.scores, outcome.held_out, linear=linear)
            points["threshold"] = points["threshold"].where(points["threshold"].abs() < float("inf"))
            if name == "all" or points["auc_low"].notna().all():  # in few folds a subgroup may have no interval
                parts.append(points.assign(subgroup=name, point=range(len(points))))
        return pd.concat(parts, ignore_index=True)

    return _curves(scope, ROC_CURVES, draw)


def _in_subgroups(positive: pd.Series, members: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Outcomes by subgroup, where there are enough of both for a curve."""
    found = {name: positive[of.reindex(positive.index, fill_value=False).astype(bool)] for name, of in members.items()}
    return {name: known for name, known in found.items() if min(known.sum(), (~known).sum()) >= _FEWEST_OF_BOTH}


@step(RELIABILITY_CURVES, version="3", reads=_CURVE_DEPS, reads_all_cohorts=[PATIENTS])
def reliability_curves(scope: Scope) -> StepResult:
    """Compare predicted probabilities with observed shares in groups of about equal size."""

    def draw(outcome: _Outcome) -> pd.DataFrame:
        curve = reliability_curve(outcome.positive, outcome.scores.loc[outcome.positive.index, "unseen_probability"])
        return curve.assign(group=range(1, len(curve) + 1))

    return _curves(scope, RELIABILITY_CURVES, draw)


@step(DECISION_CURVES, version="3", reads=_CURVE_DEPS, reads_all_cohorts=[PATIENTS])
def decision_curves(scope: Scope) -> StepResult:
    """Compute what acting on the recalibrated rad-score would bring, beside acting on everybody and on nobody."""

    def draw(outcome: _Outcome) -> pd.DataFrame:
        return signature_decision_curve(outcome.positive, outcome.scores, outcome.held_out)

    return _curves(scope, DECISION_CURVES, draw)


@step(RAD_SCORE_GROUPS, version="4", reads=_CURVE_DEPS, reads_all_cohorts=[PATIENTS])
def rad_score_groups(scope: Scope) -> StepResult:
    """Compare rad-scores between clinical groups and outcomes; discovery patients count with their held-out scores."""
    scores = scored_patients(scope)
    if scores.empty:
        return empty(scope, _NO_SCORES)
    clinical, kinds = _groups(scope)
    table = score_by_group(scores["unseen"].dropna(), clinical, list(kinds))
    if table.empty:
        return empty(scope, _NO_GROUPS)
    tested = table.drop_duplicates("variable").set_index("variable")["p"].dropna()
    table = table.assign(kind=table["variable"].map(kinds))
    return StepResult(table, details={f"p_{variable}": float(p) for variable, p in tested.items()})


@step(RAD_SCORE_GROUP_MEMBERS, version="1", reads=_CURVE_DEPS, reads_all_cohorts=[PATIENTS])
def rad_score_group_members(scope: Scope) -> StepResult:
    """List which patients are in each group of `rad_score_groups`, with their rad-scores."""
    scores = scored_patients(scope)
    if scores.empty:
        return empty(scope, _NO_SCORES)
    clinical, kinds = _groups(scope)
    known = scores.dropna(subset=["unseen"])
    grouped = clinical.reindex(index=known.index, columns=[name for name in kinds if name in clinical])
    table = (
        grouped.astype("object")
        .rename_axis("patient_id")
        .reset_index()
        .melt("patient_id", var_name="variable", value_name="group")
        .dropna(subset=["group"])
    )
    if table.empty:
        return empty(scope, _NO_GROUPS)
    table = table.assign(
        group=table["group"].astype(str),
        kind=table["variable"].map(kinds),
        side=table["patient_id"].map(known["side"]),
        rad_score=table["patient_id"].map(known["unseen"]),
    )
    return StepResult(table)


def _groups(scope: Scope) -> tuple[pd.DataFrame, dict[str, str]]:
    """Groups by patient, and the kind of each variable: clinical, or the outcome of an endpoint."""
    hot = _hot(scope).map({True: "hot", False: "cold"}).rename("phenotype")
    clinical = clinical_by_patient(scope, scope.own_cohort).join(hot)
    clinical["stage"] = clinical["stage"].str.rstrip("ABC")  # of sub-stages there are one or two patients each
    outcomes = {name: known.map({1.0: "positive", 0.0: "negative"}) for name, known in _asked(scope).items()}
    kinds = {name: "clinical" for name in _GROUPED_BY if name not in outcomes} | dict.fromkeys(outcomes, "endpoint")
    return clinical.drop(columns=[name for name in outcomes if name in clinical]).assign(**outcomes), kinds


@step(RAD_SCORE_CORRELATIONS, version="1", reads=[RAD_SCORES, OUT_OF_FOLD_SCORES], reads_all_cohorts=[PATIENTS])
def rad_score_correlations(scope: Scope) -> StepResult:
    """Correlate the rad-score with continuous yardsticks of the immune content (Spearman), by side and together."""
    scores = scored_patients(scope)
    if scores.empty:
        return empty(scope, _NO_SCORES)
    clinical = clinical_by_patient(scope, scope.own_cohort, _YARDSTICKS)
    measured = clinical.reindex(scores.index).astype("float64").dropna(axis="columns", how="all")
    if measured.empty:
        return empty(scope, "no patient with a rad-score has any of these measurements")
    sides = {str(side): rows for side, rows in scores.groupby("side")}
    if len(sides) > 1:
        sides["all"] = scores
    parts = []
    for side, rows in sides.items():
        found = spearman_table(rows[["unseen"]], measured.loc[rows.index]).rename(columns={"population": "variable"})
        limits = [spearman_interval(rho, n) for rho, n in zip(found["rho"], found["n"], strict=True)]
        found[["ci_low", "ci_high"]] = limits
        parts.append(found.assign(side=side).drop(columns="feature"))
    table = pd.concat(parts, ignore_index=True)
    known = table.dropna(subset=["rho"])
    details = {f"rho_{row['side']}_{row['variable']}": round(float(row["rho"]), 3) for row in known.to_dict("records")}
    return StepResult(table, details=details)


@step(
    RAD_SCORE_SURVIVAL,
    version="2",
    reads=[RAD_SCORES, OUT_OF_FOLD_SCORES, CLINICAL_OTHER],
    reads_all_cohorts=[PATIENTS],
)
def rad_score_survival(scope: Scope) -> StepResult:
    """Split the cohort at its median rad-score and compare each time-to-event endpoint (log-rank, Cox)."""
    scores = scored_patients(scope)
    if scores.empty:
        return empty(scope, _NO_SCORES)
    parts = [
        median_split_survival(scores["unseen"].dropna(), followed).assign(endpoint=name)
        for name, followed in time_endpoints(scope, borrowed=True).items()
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return empty(scope, "the cohort has no follow-up")
    limits = ["hr", "ci_low", "ci_high"]
    table[limits] = table[limits].where(table[limits].abs() < float("inf"))
    return StepResult(table, details={f"{row['endpoint']}_p": float(row["p"]) for row in table.to_dict("records")})


@step(
    FEATURE_CELL_CORRELATION,
    version="3",
    reads=[SIGNATURE_IMPORTANCE, SIGNATURE_PATIENTS, TME_PHENOTYPES, CELL_SCORES],
)
def feature_cell_correlation(scope: Scope) -> StepResult:
    """Correlate the twenty most important features with the cell populations of the same patients (Spearman).

    These features were chosen by labels that were made from the same populations, so the FDR is over all features, not
    over the twenty.
    """
    importance = scope.read(SIGNATURE_IMPORTANCE)
    if importance.empty:
        return empty(scope, "no signature")
    features, top = list(importance["feature"]), importance.nsmallest(_TOP, "rank")["feature"]
    patients = scope.read(SIGNATURE_PATIENTS)
    parts = []
    for cohort, rows in patients.groupby("cohort"):
        label = scope.read(TME_PHENOTYPES, str(cohort), columns=["model_cohort", "method"]).iloc[0]
        # Labels taken by patient come with that cohort's scores; labels by its model rest on the cohort's own.
        source = str(label["model_cohort"] if label["method"] == "patient" else cohort)
        found = spearman_table(rows.set_index("patient_id")[features], population_scores(scope, source).T)
        searched = int(found["p"].notna().sum())
        parts.append(found[found["feature"].isin(top)].assign(cohort=cohort, pairs_searched=searched))
    table = pd.concat(parts, ignore_index=True)
    return StepResult(table, details={"pairs": len(table), "pairs_fdr_below_0.05": int((table["fdr"] < 0.05).sum())})
