"""Read finished cell scores and the groups of their populations. Computing scores belongs in `expression`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts._measurements import marked, read_by_patient, to_numbers
from tme_platform.cohorts._tables import no_column, read_text_table, short
from tme_platform.cohorts.declaration import CellScoreSource, Cohort
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.expression import POPULATION_GROUPS


def read_cell_scores(
    folder: Path, cohort_name: str, cohort: Cohort
) -> tuple[pd.DataFrame, dict[str, str], pd.DataFrame]:
    """Read finished cell scores and keep the populations that have a group.

    Returns
    -------
    scores
        Populations x patients, float64 on the method's own scale, in the order of the file. A patient who lacks the
        score of any population is left out.
    groups
        Group of each population in `scores`.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """
    rejected = Rejections(cohort_name)
    source = cohort.cell_scores
    scores, groups = pd.DataFrame(dtype="float64"), dict[str, str]()
    if source is not None:
        table = read_by_patient(folder, source.file, source.patient_id, rejected)
        wanted = _groups(folder, source, rejected)
        if table is not None:
            groups = _present(wanted, table, source, rejected)
            scores = _complete(table[list(groups)], source, rejected).T.rename_axis(
                index="population", columns="patient_id"
            )
    return scores, groups, rejected.frame()


def _groups(folder: Path, source: CellScoreSource, rejected: Rejections) -> dict[str, str]:
    table = read_text_table(folder, source.groups, rejected)
    if table is None:
        return {}
    if not {"population", "group"} <= set(table.columns):
        message = f"{source.groups} should have the columns population and group; it has {', '.join(table.columns)}."
        rejected.add(rule="unknown_column", message=message, action="file left out", file=source.groups)
        return {}
    wanted = {}
    for row in table.dropna(subset=["population"]).fillna("").itertuples():
        if row.group not in POPULATION_GROUPS:
            known = ", ".join(POPULATION_GROUPS)
            message = f"{short(row.population)} is in group {short(row.group)}, not one of {known}. Correct it."
            rejected.add(rule="unknown_group", message=message, action="population left out", file=source.groups)
        else:
            wanted[str(row.population)] = str(row.group)
    return wanted


def _present(
    wanted: dict[str, str], table: pd.DataFrame, source: CellScoreSource, rejected: Rejections
) -> dict[str, str]:
    for population in wanted.keys() - set(table.columns):
        message = no_column(source.file, population, table, source.groups)
        rejected.add(rule="unknown_column", message=message, action="population left out", file=source.groups)
    return {str(name): wanted[name] for name in table.columns if name in wanted}


def _complete(text: pd.DataFrame, source: CellScoreSource, rejected: Rejections) -> pd.DataFrame:
    """Keep patients with a number for every population; scaling across populations needs them all."""
    numbers, bad = to_numbers(text)
    for rule, cells, what in (
        ("not_a_number", bad, "is not a number"),
        ("missing_score", numbers.isna() & ~bad, "is missing"),
    ):
        first: dict[str | None, str] = {}
        for patient, population, found in marked(text, cells):
            value = "" if rule == "missing_score" else f" {short(found)}"
            first.setdefault(patient, f"the score of {short(population)}{value} {what}")
        advice = "Add a score for every population, or remove the population from the groups file."
        rejected.add_cases(list(first.items()), rule=rule, advice=advice, action="patient left out", file=source.file)
    return numbers[numbers.notna().all(axis=1)]
