"""What `tme check` says of the study, and of a cohort in it: names, gene sets, and what a run would refuse.

The same functions of the science are called as in a run. What a landing folder holds is checked in `cohorts.check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tme_platform.cohorts import (
    COHORT_FILE,
    Cohort,
    CohortContent,
    CohortError,
    CohortReport,
    Role,
    check_cohort,
    list_cohorts,
    named,
    read_cohort,
    read_content,
    same_data,
    scored_patients,
)
from tme_platform.expression import (
    gene_set_groups,
    gene_set_path,
    harmonise_gene_sets,
    packaged_gene_sets,
    read_gmt,
    score_cells,
    usable_gene_sets,
)
from tme_platform.phenotypes import choose_k, fit_phenotypes, kmeans_partitions, nbclust, scale_scores, silhouette_by_k
from tme_platform.steps.names import StoredNames, name_warnings, spelling_notes, stored_names
from tme_platform.steps.reading import no_set_measured
from tme_platform.study import Study, study_problems
from tme_platform.yaml_file import nearest

Look = Callable[[CohortReport], CohortReport]

_SMALL = 60
"""Patients up to which a cohort is clustered here as in a run; what can fail in larger ones does not need it."""
_SIDES = (Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION)


@dataclass(frozen=True)
class StudyReport:
    """What was found in the study file.

    Attributes
    ----------
    problems
        What prevents the study, or a part of it, from being computed.
    warnings
        What deserves a second look.
    notes
        What the study uses.
    """

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_study(study: Study, landing: Path) -> StudyReport:
    """Check the names in a study file against the landing folder and the packaged collections, without reading data."""
    landed = list_cohorts(landing)
    members = landed if study.cohorts is None else [name for name in study.cohorts if name in landed]
    problems = [
        f"study {study.name}: `cohorts` names {name!r}, which is not in {landing}{nearest(name, landed)}. "
        "Add the folder, or correct the name."
        for name in study.cohorts or ()
        if name not in landed
    ]
    problems += [
        f"study {study.name}: `specifications: cohorts` names {name!r}, which is not a cohort of the study"
        f"{nearest(name, members)}. Correct it, or add it to `cohorts`."
        for name in study.specifications.cohorts
        if name not in members
    ]
    declared = dict(_readable(landing, members))
    sides, warnings = _signature(study, declared)
    settings = settings_problems(study, landing)
    return StudyReport((*problems, *settings, *sides), tuple(warnings), tuple(_notes(study)))


def settings_problems(study: Study, landing: Path) -> list[str]:
    """Settings, such as collections of gene sets, with which the study's cohorts cannot be computed."""
    landed = list_cohorts(landing)
    declared = dict(_readable(landing, [name for name in study.cohorts or landed if name in landed]))
    scored = [name for name, cohort in declared.items() if cohort.cell_scores is None and cohort.expression is not None]
    fitted = [name for name in scored if (source := declared[name].phenotypes) is not None and source.by == "fit"]
    return [f"study {study.name}: {problem}" for problem in study_problems(study, scored, fitted)]


def check_in_study(report: CohortReport, study: Study, landing: Path) -> StudyReport:
    """Check a cohort against the study that uses it: who refers to whom, gene sets, clustering.

    Parameters
    ----------
    report
        The cohort as `check_cohort` found it.
    study, landing
        The study, and the folder with all cohorts.
    """
    content = report.content
    if content is None:
        return StudyReport()
    landed = list_cohorts(landing)
    members = set(study.cohorts if study.cohorts is not None else landed)
    warnings = []
    if report.name not in members and members & set(landed):  # otherwise it is another study's landing folder
        warnings.append(
            f"it is not among the `cohorts` of study {study.name}: `tme run` leaves it out. Add it to the study file, "
            "or name another study (--study)."
        )
    problems = [
        f"{what} cohort {name!r}, which is not among the `cohorts` of study {study.name}. Add it to the study file."
        for what, name in _references(content.cohort)
        if report.name in members and name not in members and (landing / name / COHORT_FILE).is_file()
    ]
    problems += too_few_to_train(report, study, landing) if report.name in members else []
    try:
        problems += _populations_of_the_model(content, study)
        scores, groups = _population_scores(report, study)
        if scores is not None and content.cohort.phenotypes is not None and content.cohort.phenotypes.by == "fit":
            _fit_as_a_run(scores, groups, content.cohort, study)
    except ValueError as error:
        problems.append(str(error))
    compared = dict(_readable(landing, sorted(members & set(landed) | {report.name})))
    notes = spelling_notes(study, landing, compared, report.name, stored_names(content))
    return StudyReport(tuple(problems), tuple(warnings), tuple(notes))


