"""Steps of the survival stage: every time-to-event endpoint by phenotype and by cell population."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tme_platform.steps.reading import population_scores, time_endpoints
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.survival import (
    cox_univariate,
    kaplan_meier,
    log_rank,
    median_survival,
    proportional_hazards_test,
    youden_split,
)
from tme_platform.tables.cohorts import CLINICAL_OTHER, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.survival import POPULATION_CUT_POINTS, POPULATION_SURVIVAL, SURVIVAL_CURVES, SURVIVAL_TESTS

_READS = (PATIENTS, CLINICAL_OTHER, TME_PHENOTYPES)
_TOO_WIDE = 1000
"""Upper over lower limit of a hazard ratio of which nothing is known."""


def _per_endpoint(
    scope: Scope, analyse: Callable[[pd.DataFrame], pd.DataFrame], *, needs_scores: bool = False
) -> pd.DataFrame | str:
    """Analyse every endpoint with enough events; the tables together with their `endpoint`, or why there are none.

    `analyse` takes the patients with a phenotype: time_days, event, phenotype, by patient; survival may be missing.
    """
    labels = scope.read(TME_PHENOTYPES, columns=["patient_id", "phenotype"]).set_index("patient_id")
    if labels.empty:  # then it is not looked at who the patients are, and a further one is no reason to run
        return "the cohort has no phenotypes"
    labels = labels.astype("object")
    least, parts, few = scope.study.survival.min_events, [], []
    if needs_scores and not scope.has_rows(CELL_SCORES):
        return "the cohort has no scores of its own"
    for name, times in time_endpoints(scope).items():
        followed = times.reindex(labels.index).assign(phenotype=labels["phenotype"])
        events = followed["event"].sum()
        if events >= least:
            parts.append(analyse(followed).assign(endpoint=name))
        else:
            few.append(f"{name}: {events:.0f} events with phenotype, fewer than {least}")
    return pd.concat(parts, ignore_index=True) if parts else "; ".join(few) or "no survival data"


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios that run to infinity (one side without an event) as missing, with the reason; and which say nothing."""
    ratios = ["hr", "ci_low", "ci_high"]
    runaway = np.isinf(table[ratios].to_numpy(dtype=float)).any(axis=1)
    table[ratios] = table[ratios].mask(np.isinf(table[ratios]))
    reason = table["reason"].replace("", None).mask(runaway, "no finite hazard ratio: one side has no events")
    unknown = table["ci_high"] > _TOO_WIDE * table["ci_low"]
    return table.assign(reason=reason.mask(unknown, f"nothing is known: the interval spans more than {_TOO_WIDE}-fold"))


@step(SURVIVAL_CURVES, version="2", reads=_READS)
def survival_curves(scope: Scope) -> StepResult:
    """Estimate survival of all, hot and cold tumours by Kaplan-Meier, with numbers at risk."""

    def curves(followed: pd.DataFrame) -> pd.DataFrame:
        everyone = pd.concat([followed.assign(phenotype="all"), followed])
        found = kaplan_meier(everyone["time_days"], everyone["event"], everyone["phenotype"])
        return found.rename(columns={"group": "phenotype", "time": "time_days"})

    table = _per_endpoint(scope, curves)
    return empty(scope, table) if isinstance(table, str) else StepResult(table)


@step(SURVIVAL_TESTS, version="2", reads=_READS)
def survival_tests(scope: Scope) -> StepResult:
    """Compare survival of hot and cold tumours by the log-rank test."""
    table = _per_endpoint(scope, _tested)
    if isinstance(table, str):
        return empty(scope, table)
    details = {
        f"{row['endpoint']}_{name}": row[column]
        for row in table.to_dict("records")
        for name, column in (("log_rank_p", "p"), ("n", "n"), ("events", "n_events"), ("hr_hot", "hr_hot"))
    }
    return StepResult(table, details=details)


def _tested(followed: pd.DataFrame) -> pd.DataFrame:
    usable = followed.dropna()
    test = log_rank(usable["time_days"], usable["event"], usable["phenotype"])
    medians = median_survival(usable["time_days"], usable["event"], usable["phenotype"]).set_index("group")
    two = usable[usable["phenotype"].isin(["hot", "cold"])].assign(
        hot=lambda rows: (rows["phenotype"] == "hot").astype(float)
    )
    ratio = _finite(cox_univariate(two, "time_days", "event", ["hot"])).iloc[0]
    proportional = proportional_hazards_test(two, "time_days", "event", ["hot"]).iloc[0]
    row = {
        "comparison": "phenotypes",
        "n": len(usable),
        "n_events": int(usable["event"].sum()),
        "n_left_out": len(followed) - len(usable),
        "statistic": test.statistic,
        "p": test.p,
        "hr_hot": ratio["hr"],
        "hr_low": ratio["ci_low"],
        "hr_high": ratio["ci_high"],
        "proportional_hazards_p": proportional["p"],
        **{
            f"median_{phenotype}_{part}": medians[column].get(phenotype)
            for phenotype in ("hot", "cold")
            for part, column in (("days", "median"), ("low_days", "ci_low"), ("high_days", "ci_high"))
        },
        "reason": test.reason or None,
    }
    return pd.DataFrame([row])


@step(POPULATION_SURVIVAL, version="3", reads=[*_READS, CELL_SCORES])
def population_survival(scope: Scope) -> StepResult:
    """Relate each population to survival, alone, in all, hot and cold tumours (Cox, FDR within each)."""

    def fitted(followed: pd.DataFrame) -> pd.DataFrame:
        scores = population_scores(scope)
        joined = followed.join(scores.T, how="inner")
        standardise = scope.study.survival.standardise
        parts = []
        for name, patients in {"all": joined, **dict(tuple(joined.groupby("phenotype")))}.items():
            fits = cox_univariate(patients, "time_days", "event", list(scores.index), standardise=standardise)
            tests = proportional_hazards_test(patients, "time_days", "event", list(scores.index))
            p = tests.set_index("covariate")["p"]
            parts.append(fits.assign(patients=name, proportional_hazards_p=fits["covariate"].map(p)))
        found = pd.concat(parts, ignore_index=True).rename(columns={"covariate": "population", "events": "n_events"})
        return _finite(found)

    table = _per_endpoint(scope, fitted, needs_scores=True)
    if isinstance(table, str):
        return empty(scope, table)
    significant = table[(table["patients"] == "all") & (table["fdr"] < 0.05)].groupby("endpoint").size()
    details = {
        f"{name}_populations_fdr_below_0.05": int(significant.get(name, 0)) for name in table["endpoint"].unique()
    }
    return StepResult(table, details=details)


@step(POPULATION_CUT_POINTS, version="3", reads=[*_READS, CELL_SCORES])
def population_cut_points(scope: Scope) -> StepResult:
    """Split each population at its Youden cut, and correct the p-value for having chosen the cut on the outcome."""

    def split(followed: pd.DataFrame) -> pd.DataFrame:
        scores = population_scores(scope)
        found = youden_split(followed.join(scores.T, how="inner"), "time_days", "event", list(scores.index))
        return _finite(found.rename(columns={"covariate": "population", "events": "n_events"}))

    table = _per_endpoint(scope, split, needs_scores=True)
    if isinstance(table, str):
        return empty(scope, table)
    naive, corrected = int((table["p_naive"] < 0.05).sum()), int((table["p_corrected"] < 0.05).sum())
    return StepResult(table, details={"p_naive_below_0.05": naive, "p_corrected_below_0.05": corrected})
