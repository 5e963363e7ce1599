"""What in a study's settings cannot give what its cohorts ask for. Reading a study file belongs in `load`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tme_platform.expression import gene_set_groups, gene_set_path, read_gmt
from tme_platform.phenotypes import IMMUNE_GROUPS
from tme_platform.study.settings import Study
from tme_platform.tables.expression import POPULATION_GROUPS


def study_problems(study: Study, scored: Collection[str] = (), fitted: Collection[str] = ()) -> list[str]:
    """Say which settings will not work with the study's cohorts.

    Parameters
    ----------
    study
        The study.
    scored
        Cohorts whose cell scores are computed from their expression by the study's gene-set collection.
    fitted
        Those of them whose phenotypes are fitted on these scores (`phenotypes: {by: fit}`).

    Returns
    -------
    A sentence for each problem, with what to change; empty if there is none.
    """
    return [*_unreadable(study, scored), *_no_phenotypes(study, fitted), *_no_clusters(study)]


def _unreadable(study: Study, scored: Collection[str]) -> Iterator[str]:
    """Collections that do not exist or cannot be read."""
    named = {
        "gene_sets.collection": (study.gene_sets.collection,) if scored else (),
        "phenotypes.compared_collections": study.phenotypes.compared_collections if scored else (),
        "enrichment.collections": study.enrichment.collections,
    }
    for setting, collections in named.items():
        for name in collections:
            try:
                read_gmt(gene_set_path(name))
            except (ValueError, OSError) as error:
                yield f"{setting}: {error}"


def _no_phenotypes(study: Study, fitted: Collection[str]) -> Iterator[str]:
    """A collection of which no set tells hot from cold, or whose groups are misspelled."""
    name, settings = study.gene_sets.collection, study.gene_sets
    if not fitted:
        return
    try:
        sets, groups = read_gmt(gene_set_path(name)), gene_set_groups(gene_set_path(name))
    except (ValueError, OSError):  # said already
        return
    large = [title for title, genes in sets.items() if len(genes) >= settings.min_genes]
    if not large:
        yield (
            f"gene_sets.min_genes: no set of {name} has {settings.min_genes} genes, so nothing is scored. "
            "Lower min_genes, or choose another collection."
        )
    elif not any(groups[title] in IMMUNE_GROUPS for title in large):
        yield (
            f"gene_sets.collection: no set of {name} with at least {settings.min_genes} genes is in the group "
            f"{' or '.join(IMMUNE_GROUPS)} (second column of the .gmt file), so "
            f"{', '.join(sorted(fitted))} cannot have hot and cold phenotypes. Choose tme24 or mcpcounter, or write "
            f"the group of each set into the second column: {', '.join(POPULATION_GROUPS)}."
        )


def _no_clusters(study: Study) -> Iterator[str]:
    settings = study.phenotypes
    if settings.k_min > settings.k_max:
        yield f"phenotypes: k_min {settings.k_min} is above k_max {settings.k_max}. Exchange them."
