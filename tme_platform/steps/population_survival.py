"""Steps of the survival stage by cell population, on every time-to-event endpoint. Phenotypes belong in `survival`."""

import numpy as np
import pandas as pd

from tme_platform.expression.lineages import DETECTION_LIMIT
from tme_platform.steps.follow_up import FOLLOW_UP, finite_ratios, per_endpoint
from tme_platform.steps.reading import population_scores, time_endpoints
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.survival import cox_influence, cox_univariate, kaplan_meier, proportional_hazards_test, youden_split
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.survival import POPULATION_CURVES, POPULATION_CUT_POINTS, POPULATION_SURVIVAL


def _scores(scope: Scope) -> tuple[pd.DataFrame, str]:
    """The scores, patients x populations, and their scale. Raw fractions, which are skewed, are put on a log scale."""
    scores = population_scores(scope).T
    source = scope.declaration("cell_scores").cell_scores
    if source is None or source.kind != "fractions":
        return scores, "score"
    if source.lineages is None:
        scores = pd.DataFrame(np.log10(scores.where(scores >= 0) + DETECTION_LIMIT))
    return scores, "log10_fraction"


@step(POPULATION_SURVIVAL, version="4", reads=[*FOLLOW_UP, CELL_SCORES])
def population_survival(scope: Scope) -> StepResult:
    """Relate each population to survival, alone, in all, hot and cold tumours (Cox, FDR within each)."""

    def fitted(followed: pd.DataFrame) -> pd.DataFrame:
        scores, scale = _scores(scope)
        joined, names = followed.join(scores, how="inner"), [str(name) for name in scores]
        standardise = scope.study.survival.standardise
        parts = []
        for name, patients in {"all": joined, **dict(tuple(joined.groupby("phenotype")))}.items():
            fits = cox_univariate(patients, "time_days", "event", names, standardise=standardise)
            tests = proportional_hazards_test(patients, "time_days", "event", names)
            influence = cox_influence(patients, "time_days", "event", names, standardise=standardise)
            p = tests.set_index("covariate")["p"]
            fits = fits.merge(influence, on="covariate")
            parts.append(fits.assign(patients=name, scale=scale, proportional_hazards_p=fits["covariate"].map(p)))
        found = pd.concat(parts, ignore_index=True).rename(columns={"covariate": "population", "events": "n_events"})
        return finite_ratios(found)

    table = per_endpoint(scope, fitted, needs_scores=True)
    if isinstance(table, str):
        return empty(scope, table)
    significant = table[(table["patients"] == "all") & (table["fdr"] < 0.05)].groupby("endpoint").size()
    details = {
        f"{name}_populations_fdr_below_0.05": int(significant.get(name, 0)) for name in table["endpoint"].unique()
    }
    return StepResult(table, details=details)


@step(POPULATION_CUT_POINTS, version="4", reads=[*FOLLOW_UP, CELL_SCORES])
def population_cut_points(scope: Scope) -> StepResult:
    """Split each population at its Youden cut, and correct the p-value for having chosen the cut on the outcome."""

    def split(followed: pd.DataFrame) -> pd.DataFrame:
        scores, scale = _scores(scope)
        joined = followed.join(scores, how="inner")
        found = youden_split(joined, "time_days", "event", [str(name) for name in scores])
        high = _above(joined, found.set_index("covariate")["threshold"])
        influence = cox_influence(followed.join(high, how="inner"), "time_days", "event", [str(name) for name in high])
        found = found.merge(influence, on="covariate", how="left").assign(scale=scale)
        return finite_ratios(found.rename(columns={"covariate": "population", "events": "n_events"}))

    table = per_endpoint(scope, split, needs_scores=True)
    if isinstance(table, str):
        return empty(scope, table)
    naive, corrected = int((table["p_naive"] < 0.05).sum()), int((table["p_corrected"] < 0.05).sum())
    return StepResult(table, details={"p_naive_below_0.05": naive, "p_corrected_below_0.05": corrected})


def _above(scores: pd.DataFrame, thresholds: pd.Series) -> pd.DataFrame:
    """1 above and 0 at or below the threshold of each population that has one; missing where the score is."""
    known = thresholds.dropna()
    return (scores[list(known.index)] > known).astype("float64").where(scores[list(known.index)].notna())


@step(POPULATION_CURVES, version="1", reads=[*FOLLOW_UP, CELL_SCORES, POPULATION_CUT_POINTS])
def population_curves(scope: Scope) -> StepResult:
    """Estimate survival above and below the Youden cut of each population by Kaplan-Meier."""
    cuts = scope.read(POPULATION_CUT_POINTS, columns=["endpoint", "population", "threshold"]).dropna()
    if cuts.empty:
        return empty(scope, "no population has a cut")
    scores, _ = _scores(scope)
    patients = scope.read(TME_PHENOTYPES, columns=["patient_id"])["patient_id"]
    followed, parts = time_endpoints(scope), []
    for (endpoint, population), rows in cuts.groupby(["endpoint", "population"], sort=False):
        joined = followed[str(endpoint)].reindex(patients).join(scores[population], how="inner").dropna()
        level = np.where(joined[population] > rows["threshold"].item(), "high", "low")
        found = kaplan_meier(joined["time_days"], joined["event"], level)
        parts.append(found.assign(endpoint=str(endpoint), population=str(population)))
    return StepResult(pd.concat(parts, ignore_index=True).rename(columns={"group": "level", "time": "time_days"}))
