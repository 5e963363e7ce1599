"""Steps on the response to treatment: by phenotype, by cell population, and by both together with the treatment.

The statistics are `evaluation`'s.
"""

from collections.abc import Iterator

import pandas as pd

from tme_platform.evaluation import OddsRatio, benjamini_hochberg, interaction, odds_per_sd, odds_ratio
from tme_platform.steps.evaluation import scored_patients
from tme_platform.steps.finite import with_wide_intervals_named, without_infinite
from tme_platform.steps.reading import (
    binary_endpoints,
    clinical_by_patient,
    hot_or_cold,
    population_scores,
    time_endpoints,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import CLINICAL_OTHER, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.response import PHENOTYPE_RESPONSE, POPULATION_RESPONSE, TREATMENT_INTERACTION
from tme_platform.tables.signature import OUT_OF_FOLD_SCORES, RAD_SCORES

_ALL = "all"
_VOLUME = "tumour_volume_ml"
"""The imaging variable that a cohort without images may bring."""
_NO_OUTCOME = "no patient has a binary endpoint"
_NO_SCORES = "the cohort has no scores of its own"


def _arms(scope: Scope) -> pd.Series:
    """Treatment arm by patient, of those who have one."""
    arms = scope.read(PATIENTS, columns=["patient_id", "arm"]).set_index("patient_id")["arm"]
    return arms.astype("object").dropna()


def _by_arm(outcome: pd.Series, arms: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """The known outcomes of all patients and, where there are several arms, of each arm."""
    known = outcome.dropna()
    yield _ALL, known
    treated = arms.reindex(known.index).dropna()
    by_arm = [(str(arm), known[patients.index]) for arm, patients in treated.groupby(treated)]
    if len(by_arm) > 1:
        yield from by_arm


@step(PHENOTYPE_RESPONSE, version="1", reads=[TME_PHENOTYPES, PATIENTS, CLINICAL_OTHER])
def phenotype_response(scope: Scope) -> StepResult:
    """Compare hot with cold tumours: shares with Wilson's interval, odds ratio with its exact interval (Fisher)."""
    phenotype = hot_or_cold(scope)
    if phenotype.empty:
        return empty(scope, "the cohort has no phenotypes")
    arms, rows = _arms(scope), []
    for endpoint, outcome in binary_endpoints(scope).items():
        for arm, known in _by_arm(outcome.reindex(phenotype.index), arms):
            if len(known):
                found = odds_ratio(known, phenotype[known.index] == "hot")
                rows.append({"endpoint": endpoint, "arm": arm, **_shares(found)})
    if not rows:
        return empty(scope, _NO_OUTCOME)
    table = with_wide_intervals_named(without_infinite(pd.DataFrame(rows), ["odds_ratio", "ci_low", "ci_high"]))
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy(dtype=float))
    whole = table[table["arm"] == _ALL].dropna(subset=["p"]).set_index("endpoint")["p"]
    return StepResult(table, details={f"p_{endpoint}": float(p) for endpoint, p in whole.items()})


def _shares(found: OddsRatio) -> dict[str, object]:
    groups = {
        name.format(phenotype): value
        for phenotype, group in (("hot", found.first), ("cold", found.second))
        for name, value in (
            ("n_{}", group.n),
            ("positive_{}", group.n_positive),
            ("share_{}", group.share),
            ("share_{}_low", group.low),
            ("share_{}_high", group.high),
        )
    }
    return {
        "n": found.first.n + found.second.n,
        **groups,
        "odds_ratio": found.value,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p": found.p,
        "reason": found.reason,
    }


def _measured(scope: Scope) -> pd.DataFrame:
    """Populations by patient, and the tumour volume on MRI where it is known."""
    volume = scope.read(PATIENTS, columns=["patient_id", _VOLUME]).set_index("patient_id")[_VOLUME].astype("float64")
    scores = population_scores(scope).T
    return scores.join(volume) if volume.reindex(scores.index).notna().any() else scores


@step(POPULATION_RESPONSE, version="2", reads=[CELL_SCORES, PATIENTS, CLINICAL_OTHER])
def population_response(scope: Scope) -> StepResult:
    """Relate each population to each endpoint: odds ratio per standard deviation, and AUC."""
    if not scope.has_rows(CELL_SCORES):
        return empty(scope, _NO_SCORES)
    scores, arms, parts = _measured(scope), _arms(scope), []
    for endpoint, outcome in binary_endpoints(scope).items():
        for arm, known in _by_arm(outcome.reindex(scores.index), arms):
            if len(known):
                parts.append(odds_per_sd(known, scores).assign(endpoint=endpoint, arm=arm))
    if not parts:
        return empty(scope, _NO_OUTCOME)
    table = without_infinite(pd.concat(parts, ignore_index=True), ["odds_ratio", "ci_low", "ci_high"])
    table = with_wide_intervals_named(table).rename(columns={"score": "population"})
    significant = table[(table["arm"] == _ALL) & (table["fdr"] < 0.05)].groupby("endpoint").size()
    details = {f"{endpoint}_fdr_below_0.05": int(significant.get(endpoint, 0)) for endpoint in set(table["endpoint"])}
    return StepResult(table, details=dict(sorted(details.items())))


@step(
    TREATMENT_INTERACTION,
    version="1",
    reads=[TME_PHENOTYPES, CELL_SCORES, RAD_SCORES, OUT_OF_FOLD_SCORES, CLINICAL_OTHER],
    reads_all_cohorts=[PATIENTS],
)
def treatment_interaction(scope: Scope) -> StepResult:
    """Test predictor x arm in logistic and Cox regressions; discovery patients have their out-of-fold rad-score."""
    arms, control = _arms(scope), scope.declaration("control_arm").control_arm
    parts = list(_interactions(_predictors(scope), _outcomes(scope), arms, control)) if len(set(arms)) > 1 else []
    scores = scored_patients(scope)
    if len(scores):  # outcome and arm may stand with the same patients of another cohort, as in `cohort_metrics`
        arms = clinical_by_patient(scope, scope.own_cohort, ["arm"])["arm"].astype("object").dropna()
        if len(set(arms)) > 1:
            outcomes = _outcomes(scope, borrowed=True)
            parts += _interactions({"rad_score": scores["unseen"]}, outcomes, arms, control or _borrowed_control(scope))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return empty(scope, "fewer than two treatment arms have patients with an endpoint and a predictor")
    table = with_wide_intervals_named(without_infinite(table, ["ratio", "ci_low", "ci_high"]))
    by_test = table.groupby(["endpoint", "arm"])["p"]
    table["fdr"] = by_test.transform(lambda p: benjamini_hochberg(p.to_numpy(dtype=float)))
    details = {"tests": int(table["p"].notna().sum()), "tests_fdr_below_0.05": int((table["fdr"] < 0.05).sum())}
    return StepResult(table, details=details | {"control_arm": control or "none declared"})


def _borrowed_control(scope: Scope) -> str | None:
    """The control arm of the cohort that phenotypes, and with them arms, are taken from by patient."""
    source = scope.declaration("phenotypes").phenotypes
    if source is None or source.by != "patient" or source.cohort is None:
        return None
    return scope.declaration("control_arm", cohort=source.cohort).control_arm


def _outcomes(scope: Scope, *, borrowed: bool = False) -> list[tuple[str, str, pd.Series | pd.DataFrame]]:
    """Each endpoint: what its regression compares, its name, its outcome by patient."""
    binary, times = binary_endpoints(scope, borrowed=borrowed), time_endpoints(scope, borrowed=borrowed)
    return [
        *(("ratio of odds ratios", name, outcome) for name, outcome in binary.items()),
        *(("ratio of hazard ratios", name, followed) for name, followed in times.items()),
    ]


def _interactions(
    predictors: dict[str, pd.Series],
    outcomes: list[tuple[str, str, pd.Series | pd.DataFrame]],
    arms: pd.Series,
    control: str | None,
) -> Iterator[pd.DataFrame]:
    """Every predictor with every endpoint."""
    for name, values in predictors.items():
        for measure, endpoint, outcome in outcomes:
            found = interaction.treatment_interaction(outcome, values, arms, control=control, standardise=name != "hot")
            yield found.assign(endpoint=endpoint, predictor=name, measure=measure)


def _predictors(scope: Scope) -> dict[str, pd.Series]:
    """What the cohort itself knows of the tumours, by patient: the phenotype, and each population."""
    found: dict[str, pd.Series] = {}
    phenotype = hot_or_cold(scope)
    if len(phenotype):
        found["hot"] = (phenotype == "hot").astype("float64")
    if scope.has_rows(CELL_SCORES):
        found |= {str(name): values for name, values in _measured(scope).items()}
    return found
