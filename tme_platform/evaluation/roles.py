"""Evaluate a cohort's scores against the endpoints of its role. Endpoints are defined in `endpoints`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.evaluation.endpoints import ENDPOINTS, endpoint_outcome, subgroup_members
from tme_platform.evaluation.scores import METRIC_COLUMNS, Analysis, evaluate_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLE_ENDPOINTS = {
    "immune_phenotype": ("cd8_inflamed", "pd_l1_positive"),
    "immunotherapy": ("objective_response", "disease_control", "pd_l1_positive"),
}
"""Endpoints evaluated by role. A cohort of any other role is evaluated against all endpoints it has."""

_SUBGROUPS = ("all", "her2_positive", "her2_negative_hr_positive")


def evaluate_role(
    score: pd.Series,
    clinical: pd.DataFrame,
    *,
    role: str,
    threshold: float,
    cohort: str = "",
    endpoints: Sequence[str] | None = None,
    subgroups: Sequence[str] = _SUBGROUPS,
    prevalence: float | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Evaluate a rad-score against the endpoints of a role, in all patients and in subgroups.

    Parameters
    ----------
    score
        Rad-score by patient.
    clinical
        Canonical clinical columns by patient; patients without a score are left out.
    role
        ``immune_phenotype``, ``immunotherapy``, or another.
    threshold
        Threshold locked on the discovery cohort, for the "honest" rows. The "paper" rows choose one in this cohort.
    cohort, prevalence, seed
        As for `evaluate_scores`.
    endpoints, subgroups
        Override the endpoints of the role, and the subgroups.

    Returns
    -------
    pandas.DataFrame
        Columns `METRIC_COLUMNS`. An endpoint without known outcomes has no rows. If a subgroup has only one outcome,
        its values are NaN with a reason.
    """
    selected = endpoints if endpoints is not None else ROLE_ENDPOINTS.get(role, tuple(ENDPOINTS))
    patients = clinical.index.intersection(score.dropna().index, sort=True)
    clinical, score = clinical.loc[patients], score.loc[patients]
    thresholds: dict[Analysis, float | None] = {"paper": None, "honest": threshold}
    parts = []
    for endpoint in selected:
        outcome = endpoint_outcome(clinical, endpoint)
        for subgroup in subgroups:
            members = subgroup_members(clinical, subgroup) & outcome.notna()
            if not members.any():
                continue
            for analysis, cut in thresholds.items():
                parts.append(
                    evaluate_scores(
                        outcome[members].to_numpy(),
                        score[members].to_numpy(),
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
