"""Reading the lake's tables for drawing: one cohort, its phenotypes, its measured columns. Nothing is computed here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import NothingToDrawError
from tme_platform.tables.clinical import CLINICAL_COLUMNS

_UNBROKEN = "\u00a0"
"""A space at which no line ends."""
VARIABLE_NAMES = {column.name: column.label for column in CLINICAL_COLUMNS.values() if column.label}
"""Clinical columns as a reader knows them; the others are their names as words."""
_SYMBOLS = frozenset(
    (
        "MYC", "KRAS", "TNFA", "NFKB", "JAK", "AKT", "MTOR", "MTORC1", "TGF", "WNT", "UV", "DNA", "RNA", "NK", "MHC",
        "NOTCH", "DN",
    )
)  # fmt: skip
"""Words of gene sets' names that stay in capitals."""


def of_cohort(frame: pd.DataFrame, cohort: str | None) -> pd.DataFrame:
    """The rows of one cohort; a frame that holds one only (or has no column `cohort`) needs no name.

    Raises
    ------
    ValueError
        The frame holds several cohorts and none was named.
    """
    if "cohort" not in frame:
        return frame
    if cohort is not None:
        return frame[frame["cohort"] == cohort]
    found = sorted(frame["cohort"].dropna().unique())
    if len(found) > 1:
        raise ValueError(f"the table holds the cohorts {', '.join(found)}: name the one to draw (cohort=...)")
    return frame


def cohort_label(frame: pd.DataFrame, cohort: str | None) -> str:
    """Name of the cohort drawn, with a colon for a title, or nothing where it is not known."""
    if cohort is not None:
        return f"{cohort}: "
    names: list[str] = list(frame["cohort"].dropna().unique()) if "cohort" in frame else []
    return f"{names[0]}: " if len(names) == 1 else ""


def require(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """The frame, or the sentence that is shown where it has no rows."""
    if frame.empty:
        raise NothingToDrawError(reason)
    return frame


def measured(frame: pd.DataFrame, *, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """The measured columns (populations, features) by patient; columns that only other cohorts have are left out."""
    values = frame.set_index("patient_id").drop(columns=["cohort", "provenance", *without], errors="ignore")
    return values.select_dtypes("number").astype("float64").dropna(axis="columns", how="all")


def phenotype_of(tme_phenotypes: pd.DataFrame, cohort: str | None) -> pd.Series:
    """Phenotype by patient."""
    labels = of_cohort(tme_phenotypes, cohort).dropna(subset=["phenotype"])
    return labels.set_index("patient_id")["phenotype"].astype("object")


def phenotype_among(tme_phenotypes: pd.DataFrame, cohort: str | None, patients: pd.Index) -> pd.Series:
    """Phenotype of those of the patients that have one; a figure without any says so."""
    labels = phenotype_of(tme_phenotypes, cohort).reindex(patients).dropna()
    require(labels.to_frame(), "the cohort has no phenotypes.")
    return labels


def phenotypes_in(values: pd.Series) -> list[str]:
    """The phenotypes that occur, hot first."""
    return [name for name in style.PHENOTYPES if (values == name).any()]


def p_text(p: float | None, name: str = "p") -> str:
    """A p-value as it is printed: ``p = 0.03``, ``p < 0.001``, or nothing where there is none."""
    if p is None or pd.isna(p):
        return ""
    text = "< 0.001" if p < 0.001 else f"= {p:.2g}" if p < 0.1 else f"= {p:.2f}"
    return f"{name} {text}".replace(" ", _UNBROKEN)


def interval_text(value: float, low: float, high: float, digits: int = 2) -> str:
    """A value with its confidence interval: ``0.81 (0.70-0.92)``."""
    if np.isnan(value):
        return "not estimable"
    if np.isnan(low) or np.isnan(high):
        return f"{value:.{digits}f} (no interval)"
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def readable(name: str) -> str:
    """A column's name as words."""
    return VARIABLE_NAMES.get(name, name.replace("_", " "))


def strongest_sets(pathways: pd.DataFrame, collection: str | None, each: int) -> tuple[str, pd.DataFrame]:
    """A collection's gene sets with the smallest FDR on either side, the highest in hot first, with their ``side``.

    Parameters
    ----------
    pathways
        Rows of `pathway_enrichment` of one cohort.
    collection
        The smallest one of the table if not named (hallmarks rather than thousands of processes).
    each
        Sets on either side.

    Returns
    -------
    Name of the collection, and the sets.
    """
    chosen = collection or str(pathways["collection"].value_counts(ascending=True).index[0])
    own = pathways[pathways["collection"] == chosen].dropna(subset=["nes"])
    require(own, f"nothing was tested in {chosen}.")
    ordered = own.assign(strength=own["nes"].abs(), side=np.where(own["nes"] > 0, "hot", "cold"))
    ordered = ordered.sort_values(["fdr", "strength"], ascending=[True, False], kind="stable")
    first = ordered.groupby("side", sort=False).head(each).drop(columns="strength")
    return chosen, first.sort_values("nes", ascending=False, kind="stable")


def set_name(name: str) -> str:
    """Name of a gene set in words, without the name of its collection."""
    words = name.split("_", 1)[-1] if name.startswith(("HALLMARK_", "GOBP_", "KEGG_", "REACTOME_")) else name
    lower = " ".join(
        word if word in _SYMBOLS or any(map(str.isdigit, word)) else word.lower() for word in words.split("_")
    )
    return lower[:1].upper() + lower[1:]


def by_endpoint(frame: pd.DataFrame) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    """The rows of each cohort, side and endpoint: discovery first, then validation, then the external cohorts."""
    place = {"discovery": 0, "validation": 1}
    groups = [
        ((str(cohort), str(side), str(endpoint)), rows)
        for (cohort, side, endpoint), rows in frame.groupby(["cohort", "side", "endpoint"], sort=True)
    ]
    return sorted(groups, key=lambda group: (place.get(group[0][1], 2), group[0]))
