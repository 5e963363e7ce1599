"""Select and format what figures need from tables: rows of a cohort, phenotypes, labels. No statistics belong here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.evaluation.endpoints import PACKAGED_ENDPOINTS, endpoint_title
from tme_platform.figures import style
from tme_platform.figures.canvas import NothingToDrawError
from tme_platform.tables import COMMON_COLUMNS
from tme_platform.tables.clinical import CLINICAL_COLUMNS

DAYS_PER_YEAR = 365.25
LEAST_AT_RISK = 10
"""Patients at risk below which a Kaplan-Meier curve is not drawn: a single event would move it by a tenth or more."""
_NO_BREAK_SPACE = "\u00a0"

VARIABLE_NAMES = {column.name: column.label for column in CLINICAL_COLUMNS.values() if column.label}
"""Labels of clinical columns. Columns without one are shown by name."""
_SYMBOLS = frozenset(
    (
        "MYC", "KRAS", "TNFA", "NFKB", "JAK", "AKT", "MTOR", "MTORC1", "TGF", "WNT", "UV", "DNA", "RNA", "NK", "MHC",
        "NOTCH", "DN",
    )
)  # fmt: skip
"""Words in gene set names that stay in capitals."""
_RECEPTORS = frozenset(("er", "pr", "hr", "her2"))
"""Words in names of subgroups that are abbreviations."""


def select_cohort(frame: pd.DataFrame, cohort: str | None) -> pd.DataFrame:
    """Return the rows of a cohort. `cohort` may be None if the frame holds a single cohort or has no column `cohort`.

    Raises
    ------
    ValueError
        The frame holds several cohorts and `cohort` is None.
    """
    if "cohort" not in frame:
        return frame
    if cohort is not None:
        return frame[frame["cohort"] == cohort]
    found = sorted(frame["cohort"].dropna().unique())
    if len(found) > 1:
        raise ValueError(f"the table holds the cohorts {', '.join(found)}: choose one (cohort=...)")
    return frame


def cohort_label(frame: pd.DataFrame, cohort: str | None) -> str:
    """Return the name of the cohort as a prefix of a title, or an empty string if there are several."""
    if cohort is not None:
        return f"{cohort}: "
    names: list[str] = list(frame["cohort"].dropna().unique()) if "cohort" in frame else []
    return f"{names[0]}: " if len(names) == 1 else ""


def check_not_empty(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return the frame, or raise the reason to show in place of the figure if it has no rows."""
    if frame.empty:
        raise NothingToDrawError(reason)
    return frame


