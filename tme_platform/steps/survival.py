"""Steps of the survival stage by phenotype, on every time-to-event endpoint.

Cell populations belong in `population_survival`.
"""

import pandas as pd

from tme_platform.steps.follow_up import FOLLOW_UP, finite_ratios, hot_or_cold, per_endpoint
from tme_platform.steps.reading import subgroups
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.survival import (
    adjusted_cox,
    clinical_terms,
    cox_influence,
    cox_univariate,
    kaplan_meier,
    log_rank,
    median_survival,
    proportional_hazards_test,
    restricted_mean,
)
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.survival import (
    MULTIVARIABLE_SURVIVAL,
    RESTRICTED_MEAN_SURVIVAL,
    SURVIVAL_CURVES,
    SURVIVAL_TESTS,
)

_RECEPTORS_INSTEAD = {"er": "pam50", "pr": "pam50", "her2": "pam50"}
"""Receptor status enters a model only if the intrinsic subtype, which it largely follows, does not."""


@step(SURVIVAL_CURVES, version="2", reads=FOLLOW_UP)
def survival_curves(scope: Scope) -> StepResult:
    """Estimate survival of all, hot and cold tumours by Kaplan-Meier, with numbers at risk."""

    def curves(followed: pd.DataFrame) -> pd.DataFrame:
        everyone = pd.concat([followed.assign(phenotype="all"), followed])
        found = kaplan_meier(everyone["time_days"], everyone["event"], everyone["phenotype"])
        return found.rename(columns={"group": "phenotype", "time": "time_days"})

    table = per_endpoint(scope, curves)
    return empty(scope, table) if isinstance(table, str) else StepResult(table)


@step(SURVIVAL_TESTS, version="3", reads=FOLLOW_UP)
def survival_tests(scope: Scope) -> StepResult:
    """Compare survival of hot and cold tumours by the log-rank test, in all patients and in subgroups."""
    least = scope.study.survival.min_events

    def tested(followed: pd.DataFrame) -> pd.DataFrame:
        parts = {"all": followed}
        for name, members in subgroups(scope).items():
            own = followed[members.reindex(followed.index).eq(True)]
            if own["event"].sum() >= least and len(own["phenotype"].dropna().unique()) > 1:
                parts[name] = own
        return pd.DataFrame([_tested(part) | {"subgroup": name} for name, part in parts.items()])

    table = per_endpoint(scope, tested)
    if isinstance(table, str):
        return empty(scope, table)
    details = {
        f"{row['endpoint']}_{name}": row[column]
        for row in table[table["subgroup"] == "all"].to_dict("records")
        for name, column in (("log_rank_p", "p"), ("n", "n"), ("events", "n_events"), ("hr_hot", "hr_hot"))
    }
    return StepResult(table, details=details)


def _tested(followed: pd.DataFrame) -> dict[str, object]:
    usable = followed.dropna()
    test = log_rank(usable["time_days"], usable["event"], usable["phenotype"])
    medians = median_survival(usable["time_days"], usable["event"], usable["phenotype"]).set_index("group")
    two = hot_or_cold(followed)
    fitted = cox_univariate(two, "time_days", "event", ["hot"])
    ratio = finite_ratios(fitted.merge(cox_influence(two, "time_days", "event", ["hot"]), on="covariate")).iloc[0]
    proportional = proportional_hazards_test(two, "time_days", "event", ["hot"]).iloc[0]
    return {
        "comparison": "phenotypes",
        "n": len(usable),
        "n_events": int(usable["event"].sum()),
        "n_left_out": len(followed) - len(usable),
        "statistic": test.statistic,
        "p": test.p,
        "hr_hot": ratio["hr"],
        "hr_low": ratio["ci_low"],
        "hr_high": ratio["ci_high"],
        "hr_without_influential": ratio["hr_without_influential"],
        "caution": ratio["caution"],
        "proportional_hazards_p": proportional["p"],
        **{
            f"median_{phenotype}_{part}": medians[column].get(phenotype)
            for phenotype in ("hot", "cold")
            for part, column in (("days", "median"), ("low_days", "ci_low"), ("high_days", "ci_high"))
        },
        "reason": test.reason or ratio["reason"],
    }


@step(RESTRICTED_MEAN_SURVIVAL, version="1", reads=FOLLOW_UP)
def restricted_mean_survival(scope: Scope) -> StepResult:
    """Compare the mean survival of hot and cold tumours up to a limit, without assuming proportional hazards."""

    def means(followed: pd.DataFrame) -> pd.DataFrame:
        two = hot_or_cold(followed)
        found = restricted_mean(two["time_days"], two["event"], two["phenotype"], "hot", "cold")
        names = {"group": "phenotype", "tau": "tau_days", "events": "n_events", "mean": "mean_days"}
        found = found.rename(columns=names).drop(columns="se")
        return found.assign(
            phenotype=found["phenotype"].replace("difference", "hot minus cold"),
            reason=found["reason"].replace("", None),
        )

    table = per_endpoint(scope, means)
    return empty(scope, table) if isinstance(table, str) else StepResult(table)


@step(MULTIVARIABLE_SURVIVAL, version="1", reads=FOLLOW_UP)
def multivariable_survival(scope: Scope) -> StepResult:
    """Adjust the hazard ratio of hot against cold for age, stage, subtype and other recorded variables (Cox)."""
    settings = scope.study.survival

    def adjusted(followed: pd.DataFrame) -> pd.DataFrame:
        two = hot_or_cold(followed)
        clinical = scope.read(PATIENTS, columns=["patient_id", *settings.covariates]).set_index("patient_id")
        clinical = clinical.reindex(two.index)
        found = adjusted_cox(
            two,
            "time_days",
            "event",
            "hot",
            clinical_terms(clinical, two["event"], settings.covariates),
            events_per_term=settings.events_per_term,
            instead=_RECEPTORS_INSTEAD,
        ).rename(columns={"events": "n_events"})
        found["term"] = found["term"].replace("hot", "hot against cold")
        found["covariate"] = found["covariate"].replace("hot", "phenotype")
        return finite_ratios(found)

    table = per_endpoint(scope, adjusted)
    if isinstance(table, str):
        return empty(scope, table)
    own = table[table["covariate"] == "phenotype"]
    details = {f"{row['endpoint']}_hr_hot_adjusted": row["hr"] for row in own.to_dict("records")}
    return StepResult(table, details=details)