def check_names(report: CohortReport, study: Study, landing: Path, stored: StoredNames) -> list[str]:
    """Say which names and values of a cohort are almost those of another cohort of the study."""
    members = study.cohorts if study.cohorts is not None else list_cohorts(landing)
    compared = dict(_readable(landing, sorted({*members, report.name})))
    return name_warnings(study, landing, compared, {report.name: stored}, report.name)


def too_few_to_train(report: CohortReport, study: Study, landing: Path) -> list[str]:
    """Say if the only discovery cohort has too few patients for the folds of the cross-validation."""
    content = report.content
    if content is None or Role.SIGNATURE_DISCOVERY not in content.cohort.roles or content.cohort.phenotypes is None:
        return []
    members = study.cohorts if study.cohorts is not None else list_cohorts(landing)
    others = dict(_readable(landing, [name for name in members if name != report.name]))
    if any(Role.SIGNATURE_DISCOVERY in cohort.roles for cohort in others.values()):
        return []  # they train together
    imaged = {name for kind in ("features", "imaging") for name in content.tables.get(kind, [])}
    labelled = imaged & _labelled(content, landing)
    split = content.cohort.split
    train = len(labelled) - (round(len(labelled) * split.fraction) if split is not None else 0)
    folds = study.signature.n_splits
    if train >= 2 * folds or not labelled:  # without any phenotype, another problem says why
        return []
    return [
        f"{train:,} patients with features and a phenotype would train the signature: {folds}-fold cross-validation "
        f"needs at least {folds} hot and {folds} cold ones. Add patients, or lower `signature: {{n_splits}}` in the "
        "study file."
    ]


def _labelled(content: CohortContent, landing: Path) -> set[str]:
    """The patients who can have a phenotype."""
    source = content.cohort.phenotypes
    if source is not None and source.by == "patient" and source.cohort is not None:
        return scored_patients(landing / source.cohort)
    return {name for kind in ("cell_scores", "expression") for name in content.tables.get(kind, [])}


def _populations_of_the_model(content: CohortContent, study: Study) -> list[str]:
    """Say which populations of another cohort's model are missing here."""
    source = content.cohort.phenotypes
    if source is None or source.by != "model" or source.cohort is None:
        return []
    folder = content.folder.parent / source.cohort
    try:
        theirs = _populations(read_content(folder, read_cohort(folder)), study)
    except (CohortError, OSError):
        return []  # reported where the cohort is named
    missing = sorted(theirs - _populations(content, study))
    if not missing:
        return []
    return [
        f"the scores lack {len(missing)} of the {len(theirs)} populations of cohort {source.cohort}, whose model gives "
        f"the phenotypes: {', '.join(missing[:5])}. Bring the same populations, or genes of the same sets."
    ]


def _populations(content: CohortContent, study: Study) -> set[str]:
    """The populations that a cohort has scores of, or has enough genes for."""
    if content.cell_scores is not None:
        return set(map(str, content.cell_scores.scores.index))
    if content.expression is None or content.expression.log2 is None:
        return set()
    genes, settings = content.expression.log2.index, study.gene_sets
    listed, _ = harmonise_gene_sets(read_gmt(gene_set_path(settings.collection)), genes, aliases=settings.aliases)
    return set(usable_gene_sets(listed, genes, settings.min_share, settings.min_genes)[0])


