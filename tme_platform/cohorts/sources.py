"""Name the files that each kind of source depends on. Opening them belongs in the readers."""

from __future__ import annotations

from typing import Literal, get_args

from tme_platform.cohorts.declaration import CellScoreSource, Cohort, ExpressionSource
from tme_platform.expression import PACKAGED_LINEAGES

Kind = Literal["clinical", "expression", "cell_scores", "other_scores", "imaging", "features", "score_comparison"]


def source_files(cohort: Cohort, kind: str) -> list[str]:
    """Name the landing files that a kind of source depends on, besides the cohort file.

    Parameters
    ----------
    cohort
        The declaration.
    kind
        `clinical` (the clinical tables and every file that names patients), `expression`, `cell_scores`, `features`,
        `imaging` (the manifest; its hashes cover the images), `other_scores` or `score_comparison`.

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
        "expression": _expression_files(cohort.expression) if cohort.expression else [],
        "cell_scores": _score_files(cohort.cell_scores) if cohort.cell_scores else [],
        "features": [cohort.features.file] if cohort.features else [],
        "imaging": [cohort.imaging.manifest] if cohort.imaging else [],
    }
    if kind == "score_comparison":
        return [compared.pairs for compared in cohort.score_comparison if compared.pairs is not None]
    if kind == "other_scores":
        return list(dict.fromkeys(file for source in cohort.other_scores.values() for file in _score_files(source)))
    if kind == "clinical":
        naming = [named[0] for named in files.values() if named]
        return list(dict.fromkeys([*(source.file for source in cohort.clinical), *naming]))
    return files[kind]


def every_file(cohort: Cohort) -> list[str]:
    """Every file that a cohort file names."""
    return list(dict.fromkeys(file for kind in get_args(Kind) for file in source_files(cohort, kind)))


def _expression_files(source: ExpressionSource) -> list[str]:
    return [source.file, *filter(None, [source.gene_map, source.gene_lengths])]


def _score_files(source: CellScoreSource) -> list[str]:
    own_map = source.lineages if source.lineages not in PACKAGED_LINEAGES else None
    return [source.file, *filter(None, [source.groups, own_map])]
