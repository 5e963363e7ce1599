"""Read which populations of two estimates are compared. Computing their correlation belongs in `expression`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path

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
    try:
        table = pd.read_csv(landing_path(folder, name), sep="\t", dtype="string")
    except (OSError, ValueError) as error:
        raise CohortError(
            f"cohort {folder.name}: {name} cannot be read ({type(error).__name__}). "
            "It should be a tab-separated file with the columns population and compared_with.",
            rule="file_unreadable",
        ) from None
    if list(table.columns) != _COLUMNS:
        raise CohortError(
            f"cohort {folder.name}: {name} has the columns {', '.join(table.columns)}; "
            f"they must be {', '.join(_COLUMNS)}.",
            rule="unknown_column",
        )
    return {
        str(population): list(rows) for population, rows in table.groupby("population", sort=False)["compared_with"]
    }
