"""Step that describes the patients of all cohorts side by side. The tests are `statistics.table_one`'s."""

import pandas as pd

from tme_platform.statistics import table_one
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.tables.cohorts import COHORT_TABLE_ONE, PATIENTS

_DESCRIBED = {
    name: column
    for name, column in CLINICAL_COLUMNS.items()
    if column.group != "survival" and (column.dtype != "string" or column.allowed)
}
"""All but survival, which has tables of its own, and codes, which mean something else in every cohort."""


@step(COHORT_TABLE_ONE, version="1", reads=[PATIENTS])
def cohort_table_one(scope: Scope) -> StepResult:
    """Describe each clinical variable by cohort; variables are tested where cohorts have no patient in common."""
    patients = scope.read(PATIENTS, columns=["cohort", "patient_id", *_DESCRIBED])
    known = [name for name in _DESCRIBED if patients[name].notna().any()]
    if not known:
        return empty(scope, "no cohort has clinical variables")
    counted = {name: patients[name].astype("string").astype("object") for name in known if _DESCRIBED[name].allowed}
    frame = patients.assign(**counted)
    table = table_one(frame, "cohort", known, patient="patient_id").rename(columns={"group": "cohort"})
    table = pd.concat([table, _without_values(patients, table)], ignore_index=True)
    tested = table.drop_duplicates("variable")["p"].notna().sum()
    return StepResult(table, details={"variables": len(known), "variables_tested": int(tested)})


def _without_values(patients: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """A row for each cohort that does not have a variable: all of its patients are missing."""
    variables = table.drop_duplicates("variable")[["variable", "kind", "test", "statistic", "p", "fdr", "reason"]]
    sizes = patients.groupby("cohort").size().rename("n_missing").reset_index()
    every = variables.merge(sizes, how="cross")
    have = pd.MultiIndex.from_frame(table[["variable", "cohort"]])
    absent = every[~pd.MultiIndex.from_frame(every[["variable", "cohort"]]).isin(have)]
    return absent.assign(n=0)
