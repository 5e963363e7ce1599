"""Name the files that each kind of source depends on. Opening them belongs in the readers."""

from __future__ import annotations

from typing import Literal, get_args

from tme_platform.cohorts.declaration import Cohort

Kind = Literal["clinical", "expression", "cell_scores", "imaging", "features", "score_comparison"]


def source_files(cohort: Cohort, kind: str) -> list[str]:
    """Name the landing files that a kind of source depends on, besides the cohort file.

    Parameters
    ----------
    cohort
        The declaration.
    kind
        `clinical` (the clinical tables and every file that names patients), `expression`, `cell_scores`, `features`,
        `imaging` (the manifest; its hashes cover the images) or `score_comparison`.

    Returns
    -------
    list of str
        Unique paths inside the cohort's folder; empty if the cohort declares none.

    Raises
    ------
    ValueError
        Unknown kind.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"unknown kind of source {kind!r}: use one of {', '.join(get_args(Kind))}")
    files: dict[str, list[str]] = {
        "expression": [cohort.expression.file, *filter(None, [cohort.expression.gene_map])]
        if cohort.expression
        else [],
        "cell_scores": [cohort.cell_scores.file, cohort.cell_scores.groups] if cohort.cell_scores else [],
        "features": [cohort.features.file] if cohort.features else [],
        "imaging": [cohort.imaging.manifest] if cohort.imaging else [],
    }
    if kind == "score_comparison":
        return [cohort.score_comparison.pairs] if cohort.score_comparison else []
    if kind == "clinical":
        naming = [named[0] for named in files.values() if named]
        return list(dict.fromkeys([*(source.file for source in cohort.clinical), *naming]))
    return files[kind]
