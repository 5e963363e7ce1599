"""Test whether a score relates to the outcome differently under different treatments.

An interaction tells a predictive score from a prognostic one, which relates to the outcome under every treatment alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import TOO_EXTREME, fit_logistic, unscalable_reason
from tme_platform.survival import compare_nested_cox

COLUMNS = ("arm", "reference_arm", "n", "n_positive", "ratio", "ci_low", "ci_high", "p", "df", "reason")
ALL_ARMS = "all"


@dataclass(frozen=True)
class _Patients:
    """Patients with an outcome, a score and an arm; `time` is missing for binary outcomes."""

    score: NDArray[np.float64]
    arm: NDArray[np.object_]
    event: NDArray[np.bool_]
    time: NDArray[np.float64] | None

    def of(self, arms: list[str]) -> _Patients:
        kept = np.isin(self.arm.astype(str), arms)
        time = None if self.time is None else self.time[kept]
        return _Patients(self.score[kept], self.arm[kept], self.event[kept], time)


def treatment_interaction(
    outcome: pd.Series | pd.DataFrame,
    score: pd.Series,
    arm: pd.Series,
    *,
    control: str | None = None,
    standardise: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Test score x arm in a regression of the outcome on score, arm and their product.

    Parameters
    ----------
    outcome
        By patient: a binary outcome (1, 0 or missing; logistic regression), or a frame with ``time_days`` and ``event``
        (Cox regression with Efron's method for ties).
    score, arm
        By patient: the predictor, and the name of the treatment arm.
    control
        The reference arm. Each other arm is compared with it. Without it there is one test over all arms, with one
        degree of freedom less than there are arms, and no estimate.
    standardise
        Scale the score to standard deviation 1 (n - 1) over all patients used, whatever their arm.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. One row per arm other than the control, and one with arm ``all`` that tests all arms together
        if there are more than two or no control. `ratio` is the ratio of the odds ratios (hazard ratios) per unit of
        the score in this arm to that in the control arm, with its Wald interval; `p` is of the likelihood-ratio test
        with `df` degrees of freedom. NaN with a reason if it cannot be estimated. No rows if fewer than two arms have
        patients with an outcome and a score.

    References
    ----------
    Altman & Bland 2003, BMJ 326:219.
    """
    patients = _known(outcome, score, arm)
    arms = sorted(set(patients.arm.astype(str)))
    if len(arms) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    unscalable = unscalable_reason(patients.score)
    if unscalable == TOO_EXTREME:
        return pd.DataFrame([_row(patients, ALL_ARMS, None) | {"df": 0, "reason": unscalable}], columns=list(COLUMNS))
    if standardise and not unscalable:
        scaled = (patients.score - patients.score.mean()) / patients.score.std(ddof=1)
        patients = _Patients(scaled, patients.arm, patients.event, patients.time)
    others = [name for name in arms if name != control] if control in arms else []
    rows = [_against(patients, name, str(control), confidence) for name in others]
    if len(others) != 1:
        no_estimate = "" if others else _without_control(control)
        rows.append(_together(patients, arms, no_estimate))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _known(outcome: pd.Series | pd.DataFrame, score: pd.Series, arm: pd.Series) -> _Patients:
    """Patients in all three with nothing missing and a follow-up of at least zero."""
    binary = isinstance(outcome, pd.Series)
    columns = {"event": outcome} if isinstance(outcome, pd.Series) else {n: outcome[n] for n in ("event", "time_days")}
    frame = pd.concat({**columns, "score": score, "arm": arm}, axis=1, join="inner").sort_index().dropna()
    if not binary:
        frame = frame[frame["time_days"] >= 0]
    if not frame["event"].isin([0, 1]).all():
        raise ValueError("the outcome holds values other than 0, 1 and missing: code it 1 (has it) or 0 (does not)")
    time = None if binary else frame["time_days"].to_numpy(dtype=np.float64)
    return _Patients(
        frame["score"].to_numpy(dtype=np.float64),
        frame["arm"].to_numpy(dtype=object),
        frame["event"].to_numpy(dtype=np.float64) == 1,
        time,
    )


def _without_control(control: str | None) -> str:
    if control is None:
        return "no control arm is declared: one test over all arms, without an estimate"
    return f"no patient of the control arm {control} has an outcome and a score: one test over the other arms"


def _against(patients: _Patients, arm: str, control: str, confidence: float) -> dict[str, object]:
    """Compare one arm with the control."""
    from scipy.stats import norm

    both = patients.of([arm, control])
    row = _row(both, arm, control)
    coefficients, errors, statistic, reason = _fit(both, [control, arm])
    if reason:
        return row | {"df": 1, "reason": reason}
    half = float(norm.ppf(0.5 + confidence / 2)) * errors[-1]
    limits = np.exp([coefficients[-1], coefficients[-1] - half, coefficients[-1] + half])
    return row | dict(zip(("ratio", "ci_low", "ci_high"), map(float, limits), strict=True)) | _test(statistic, 1)


def _together(patients: _Patients, arms: list[str], no_estimate: str) -> dict[str, object]:
    """Test all arms at once. An arm in which nothing varies says nothing about the interaction and is left out."""
    telling = [name for name in arms if _varies(patients.of([name]))]
    row = _row(patients.of(telling), ALL_ARMS, None)
    if len(telling) < 2:
        return row | {"df": 0, "reason": "fewer than two arms have both outcomes and a score that varies"}
    _, _, statistic, reason = _fit(patients.of(telling), telling)
    if reason:
        return row | {"df": len(telling) - 1, "reason": reason}
    left_out = sorted(set(arms) - set(telling))
    said = [no_estimate, f"left out, because nothing varies there: {', '.join(left_out)}" if left_out else ""]
    return row | _test(statistic, len(telling) - 1) | {"reason": "; ".join(filter(None, said))}


def _varies(patients: _Patients) -> bool:
    outcome = bool(patients.event.any()) and (patients.time is not None or not patients.event.all())
    return outcome and bool(np.ptp(patients.score) > 0)


def _row(patients: _Patients, arm: str, control: str | None) -> dict[str, object]:
    return {
        "arm": arm,
        "reference_arm": control,
        "n": patients.score.size,
        "n_positive": int(patients.event.sum()),
        "reason": "",
    }


def _test(statistic: float, df: int) -> dict[str, object]:
    from scipy.stats import chi2

    return {"p": float(chi2.sf(statistic, df)), "df": df}


def _fit(patients: _Patients, arms: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64], float, str]:
    """Fit with and without the interaction: coefficients, their errors, likelihood-ratio statistic, or the reason."""
    in_arm = np.column_stack([patients.arm == name for name in arms[1:]]).astype(np.float64)
    main = np.column_stack([patients.score, in_arm])
    products = patients.score[:, None] * in_arm
    if patients.time is not None:
        cox = compare_nested_cox(patients.time, patients.event, main, products)
        return cox.coefficients, cox.standard_errors, cox.statistic, cox.reason
    design = np.column_stack([np.ones(len(main)), main])
    full, reduced = (
        fit_logistic(patients.event, np.column_stack([design, products])),
        fit_logistic(patients.event, design),
    )
    statistic = 2 * max(full.log_likelihood - reduced.log_likelihood, 0.0)
    return full.coefficients, full.standard_errors, statistic, full.reason
