"""Steps of the survival stage: overall survival by phenotype and by cell population."""

import numpy as np
import pandas as pd

from tme_platform.steps.reading import population_scores
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
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.survival import POPULATION_CUT_POINTS, POPULATION_SURVIVAL, SURVIVAL_CURVES, SURVIVAL_TESTS


def _followed(scope: Scope) -> pd.DataFrame:
    """Patients with a phenotype: os_days, os_event, phenotype, by patient; survival may be missing."""
    labels = scope.read(TME_PHENOTYPES, columns=["patient_id", "phenotype"])
    if labels.empty:  # then it is not looked at who the patients are, and a further one is no reason to run
        return pd.DataFrame(columns=["os_days", "os_event", "phenotype"], dtype=float)
    clinical = scope.read(PATIENTS, columns=["patient_id", "os_days", "os_event"])
    joined = labels.merge(clinical, on="patient_id", how="left").set_index("patient_id")
    return joined.astype({"os_event": "float64", "phenotype": "object"})


_TOO_WIDE = 1000
"""Upper over lower limit of a hazard ratio of which nothing is known."""


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios that run to infinity (one side without a death) as missing, with the reason; and which say nothing."""
    ratios = ["hr", "ci_low", "ci_high"]
    runaway = np.isinf(table[ratios].to_numpy(dtype=float)).any(axis=1)
    table[ratios] = table[ratios].mask(np.isinf(table[ratios]))
    reason = table["reason"].replace("", None).mask(runaway, "no finite hazard ratio: one side has no deaths")
    unknown = table["ci_high"] > _TOO_WIDE * table["ci_low"]
    return table.assign(reason=reason.mask(unknown, f"nothing is known: the interval spans more than {_TOO_WIDE}-fold"))


def _enough(scope: Scope, followed: pd.DataFrame) -> str | None:
    """Why survival cannot be looked at, or None."""
    least = scope.study.survival.min_events
    events = followed["os_event"].where(followed["os_days"].notna()).sum()
    return None if events >= least else f"{events:.0f} deaths with survival and phenotype, fewer than {least}"


@step(SURVIVAL_CURVES, version="1", reads=[PATIENTS, TME_PHENOTYPES])
def survival_curves(scope: Scope) -> StepResult:
    """Estimate overall survival of all, hot and cold tumours by Kaplan-Meier, with numbers at risk."""
    followed = _followed(scope)
    if reason := _enough(scope, followed):
        return empty(scope, reason)
    everyone = pd.concat([followed.assign(phenotype="all"), followed])
    curves = kaplan_meier(everyone["os_days"], everyone["os_event"], everyone["phenotype"])
    return StepResult(curves.rename(columns={"group": "phenotype", "time": "time_days"}))


@step(SURVIVAL_TESTS, version="1", reads=[PATIENTS, TME_PHENOTYPES])
def survival_tests(scope: Scope) -> StepResult:
    """Compare overall survival of hot and cold tumours by the log-rank test."""
    followed = _followed(scope)
    if reason := _enough(scope, followed):
        return empty(scope, reason)
    usable = followed.dropna()
    test = log_rank(usable["os_days"], usable["os_event"], usable["phenotype"])
    medians = median_survival(usable["os_days"], usable["os_event"], usable["phenotype"]).set_index("group")
    two = usable[usable["phenotype"].isin(["hot", "cold"])].assign(
        hot=lambda rows: (rows["phenotype"] == "hot").astype(float)
    )
    ratio = _finite(cox_univariate(two, "os_days", "os_event", ["hot"])).iloc[0]
    proportional = proportional_hazards_test(two, "os_days", "os_event", ["hot"]).iloc[0]
    row = {
        "comparison": "phenotypes",
        "n": len(usable),
        "n_events": int(usable["os_event"].sum()),
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
    details = {"log_rank_p": test.p, "n": len(usable), "deaths": row["n_events"], "hr_hot": float(ratio["hr"])}
    return StepResult(pd.DataFrame([row]), details=details)


@step(POPULATION_SURVIVAL, version="2", reads=[PATIENTS, TME_PHENOTYPES, CELL_SCORES])
def population_survival(scope: Scope) -> StepResult:
    """Relate each population to overall survival, alone, in all, hot and cold tumours (Cox, FDR within each)."""
    followed = _followed(scope)
    if (reason := _enough(scope, followed)) or not scope.has_rows(CELL_SCORES):
        return empty(scope, reason or "the cohort has no scores of its own")
    scores = population_scores(scope)
    joined = followed.join(scores.T, how="inner")
    standardise = scope.study.survival.standardise
    parts = []
    for name, patients in {"all": joined, **dict(tuple(joined.groupby("phenotype")))}.items():
        fits = cox_univariate(patients, "os_days", "os_event", list(scores.index), standardise=standardise)
        tests = proportional_hazards_test(patients, "os_days", "os_event", list(scores.index)).set_index("covariate")[
            "p"
        ]
        parts.append(fits.assign(patients=name, proportional_hazards_p=fits["covariate"].map(tests)))
    table = pd.concat(parts, ignore_index=True).rename(columns={"covariate": "population", "events": "n_events"})
    table = _finite(table)
    significant = table.query("patients == 'all' and fdr < 0.05")
    return StepResult(table, details={"populations_fdr_below_0.05": len(significant)})


@step(POPULATION_CUT_POINTS, version="2", reads=[PATIENTS, TME_PHENOTYPES, CELL_SCORES])
def population_cut_points(scope: Scope) -> StepResult:
    """Split each population at its Youden cut, and correct the p-value for having chosen the cut on the outcome."""
    followed = _followed(scope)
    if (reason := _enough(scope, followed)) or not scope.has_rows(CELL_SCORES):
        return empty(scope, reason or "the cohort has no scores of its own")
    scores = population_scores(scope)
    table = youden_split(followed.join(scores.T, how="inner"), "os_days", "os_event", list(scores.index))
    table = table.rename(columns={"covariate": "population", "events": "n_events"})
    table = _finite(table)
    naive, corrected = int((table["p_naive"] < 0.05).sum()), int((table["p_corrected"] < 0.05).sum())
    return StepResult(table, details={"p_naive_below_0.05": naive, "p_corrected_below_0.05": corrected})
