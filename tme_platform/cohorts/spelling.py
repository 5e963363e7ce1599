"""One spelling for the names of populations and features that several cohorts bring.

Tables with a column per population or feature compare names without case, so `B Cells` and `B cells` cannot both be
columns. Reading the names belongs in the readers, renaming columns in the steps.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from tme_platform.cohorts._tables import short
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections


def folded(name: str) -> str:
    """A name without case, with single spaces and in one Unicode form; equal for names that share a column."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def one_spelling(
    names: Mapping[str, Iterable[str]], known: Iterable[str] = (), *, cohorts: Collection[str] | None = None
) -> dict[str, dict[str, str]]:
    """Choose one spelling for names that differ only in case or spaces.

    The rule: the spelling of `known` (the gene-set collection of the study, or the features that the platform extracts)
    if it has the name, otherwise that of the first cohort in the alphabet.

    Parameters
    ----------
    names
        By cohort the names in its files.
    known
        Names whose spelling goes first, the most important first.
    cohorts
        The cohorts that are asked for; by default all.

    Returns
    -------
    dict
        By cohort, for each of its names that is spelled otherwise, its spelling. Names of which one cohort has several
        spellings (`repeated_names`) are not changed and do not decide for others.
    """
    chosen: dict[str, str] = {}
    for name in known:
        chosen.setdefault(folded(name), name)
    own = {cohort: list(dict.fromkeys(names[cohort])) for cohort in sorted(names)}
    unclear = {cohort: {name for group in repeated_names(listed) for name in group} for cohort, listed in own.items()}
    for cohort, listed in own.items():
        for name in listed:
            if name not in unclear[cohort]:
                chosen.setdefault(folded(name), name)
    return {
        cohort: {
            name: chosen[folded(name)]
            for name in listed
            if name not in unclear[cohort] and chosen[folded(name)] != name
        }
        for cohort, listed in own.items()
        if cohorts is None or cohort in cohorts
    }


def repeated_names(names: Iterable[str]) -> list[list[str]]:
    """The different names of one table that share a column: sorted groups of two or more."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(folded(name), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def similar_names(names: Mapping[str, Iterable[str]], cohort: str | None = None) -> list[str]:
    """Say which names of different cohorts differ in punctuation as well, such as `b_cells` and `B cells`.

    They stay apart, because punctuation may mean something (`CD4+`, `CD4-`); a person has to decide.

    Parameters
    ----------
    names
        By cohort its names, already in one spelling.
    cohort
        The cohort that is asked for; by default all.

    Returns
    -------
    A sentence for each group of such names.
    """
    groups: dict[str, dict[str, str]] = {}
    for where in _first(cohort, names):
        for name in names[where]:
            words = re.findall(r"[^\W_]+|(?<=\w)[+-](?!\w)", folded(name))
            groups.setdefault(" ".join(words), {}).setdefault(name, where)
    apart = [group for group in groups.values() if len(group) > 1 and len(set(group.values())) > 1]
    return [
        f"{' and '.join(f'{short(name)} of {where}' for name, where in group.items())} differ only in punctuation "
        "and are kept apart. If they mean the same, write them alike."
        for group in apart
        if cohort is None or cohort in group.values()
    ]


def values_alike(column: str, values: Mapping[str, Iterable[str]], cohort: str | None = None) -> list[str]:
    """Say which values of a clinical column (arm, site, scanner) differ only in case or spaces.

    They count as different values; whether they mean the same is for a person to decide.

    Parameters
    ----------
    column
        Its name.
    values
        By cohort the values in it.
    cohort
        The cohort that is asked for; by default all.

    Returns
    -------
    A sentence for each group of such values.
    """
    first: dict[str, str] = {}
    for where in _first(cohort, values):
        for value in values[where]:
            first.setdefault(value, where)
    return [
        f"{column}: {' and '.join(f'{cell(value)} of {first[value]}' for value in group)} differ only in case or "
        "spaces and count as different. Write them alike."
        for group in repeated_names(first)
        if cohort is None or cohort in {first[value] for value in group}
    ]


def _first(cohort: str | None, cohorts: Iterable[str]) -> list[str]:
    """Sorted cohorts, the one that is asked for before the others, so that names they share are given as its own."""
    return sorted(cohorts, key=lambda name: (name != cohort, name))


def without_unusable_names(table: pd.DataFrame, taken: Sequence[str], rejected: Rejections, file: str) -> pd.DataFrame:
    """Leave out columns that cannot be stored beside each other, each with a rejection.

    Parameters
    ----------
    table
        One column per population or feature, named as in the file.
    taken
        Names that the stored table needs for itself, such as ``patient_id``.
    rejected, file
        Where rejections go, and the file that they name.
    """
    reserved = {folded(name) for name in taken}
    out = [str(name) for name in table.columns if folded(str(name)) in reserved]
    for name in out:
        message = f"the column {short(name)} has a name that the platform uses itself. Rename it."
        rejected.add(rule="reserved_name", message=message, action="column left out", file=file)
    for group in repeated_names(map(str, table.columns)):
        if not set(group) & set(out):
            message = (
                f"the columns {', '.join(map(short, group))} differ only in case or spaces. "
                "Delete all but one, or give each its own name."
            )
            rejected.add(rule="ambiguous_name", message=message, action="columns left out", file=file)
            out += group
    return table.drop(columns=out)