def check_all(
    study: Study, landing: Path, names: Iterable[str], *, look: Look | None = None
) -> tuple[list[CohortReport], StudyReport]:
    """Check cohorts, each in the study, and the study with them: also the same data in two cohorts.

    Parameters
    ----------
    study, landing, names
        The study, the folder with all cohorts, and those to check.
    look
        See `checked`.

    Returns
    -------
    Reports of the cohorts, with what the study finds in them, and of the study.
    """
    reports, prints, stored = [], [], {}
    for name in names:
        report, kept = checked(study, landing, name, look=look)
        reports.append(report)
        prints += [kept.fingerprints] if len(kept.fingerprints) else []
        stored[name] = kept.names
    found = check_study(study, landing)
    roles = dict(_readable(landing, [report.name for report in reports]))
    between = _between_cohorts(pd.concat(prints, ignore_index=True), roles) if prints else StudyReport()
    alike = name_warnings(study, landing, roles, stored)
    together = (*found.problems, *between.problems), (*found.warnings, *between.warnings, *alike), found.notes
    return reports, StudyReport(*together)


@dataclass(frozen=True)
class Kept:
    """What is kept of a cohort's data to compare it with other cohorts.

    Attributes
    ----------
    fingerprints
        As `CohortContent.all_fingerprints`, with ``cohort``.
    names
        The names of populations and features that a run would store.
    """

    fingerprints: pd.DataFrame
    names: StoredNames


def checked(study: Study, landing: Path, name: str, *, look: Look | None = None) -> tuple[CohortReport, Kept]:
    """Check a cohort and its place in the study; the data themselves are let go.

    Parameters
    ----------
    study, landing, name
        The study, the folder with all cohorts, and the cohort.
    look
        Looks at more of a cohort (its images, see `image_check`); None leaves that out.
    """
    report = check_cohort(
        landing / name, endpoints=study.endpoints, min_shared_patients=study.checks.min_shared_patients
    )
    report = report if look is None else look(report)
    placed = check_in_study(report, study, landing)
    prints = report.content.all_fingerprints() if report.content is not None else pd.DataFrame(columns=["kind"])
    kept = vars(report) | {
        "problems": tuple(dict.fromkeys((*report.problems, *placed.problems))),
        "warnings": (*report.warnings, *placed.warnings),
        "notes": (*report.notes, *placed.notes),
        "content": None,
    }
    return CohortReport(**kept), Kept(prints.assign(cohort=name), stored_names(report.content))


def _references(cohort: Cohort) -> list[tuple[str, str]]:
    """The other cohorts that a cohort file names, and what for."""
    found = [("score_comparison names", comparison.cohort) for comparison in cohort.score_comparison]
    if cohort.phenotypes is not None and cohort.phenotypes.cohort is not None:
        found.append(("phenotypes come from", cohort.phenotypes.cohort))
    return found


def _population_scores(report: CohortReport, study: Study) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """Scores as a run would cluster them; None for a large cohort with expression, where only the sets are looked at.

    Raises
    ------
    ValueError
        No gene set has enough genes.
    """
    content = report.content
    if content is None:
        return None, {}
    if content.cell_scores is not None:
        return (content.cell_scores.scores if content.cell_scores.scores.size else None), content.cell_scores.groups
    if content.expression is None or content.expression.log2 is None or not content.expression.log2.size:
        return None, {}
    matrix, settings = content.expression.log2, study.gene_sets
    path = gene_set_path(settings.collection)
    listed, _ = harmonise_gene_sets(read_gmt(path), matrix.index, aliases=settings.aliases)
    usable, _ = usable_gene_sets(listed, matrix.index, settings.min_share, settings.min_genes)
    if not usable:
        raise ValueError(no_set_measured(settings, len(matrix), report.name))
    if matrix.shape[1] > _SMALL:
        return None, {}
    return score_cells(matrix, usable, engine=settings.engine, weight=settings.weight), gene_set_groups(path)


