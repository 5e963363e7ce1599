"""Cohorts with extreme outcomes: every ratio is finite or has a reason, and no warning goes unread."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.steps.finite import with_wide_intervals_named, without_infinite
from tme_platform.steps.warned import noted_warnings
from tme_platform_tests.support.built import build, read, workspace_of
from tme_platform_tests.support.small_study import declare

N = 20
HOT = np.arange(N) < N // 2
GROUPS = {
    "T cells": "adaptive",
    "NK": "innate_activated",
    "CAFs": "non_immune",
    "One": "adaptive",
    "Same": "non_immune",
}
TABLES = [
    "cohort_files", "patients", "clinical_other", "populations", "cell_scores", "cluster_evidence", "phenotype_model",
    "tme_phenotypes", "endpoints", "survival_curves", "survival_tests", "restricted_mean_survival",
    "multivariable_survival", "population_survival", "population_cut_points", "population_curves",
    "phenotype_response", "population_response", "treatment_interaction",
]  # fmt: skip
FOLLOW_UP = {
    "no cold tumour has an event": (np.arange(N) * 30 + 30, HOT),
    "only the lowest have events": (np.arange(N)[::-1] * 30 + 30, ~HOT),
    "one event": (np.arange(N) * 30 + 30, np.arange(N) == 7),
    "all die on the same day": (np.full(N, 100), np.ones(N, dtype=bool)),
    "all die": (np.arange(N) * 30 + 30, np.ones(N, dtype=bool)),
}
RATIOS = {
    "survival_tests": ["hr_hot", "hr_low", "hr_high"],
    "multivariable_survival": ["hr", "ci_low", "ci_high"],
    "population_survival": ["hr", "ci_low", "ci_high", "p"],
    "population_cut_points": ["hr", "ci_low", "ci_high"],
    "phenotype_response": ["odds_ratio", "ci_low", "ci_high"],
    "population_response": ["odds_ratio", "ci_low", "ci_high"],
}


def make_cohort(folder: Path, days: np.ndarray, dead: np.ndarray, responds: np.ndarray) -> None:
    random = np.random.default_rng(5)
    scores = pd.DataFrame(random.normal(size=(N, len(GROUPS))), columns=list(GROUPS))
    scores.loc[HOT, ["T cells", "NK"]] += 4
    scores["One"], scores["Same"] = np.eye(N)[3] * 5, 1.0
    patients = [f"P{number:02d}" for number in range(N)]
    columns = {name: name for name in ("os_days", "os_event", "arm", "recist", "age_years")}
    declare(
        folder,
        roles=["phenotype_reference", "immunotherapy"],
        clinical=[{"file": "c.csv", "patient_id": "id", "columns": columns}],
        cell_scores={"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        phenotypes={"by": "fit"},
        control_arm="control",
    )
    scores.assign(patient_id=patients).to_csv(folder / "scores.tsv", sep="\t", index=False)
    pd.DataFrame({"population": list(GROUPS), "group": list(GROUPS.values())}).to_csv(
        folder / "groups.tsv", sep="\t", index=False
    )
    pd.DataFrame(
        {
            "id": patients,
            "os_days": days,
            "os_event": dead.astype(int),
            "arm": np.resize(["drug", "control"], N),
            "recist": np.where(responds, "PR", "PD"),
            "age_years": np.resize([40, 50, 60], N),
        }
    ).to_csv(folder / "c.csv", index=False)


@pytest.mark.parametrize(
    ("follow_up", "responds"), list(zip(FOLLOW_UP, ["hot", "nobody", "one", "hot", "one"], strict=True))
)
def test_every_ratio_is_finite_or_has_a_reason(tmp_path: Path, follow_up: str, responds: str) -> None:
    response = {"hot": HOT, "nobody": np.zeros(N, dtype=bool), "one": np.arange(N) == 4}[responds]
    make_cohort(tmp_path / "landing" / "trial", *FOLLOW_UP[follow_up], response)
    workspace = workspace_of(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        built = build(workspace, tables=TABLES)
    assert [made.state.details["warnings"] for made in built.values() if "warnings" in made.state.details] == []
    assert len(read(workspace, "population_cut_points"))
    for table, columns in RATIOS.items():
        rows = read(workspace, table)
        known = rows[columns].notna().all(axis=1) | rows["reason"].notna()
        assert known.all(), (table, rows.loc[~known].to_dict("records"))
        huge = (rows[columns[:3]] > 1e6).any(axis=1) & rows["reason"].isna()
        assert not huge.any(), (table, rows[huge].to_dict("records"))


def test_only_intervals_without_a_reason_get_one() -> None:
    """An interval from 0 to 0.3, of an empty cell, says much and keeps its own reason."""
    table = pd.DataFrame(
        {
            "odds_ratio": [0.0, 3.0, 2.0, np.inf],
            "ci_low": [0.0, 1e-4, 1.1, 2.0],
            "ci_high": [0.3, 1e4, 3.0, np.inf],
            "reason": ["a cell is empty", "", "", "no upper limit"],
        }
    )
    found = with_wide_intervals_named(without_infinite(table, ["odds_ratio", "ci_low", "ci_high"]))
    assert found["reason"].fillna("").tolist() == [
        "a cell is empty",
        "nothing is known: the interval spans more than 1000-fold",
        "",
        "no upper limit",
    ]
    assert found["odds_ratio"].isna().tolist() == [False, False, False, True]


def test_a_warning_of_a_library_is_kept_and_shown_once() -> None:
    with warnings.catch_warnings(record=True) as passed_on:
        warnings.simplefilter("always")
        with noted_warnings() as noted:
            with np.errstate(divide="warn"):
                for _ in range(3):
                    np.log(np.array([0.0]))
            warnings.warn("did not converge", UserWarning, stacklevel=1)
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("after", UserWarning, stacklevel=1)
    assert len(noted) == 2
    assert noted[0].startswith("RuntimeWarning: divide by zero encountered in log (steps/test_extreme_cohorts.py, line")
    assert noted[1].startswith("UserWarning: did not converge")
    assert [str(warning.message) for warning in passed_on] == ["old", "after"]
