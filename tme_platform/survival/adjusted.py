"""Cox model of a predictor, adjusted for as many covariates as the events allow. Coding belongs in `clinical_terms`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tme_platform.survival.cox import cox_multivariable
from tme_platform.survival.influence import cox_influence
from tme_platform.survival.observations import usable_observations
from tme_platform.survival.proportional import proportional_hazards_test

_COLUMNS = [
    "term", "covariate", "n", "events", "n_left_out", "events_per_term", "hr", "ci_low", "ci_high", "p",
    "hr_without_influential", "proportional_hazards_p", "global_proportional_hazards_p", "caution", "reason",
]  # fmt: skip


def adjusted_cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    predictor: str,
    terms: Mapping[str, pd.DataFrame],
    *,
    events_per_term: float = 10,
    least_recorded: float = 0.5,
    instead: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Fit a predictor together with covariates on the patients without missing values.

    Covariates enter in the given order, each if it is recorded for at least `least_recorded` of the patients and leaves
    at least `events_per_term` events per term (column) of the model; with fewer, Peduzzi et al. 1995 found biased
    estimates. The choice looks at numbers of events only, never at a hazard ratio.

    Parameters
    ----------
    frame
        One row per patient: follow-up, event (1 observed, 0 censored) and the numeric predictor.
    time, event, predictor
        Column names.
    terms
        By covariate its numeric columns, in the order in which covariates enter; same rows as `frame`.
    events_per_term, least_recorded
        The rules above.
    instead
        A covariate that is used only if another one is not (covariate -> the other).

    Returns
    -------
    pandas.DataFrame
        The predictor, then each term: ``covariate``, ``n``, ``events``, ``n_left_out`` (with follow-up and predictor,
        but without a covariate), ``events_per_term``, ``hr``, ``ci_low``, ``ci_high``, ``p`` (Wald),
        ``hr_without_influential`` and ``caution`` (see `cox_influence`), ``proportional_hazards_p`` of the term and
        ``global_proportional_hazards_p`` of the model, and ``reason``. A covariate that is not in the model has one row
        with the reason.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.

    References
    ----------
    Peduzzi et al. 1995, Journal of Clinical Epidemiology 48:1503.
    """
    kept = usable_observations(frame[time], frame[event], frame[predictor]).kept
    base = frame.loc[kept, [time, event, predictor]]
    chosen, refused = pd.DataFrame(index=base.index), {}
    covariate_of = {predictor: predictor}
    for name, columns in terms.items():
        own = columns.reindex(base.index)
        together = chosen.join(own)
        complete = together.notna().all(axis=1)
        events, n_terms = float(base.loc[complete, event].sum()), 1 + together.shape[1]
        recorded = float(own.notna().all(axis=1).mean()) if len(own) else 0.0
        other = (instead or {}).get(name)
        if other in covariate_of.values():
            refused[name] = f"not in the model: {other} is"
        elif recorded < least_recorded:
            refused[name] = f"not in the model: recorded for {recorded:.0%} of the patients"
        elif events < events_per_term * n_terms:
            refused[name] = (
                f"not in the model: {events / n_terms:.1f} events per term, at least {events_per_term:g} are needed"
            )
        elif (own[complete].nunique() < 2).any():
            refused[name] = "not in the model: constant among patients without missing values"
        else:
            chosen = together
            covariate_of |= dict.fromkeys(columns.columns, name)
    rows = _fit(base.join(chosen), time, event, list(covariate_of), events_per_term)
    rows["covariate"] = rows["term"].map(covariate_of)
    left = pd.DataFrame({"term": list(refused), "covariate": list(refused), "reason": list(refused.values())})
    parts = [part for part in (rows, left) if len(part)]
    return pd.concat(parts, ignore_index=True).reindex(columns=_COLUMNS)


def _fit(base: pd.DataFrame, time: str, event: str, names: list[str], events_per_term: float) -> pd.DataFrame:
    complete = base.dropna(subset=names)
    events = int(complete[event].sum())
    rows = pd.DataFrame({"term": names, "n": len(complete), "events": events, "caution": "", "reason": ""})
    rows["n_left_out"], rows["events_per_term"] = len(base) - len(complete), events / len(names)
    if events < events_per_term * len(names):
        return rows.assign(reason=f"not estimable: {events} events, at least {events_per_term:g} per term are needed")
    if len(names) == 1:
        return rows.assign(reason="not estimable: no covariate can enter, so there is nothing to adjust for")
    fitted = cox_multivariable(complete, time, event, names)
    if fitted["reason"].iloc[0]:
        return rows.assign(reason=f"not estimable: {fitted['reason'].iloc[0]}")
    rows[["hr", "ci_low", "ci_high", "p"]] = fitted[["hr", "ci_low", "ci_high", "p"]]
    tests = proportional_hazards_test(complete, time, event, names, together=True)
    rows["proportional_hazards_p"] = tests["p"].iloc[: len(names)]
    rows["global_proportional_hazards_p"] = tests["p"].iloc[-1] if len(tests) else np.nan
    influence = cox_influence(complete, time, event, names, together=True)
    rows["hr_without_influential"], rows["caution"] = influence["hr_without_influential"], influence["caution"]
    return rows
