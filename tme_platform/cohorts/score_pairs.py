"""Read which populations of two estimates are compared. Computing their correlation belongs in `expression`."""

from __future__ import annotations

from pathlib import Path

from tme_platform.cohorts._tables import read_text_table
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.rejections import Rejections

_COLUMNS = ["population", "compared_with"]


def read_score_pairs(folder: Path, name: str) -> dict[str, list[str]]:
    """Read the pairs of a `score_comparison` from a file of the cohort's folder.

    Returns
    -------
    dict
        For each population of this cohort, the populations of the other estimate whose sum it is compared with.

    Raises
    ------
    CohortError
        The file is missing, cannot be read, or has the wrong columns.
    """
    rejected = Rejections(folder.name)
    table = read_text_table(folder, name, rejected)
    if table is None:
        why = rejected.frame()["message"].iloc[0]
        raise CohortError(
            f"cohort {folder.name}: {name} cannot be read. {why} "
            "It should be a tab-separated file with the columns population and compared_with.",
            rule="file_unreadable",
        )
    if list(table.columns) != _COLUMNS:
        raise CohortError(
            f"cohort {folder.name}: {name} has the columns {', '.join(table.columns)}; "
            f"they must be {', '.join(_COLUMNS)}.",
            rule="unknown_column",
        )
    return {
        str(population): list(rows) for population, rows in table.groupby("population", sort=False)["compared_with"]
    }