def _fit_as_a_run(scores: pd.DataFrame, groups: Mapping[str, str], cohort: Cohort, study: Study) -> None:
    """Scale and cluster as the steps of the phenotypes do, with a single start.

    Raises
    ------
    ValueError
        As a run would: a population that does not vary, too few different patients, no immune population.
    """
    settings = study.phenotypes
    declared = cohort.phenotypes.scaling if cohort.phenotypes is not None else None
    in_lineages = cohort.cell_scores is not None and cohort.cell_scores.lineages is not None
    scaling = declared or ("over_cohort" if in_lineages else settings.scaling)
    k = settings.k if isinstance(settings.k, int) else settings.k_min
    fit_phenotypes(scores, groups, k=k, n_init=1, scaling=scaling)
    if scores.shape[1] <= _SMALL:
        scaled = scale_scores(scores, scaling).dropna()
        partitions = kmeans_partitions(scaled, settings.k_min, settings.k_max, n_init=1, seed=settings.seed)
        result = nbclust(scaled, settings.k_min, settings.k_max, partitions=partitions)
        choose_k(result, silhouette_by_k(scaled, partitions).loc[settings.k_min : settings.k_max])


def _readable(landing: Path, names: Iterable[str]) -> Iterable[tuple[str, Cohort]]:
    for name in names:
        try:
            yield name, read_cohort(landing / name)
        except (CohortError, OSError):
            continue  # the cohort's own check reports it


def _signature(study: Study, declared: Mapping[str, Cohort]) -> tuple[list[str], list[str]]:
    """Feature sets of the discovery cohorts, which have to be one, and of the others, which should be the same."""
    sets = {name: _feature_set(cohort) for name, cohort in declared.items() if set(cohort.roles) & set(_SIDES)}
    trained = {name: sets[name] for name in sets if Role.SIGNATURE_DISCOVERY in declared[name].roles}
    problems, warnings = [], []
    if len(set(trained.values())) > 1:
        listed = ", ".join(f"{name}: {feature_set}" for name, feature_set in trained.items())
        problems.append(
            f"study {study.name}: discovery cohorts bring different feature sets ({listed}); a signature is made from "
            "one. Remove the role from the others, or use one `feature_set`."
        )
    elif trained:
        (used,) = set(trained.values())
        others = [name for name, feature_set in sets.items() if feature_set != used]
        if others:
            warnings.append(
                f"study {study.name}: the signature is made from the features {used}; {', '.join(others)} bring others "
                "and are left out."
            )
    return problems, warnings


def _feature_set(cohort: Cohort) -> str:
    return cohort.features.feature_set if cohort.features is not None else "extracted from images"


def _between_cohorts(prints: pd.DataFrame, declared: Mapping[str, Cohort]) -> StudyReport:
    """The same data under two names in two cohorts: a problem where the signature is trained and validated on them."""
    if prints.empty:
        return StudyReport()
    problems, warnings = [], []
    for _, rows in same_data(prints).groupby("group"):
        if rows["cohort"].nunique() < 2:
            continue  # within one cohort, which its own check reports
        who = named([f"{row.patient_id} ({row.cohort})" for row in rows.itertuples()])
        sides = {side for name in rows["cohort"] for side in _sides(declared.get(name))}
        text = f"{who} have the same {rows['kind'].iloc[0]} under different names."
        if len(sides) > 1:
            problems.append(f"{text} The signature would be validated on what it was trained on: keep one of them.")
        else:
            warnings.append(f"{text} Give one patient one name.")
    return StudyReport(tuple(problems), tuple(warnings))


def _sides(cohort: Cohort | None) -> set[Role]:
    return set() if cohort is None else set(cohort.roles) & set(_SIDES)


def _notes(study: Study) -> Sequence[str]:
    licence = packaged_gene_sets().get(study.gene_sets.collection)
    return [f"gene sets {study.gene_sets.collection}: {licence}"] if licence else []
