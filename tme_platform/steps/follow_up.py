"""Follow-up of patients with a phenotype by endpoint, which the survival steps share. Steps belong in `survival`."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tme_platform.steps.finite import with_wide_intervals_named, without_infinite
from tme_platform.steps.reading import time_endpoints
from tme_platform.steps.scope import Scope
from tme_platform.tables.cohorts import CLINICAL_OTHER, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.phenotypes import TME_PHENOTYPES

FOLLOW_UP = (PATIENTS, CLINICAL_OTHER, TME_PHENOTYPES)
"""What `per_endpoint` reads."""


def per_endpoint(
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


def finite_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios that run to infinity (one side without an event) as missing, with the reason; and which say nothing.

    An empty `caution` or `reason` is missing.
    """
    ratios = ["hr", "ci_low", "ci_high"]
    runaway = np.isinf(table[ratios].to_numpy(dtype=float)).any(axis=1)
    table = without_infinite(table, [*ratios, "hr_without_influential"])
    reason = table["reason"].replace("", None).mask(runaway, "no finite hazard ratio: one side has no events")
    return with_wide_intervals_named(table.assign(reason=reason, caution=table["caution"].replace("", None)))


def hot_or_cold(followed: pd.DataFrame) -> pd.DataFrame:
    """The patients with follow-up who are hot (``hot`` = 1) or cold (0)."""
    known = followed.dropna()
    two = known[known["phenotype"].isin(["hot", "cold"])]
    return two.assign(hot=(two["phenotype"] == "hot").astype(float))
