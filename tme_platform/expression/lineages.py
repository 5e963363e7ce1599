"""Sum cell fractions to lineages and put them on a log scale. Clustering them belongs in `tme_platform.phenotypes`."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.expression.gene_sets import DATA

DETECTION_LIMIT = 1e-4
"""Fraction below which a deconvolution cannot distinguish a lineage from none; added before the logarithm."""

PACKAGED_LINEAGES = ("instaprism", "lm22")
"""Packaged maps: the 41 microenvironment states of InstaPrism's breast reference, the 22 cells of CIBERSORT's LM22."""


@dataclass(frozen=True)
class LineageMap:
    """Which cell states form a lineage, and the group of each lineage.

    Attributes
    ----------
    lineage
        Lineage by state.
    group
        Group (adaptive, innate_activated, innate_inactivated, non_immune) by lineage.
    """

    lineage: Mapping[str, str]
    group: Mapping[str, str]


def lineage_map(name_or_path: str | Path) -> LineageMap:
    """Read a packaged lineage map by name (``instaprism``, ``lm22``), or one of your own by path.

    Parameters
    ----------
    name_or_path
        A tab-separated file has the columns state, lineage and group.

    Raises
    ------
    ValueError
        If it is neither a packaged name nor a file, a column is missing, a state occurs twice, or a lineage has two
        groups.
    """
    path = DATA / f"lineages_{name_or_path}.tsv" if str(name_or_path) in PACKAGED_LINEAGES else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(PACKAGED_LINEAGES)
        raise ValueError(
            f"No lineage map '{name_or_path}': use the path of a file, or one of the packaged maps: {known}."
        )
    with path.open(encoding="utf-8", newline="") as text:
        reader = csv.DictReader(text, delimiter="\t")
        return lineages_of(reader.fieldnames or (), list(reader), path.name)


def lineages_of(columns: Collection[str], rows: Iterable[Mapping[str, str | None]], name: str) -> LineageMap:
    """The lineage map of the rows of a table; ``name`` is that of the file in messages.

    Raises
    ------
    ValueError
        As `lineage_map`, or a row lacks a value.
    """
    if missing := {"state", "lineage", "group"} - set(columns):
        raise ValueError(f"{name} lacks the column(s) {', '.join(sorted(missing))}.")
    lineage: dict[str, str] = {}
    group: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        state, of, its_group = row["state"], row["lineage"], row["group"]
        if not (state and of and its_group):
            raise ValueError(f"{name}, line {number}: state, lineage or group is missing. Add it, or delete the row.")
        if state in lineage:
            raise ValueError(f"{name}, line {number}: the state '{state}' is listed twice.")
        lineage[state] = of
        if group.setdefault(of, its_group) != its_group:
            raise ValueError(
                f"{name}, line {number}: the lineage '{of}' is in group {its_group}, but {group[of]} in an earlier "
                "line."
            )
    return LineageMap(lineage, group)


def log_lineages(
    fractions: pd.DataFrame, lineages: LineageMap, *, detection_limit: float = DETECTION_LIMIT
) -> pd.DataFrame:
    """Sum the fractions of each lineage's states and take log10(fraction + detection limit).

    Fractions are shares of all cells, skewed over several orders of magnitude; on the log scale one unit is a tenfold
    change. States of no lineage (such as epithelium) are left out; the others are not rescaled to sum to 1, because the
    total of the microenvironment is information.

    Parameters
    ----------
    fractions
        States x samples, 0 to 1.
    lineages
        From `lineage_map`.
    detection_limit
        Added before the logarithm, greater than 0.

    Returns
    -------
    DataFrame
        Lineages x samples, in the order of the map; lineages without a state in the matrix are left out.

    Raises
    ------
    ValueError
        If a fraction is negative or above 1, the limit is not positive, or no state of the map is in the matrix.
    """
    if not detection_limit > 0:
        raise ValueError(f"detection_limit must be positive, not {detection_limit}.")
    own = fractions.loc[[state for state in lineages.lineage if state in fractions.index]].astype("float64")
    if own.empty:
        raise ValueError(
            f"None of the {len(fractions)} states is in the lineage map, which has such as "
            f"'{next(iter(lineages.lineage), '')}': use the map of the reference that the fractions come from."
        )
    low, high = np.nanmin(own.to_numpy()), np.nanmax(own.to_numpy())
    if low < 0 or high > 1:
        raise ValueError(
            f"Fractions lie between 0 and 1; these reach from {low:g} to {high:g}. Divide percentages by 100."
        )
    summed = own.groupby(own.index.map(lineages.lineage), sort=False).sum(min_count=1)
    return pd.DataFrame(np.log10(summed.to_numpy() + detection_limit), index=summed.index, columns=summed.columns)
