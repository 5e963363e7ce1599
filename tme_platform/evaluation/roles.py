"""Evaluate a cohort's scores against binary endpoints, in all patients and in subgroups.

Endpoints are defined in `endpoints`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.evaluation.scores import METRIC_COLUMNS, Analysis, evaluate_scores

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_ENDPOINTS = {
    "immune_phenotype": ("inflamed", "pd_l1_positive"),
    "immunotherapy": ("objective_response", "disease_control", "pd_l1_positive"),
}
"""Endpoints that the rad-score is evaluated against, by role; those that a cohort declares itself are added."""


def evaluate_endpoints(
    score: pd.Series,
    outcomes: Mapping[str, pd.Series],
    subgroups: Mapping[str, pd.Series],
    *,
    threshold: float,
    cohort: str = "",
    prevalence: float | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Evaluate a rad-score against endpoints, in all patients and in subgroups.

    Parameters
    ----------
    score
        Rad-score by patient.
    outcomes
        1, 0 or missing by patient, by endpoint; patients without a score are left out.
    subgroups
        Which patients belong to it, by subgroup.
    threshold
        Threshold locked on the discovery cohort, for the "honest" rows. The "paper" rows choose one in this cohort.
    cohort, prevalence, seed
        As for `evaluate_scores`.

    Returns
    -------
    pandas.DataFrame
        Columns `METRIC_COLUMNS`. An endpoint without known outcomes has no rows. If a subgroup has only one outcome,
        its values are NaN with a reason.
    """
    score = score.dropna()
    thresholds: dict[Analysis, float | None] = {"paper": None, "honest": threshold}
    parts = []
    for endpoint, outcome in outcomes.items():
        known = outcome.dropna()
        patients = known.index.intersection(score.index, sort=True)
        everyone = pd.Series(True, index=patients)
        for subgroup, members in {"all": everyone, **subgroups}.items():
            chosen = patients[members.reindex(patients, fill_value=False).to_numpy()]
            if chosen.empty:
                continue
            for analysis, cut in thresholds.items():
                parts.append(
                    evaluate_scores(
                        known[chosen].to_numpy(),
                        score[chosen].to_numpy(),
                        endpoint=endpoint,
                        analysis=analysis,
                        threshold=cut,
                        cohort=cohort,
                        subgroup=subgroup,
                        prevalence=prevalence,
                        seed=seed,
                    )
                )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(METRIC_COLUMNS))