def numeric_values(frame: pd.DataFrame, *, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the numeric columns (populations, features) by patient, without columns that are empty for this cohort."""
    values = frame.set_index("patient_id").drop(columns=[*COMMON_COLUMNS, *without], errors="ignore")
    return values.select_dtypes("number").astype("float64").dropna(axis="columns", how="all")


def phenotypes_by_patient(tme_phenotypes: pd.DataFrame, cohort: str | None) -> pd.Series:
    """Return the phenotype of each patient."""
    labels = select_cohort(tme_phenotypes, cohort).dropna(subset=["phenotype"])
    return labels.set_index("patient_id")["phenotype"].astype("object")


def phenotypes_of(tme_phenotypes: pd.DataFrame, cohort: str | None, patients: pd.Index) -> pd.Series:
    """Return the phenotypes of the given patients, without those that have none."""
    labels = phenotypes_by_patient(tme_phenotypes, cohort).reindex(patients).dropna()
    check_not_empty(labels.to_frame(), "the cohort has no phenotypes.")
    return labels


def present_phenotypes(values: pd.Series) -> list[str]:
    """Return the phenotypes that occur, hot first."""
    return [name for name in style.PHENOTYPES if (values == name).any()]


def format_p(p: float | None, name: str = "p") -> str:
    """Format a p-value: ``p = 0.03``, ``p < 0.001``, or an empty string if it is missing.

    Rounding never moves it across 0.05: 0.0498 is ``p < 0.05``.
    """
    if p is None or pd.isna(p):
        return ""
    text = "< 0.001" if p < 0.001 else f"= {p:.2g}" if p < 0.1 else f"= {p:.2f}"
    text = "< 0.05" if p < 0.05 and text == "= 0.05" else text
    return f"{name} {text}".replace(" ", _NO_BREAK_SPACE)


def format_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """Format a value with its confidence interval: ``0.81 (0.70-0.92)``."""
    if np.isnan(value):
        return "not estimable"
    if np.isnan(low) or np.isnan(high):
        return f"{value:.{digits}f} (no interval)"
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def endpoint_label(name: str, endpoints: pd.DataFrame | None = None, cohort: str | None = None) -> str:
    """Return the title of an endpoint: as the table `endpoints` has it, or that of the packaged endpoint."""
    if endpoints is not None and len(endpoints):
        found = endpoints[(endpoints["endpoint"] == name) & (endpoints["kind"] != "subgroup")]
        found = found if cohort is None else found[found["cohort"] == cohort]
        if len(found):
            return str(found["title"].iloc[0])
    return endpoint_title(name)


def subgroup_label(name: str, endpoints: pd.DataFrame | None = None, cohort: str | None = None) -> str:
    """Return the title of a subgroup: as the table `endpoints` has it, or its name in words."""
    if name == "all":
        return "all patients"
    if endpoints is not None and len(endpoints):
        found = endpoints[(endpoints["endpoint"] == name) & (endpoints["kind"] == "subgroup")]
        found = found if cohort is None else found[found["cohort"] == cohort]
        if len(found) and found["title"].iloc[0] != name.replace("_", " "):
            return str(found["title"].iloc[0])
    return " ".join(word.upper() if word in _RECEPTORS else word for word in name.split("_"))


def sorted_endpoints(frame: pd.DataFrame) -> list[str]:
    """Return the endpoints of a table: packaged ones in their order, then the others by name."""
    packaged = {name: at for at, name in enumerate(PACKAGED_ENDPOINTS.root)}
    return sorted(frame["endpoint"].unique(), key=lambda name: (packaged.get(name, len(packaged)), name))


def event_word(endpoint: str, n: int) -> str:
    """Return the count of events with its noun; only events of overall survival are deaths."""
    noun = "death" if endpoint == "os" else "event"
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def followed_by_enough(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of Kaplan-Meier curves up to where `LEAST_AT_RISK` patients of the group are at risk."""
    return curves[curves["at_risk"] >= LEAST_AT_RISK]


def variable_label(name: str) -> str:
    """Return the label of a column, or its name with spaces."""
    return VARIABLE_NAMES.get(name, name.replace("_", " "))


def top_gene_sets(sets: pd.DataFrame, collection: str | None, each: int, score: str) -> tuple[str, pd.DataFrame]:
    """Return the first gene sets of a collection in each direction, highest score (in hot) first.

    Parameters
    ----------
    sets
        Rows of one cohort with columns `collection`, `term` and `score`, the most important first.
    collection
        Defaults to the smallest collection of the table (hallmarks rather than thousands of processes).
    each
        Number of sets per direction.
    score
        Column whose sign is the direction: positive if higher in hot tumours.

    Returns
    -------
    Name of the collection, and its sets with their ``side`` (hot or cold).
    """
    chosen = collection or str(sets["collection"].value_counts(ascending=True).index[0])
    own = sets[sets["collection"] == chosen].dropna(subset=[score])
    check_not_empty(own, f"no gene set of {chosen} was tested.")
    first = own.assign(side=np.where(own[score] > 0, "hot", "cold")).groupby("side", sort=False).head(each)
    return chosen, first.sort_values(score, ascending=False, kind="stable")


def gene_set_label(name: str) -> str:
    """Return the name of a gene set as words, without its collection."""
    words = name.split("_", 1)[-1] if name.startswith(("HALLMARK_", "GOBP_", "KEGG_", "REACTOME_")) else name
    lower = " ".join(
        word if word in _SYMBOLS or any(map(str.isdigit, word)) else word.lower() for word in words.split("_")
    )
    return lower[:1].upper() + lower[1:]


def in_all_patients(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that concern all patients rather than a subgroup."""
    return frame[frame["subgroup"] == "all"]


def by_endpoint(frame: pd.DataFrame) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    """Group rows by cohort, side and endpoint: discovery first, then validation, then external cohorts."""
    order = {"discovery": 0, "validation": 1}
    groups = [
        ((str(cohort), str(side), str(endpoint)), rows)
        for (cohort, side, endpoint), rows in frame.groupby(["cohort", "side", "endpoint"], sort=True)
    ]
    return sorted(groups, key=lambda group: (order.get(group[0][1], 2), group[0]))
