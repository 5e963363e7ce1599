"""Compare the names of populations, features and clinical values that the cohorts of a study bring.

The rules of spelling are in `cohorts.spelling`; what a run stores under which name is in `world`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tme_platform.cohorts import (
    Cohort,
    CohortContent,
    feature_names,
    one_spelling,
    population_names,
    similar_names,
    text_values,
    values_alike,
)
from tme_platform.expression import gene_set_path, read_gmt
from tme_platform.radiomics.names import feature_names as extracted_names
from tme_platform.study import Study

Kind = Literal["populations", "features"]
_KINDS: tuple[Kind, ...] = ("populations", "features")
StoredNames = Mapping[Kind, list[str]]
"""Names by kind, as `stored_names` gives them."""
_TEXTS = ("arm", "site", "scanner")
_SHOWN = 5


def known_names(study: Study, kind: Kind) -> list[str]:
    """Names whose spelling goes before that of any cohort."""
    if kind == "features":
        return extracted_names(study.extraction)
    try:
        return list(read_gmt(gene_set_path(study.gene_sets.collection)))
    except (ValueError, OSError):  # a study without expression does not need its collection
        return []


def names_in_files(kind: Kind, folder: Path, cohort: Cohort) -> list[str]:
    """The names of populations or features in a cohort's files, as spelled there."""
    return (population_names if kind == "populations" else feature_names)(folder, cohort)


def stored_names(content: CohortContent | None) -> StoredNames:
    """The names of populations and features that a run would store of a cohort, as spelled in its files."""
    if content is None:
        return {}
    tables = [content.cell_scores, *content.other_scores.values()]
    populations = [str(name) for table in tables if table is not None for name in table.scores.index]
    return {
        "populations": list(dict.fromkeys(populations)),
        "features": [] if content.features is None else list(map(str, content.features.columns)),
    }


def spelling_notes(
    study: Study, landing: Path, cohorts: Mapping[str, Cohort], name: str, stored: StoredNames
) -> list[str]:
    """Say which names of a cohort a run stores in another spelling than that of its files.

    Parameters
    ----------
    study, landing, cohorts
        The study, the folder with all cohorts, and the declarations of its cohorts by name.
    name, stored
        The cohort that is asked for, and what it stores (`stored_names`).
    """
    notes = []
    for kind, names in stored.items():
        spelled = _spelling(kind, study, landing, cohorts).get(name, {})
        other = [f"{old!r} as {spelled[old]!r}" for old in names if old in spelled]
        more = [f"{len(other) - _SHOWN:,} more"] if len(other) > _SHOWN else []
        if other:
            notes.append(f"{kind} stored in the spelling of the study: {', '.join([*other[:_SHOWN], *more])}")
    return notes


def name_warnings(
    study: Study,
    landing: Path,
    cohorts: Mapping[str, Cohort],
    stored: Mapping[str, StoredNames],
    name: str | None = None,
) -> list[str]:
    """Say which names or values of different cohorts are alike, but count as different.

    Parameters
    ----------
    study, landing, cohorts
        As for `spelling_notes`.
    stored
        What cohorts store (`stored_names`), as far as it is known; of the other ones, all columns of their files.
    name
        The cohort that is asked for; by default all.
    """
    warnings = []
    for kind in _KINDS:
        spelled, known = _spelling(kind, study, landing, cohorts), known_names(study, kind)
        together = {}
        for other, cohort in cohorts.items():
            own = stored.get(other, {}).get(kind)
            names = names_in_files(kind, landing / other, cohort) if own is None else own
            rewritten = [spelled[other].get(one, one) for one in names]
            together[other] = [*rewritten, *(known if _computed(kind, cohort) else [])]
        warnings += similar_names(together, name)
    for column in _TEXTS:
        texts = {other: text_values(landing / other, cohort, column) for other, cohort in cohorts.items()}
        warnings += values_alike(column, texts, name)
    return warnings


def _spelling(kind: Kind, study: Study, landing: Path, cohorts: Mapping[str, Cohort]) -> dict[str, dict[str, str]]:
    """How a run spells the names in the files of each cohort, where it is otherwise."""
    named = {other: names_in_files(kind, landing / other, cohort) for other, cohort in cohorts.items()}
    return one_spelling(named, known_names(study, kind))


def _computed(kind: Kind, cohort: Cohort) -> bool:
    """Whether the platform computes scores or features of the cohort, which have the known names."""
    if kind == "features":
        return cohort.imaging is not None and cohort.features is None
    return cohort.expression is not None and cohort.cell_scores is None
