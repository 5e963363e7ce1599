"""Overall survival of the phenotypes and by population. The estimators are `survival`'s."""

import pandas as pd

from tme_platform.lake.tables import (
    CELL_SCORES,
    PATIENTS,
    POPULATION_SURVIVAL,
    SURVIVAL_CURVES,
    SURVIVAL_TESTS,
    TME_PHENOTYPES,
)
from tme_platform.orchestration.assets.expression import population_scores
from tme_platform.orchestration.scope import Scope
from tme_platform.orchestration.table_asset import Made, table_asset
from tme_platform.survival import cox_univariate, kaplan_meier, log_rank, median_survival


def _followed(scope: Scope) -> pd.DataFrame:
    """Patients with a phenotype: os_days, os_event, phenotype, by patient; survival may be missing."""
    clinical = scope.table(PATIENTS, columns=["patient_id", "os_days", "os_event"])
    labels = scope.table(TME_PHENOTYPES, columns=["patient_id", "phenotype"])
    joined = labels.merge(clinical, on="patient_id", how="left").set_index("patient_id")
    return joined.astype({"os_event": "float64", "phenotype": "object"})


def _enough(scope: Scope, followed: pd.DataFrame) -> str | None:
    """Why survival cannot be looked at, or None."""
    least = scope.use(scope.study.survival).min_events
    events = followed["os_event"].where(followed["os_days"].notna()).sum()
    return None if events >= least else f"{events:.0f} deaths with survival and phenotype, fewer than {least}"


@table_asset(SURVIVAL_CURVES, code_version="1", deps=[PATIENTS, TME_PHENOTYPES])
def survival_curves(scope: Scope) -> Made:
    """Estimate overall survival of all, hot and cold tumours by Kaplan-Meier, with numbers at risk."""
    followed = _followed(scope)
    if reason := _enough(scope, followed):
        return Made(pd.DataFrame(columns=[c.name for c in SURVIVAL_CURVES.columns]), details={"note": reason})
    everyone = pd.concat([followed.assign(phenotype="all"), followed])
    curves = kaplan_meier(everyone["os_days"], everyone["os_event"], everyone["phenotype"])
    return Made(curves.rename(columns={"group": "phenotype", "time": "time_days"}))


@table_asset(SURVIVAL_TESTS, code_version="1", deps=[PATIENTS, TME_PHENOTYPES])
def survival_tests(scope: Scope) -> Made:
    """Compare overall survival of hot and cold tumours by the log-rank test."""
    followed = _followed(scope)
    if reason := _enough(scope, followed):
        return Made(pd.DataFrame(columns=[c.name for c in SURVIVAL_TESTS.columns]), details={"note": reason})
    usable = followed.dropna()
    test = log_rank(usable["os_days"], usable["os_event"], usable["phenotype"])
    medians = median_survival(usable["os_days"], usable["os_event"], usable["phenotype"]).set_index("group")["median"]
    row = {
        "comparison": "phenotypes",
        "n": len(usable),
        "n_events": int(usable["os_event"].sum()),
        "n_left_out": len(followed) - len(usable),
        "statistic": test.statistic,
        "p": test.p,
        "median_hot_days": medians.get("hot"),
        "median_cold_days": medians.get("cold"),
        "reason": test.reason or None,
    }
    return Made(pd.DataFrame([row]), details={"log_rank_p": test.p, "n": len(usable), "deaths": row["n_events"]})


@table_asset(POPULATION_SURVIVAL, code_version="1", deps=[PATIENTS, TME_PHENOTYPES, CELL_SCORES])
def population_survival(scope: Scope) -> Made:
    """Relate each population to overall survival, alone, in all, hot and cold tumours (Cox, FDR within each)."""
    columns = [column.name for column in POPULATION_SURVIVAL.columns]
    followed = _followed(scope)
    if (reason := _enough(scope, followed)) or not scope.has_rows(CELL_SCORES):
        return Made(pd.DataFrame(columns=columns), details={"note": reason or "the cohort has no scores of its own"})
    scores = population_scores(scope)
    joined = followed.join(scores.T, how="inner")
    standardise = scope.use(scope.study.survival).standardise
    parts = []
    for name, patients in {"all": joined, **dict(tuple(joined.groupby("phenotype")))}.items():
        fits = cox_univariate(patients, "os_days", "os_event", list(scores.index), standardise=standardise)
        parts.append(fits.assign(patients=name))
    table = pd.concat(parts, ignore_index=True).rename(columns={"covariate": "population", "events": "n_events"})
    table["reason"] = table["reason"].replace("", None)
    significant = table.query("patients == 'all' and fdr < 0.05")
    return Made(table[columns], details={"populations_fdr_below_0.05": len(significant)})
