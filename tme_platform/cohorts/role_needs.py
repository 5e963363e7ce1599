"""What each role of a cohort needs, and what is missing. What the study needs of a cohort is in `steps.study_check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.cohorts.content import CohortContent
from tme_platform.cohorts.declaration import Cohort, Role
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import COHORT_FILE
from tme_platform.cohorts.known_endpoints import KnownEndpoint

_SIGNATURE = {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION}
_OUTCOMES = {Role.IMMUNE_PHENOTYPE, Role.IMMUNOTHERAPY}
_PHENOTYPES = {Role.PHENOTYPE_REFERENCE, Role.PHENOTYPE_REPLICATION}

ROLE_USES = {
    Role.PHENOTYPE_REFERENCE: "defines hot and cold",
    Role.PHENOTYPE_REPLICATION: "tests whether hot and cold replicate",
    Role.SCORE_COMPARISON: "compares scores from RNA with another estimate",
    Role.SIGNATURE_DISCOVERY: "trains the signature",
    Role.SIGNATURE_VALIDATION: "validates the signature",
    Role.IMMUNE_PHENOTYPE: "compares scores with CD8 or PD-L1",
    Role.IMMUNOTHERAPY: "compares scores with the response to immunotherapy",
    Role.IMAGING_METHODS: "tests image processing",
}
"""What a cohort is used for in each role."""


def role_problems(content: CohortContent) -> list[str]:
    """What the cohort file lacks for the cohort's roles and phenotypes."""
    cohort = content.cohort
    roles = set(cohort.roles)
    measured = bool(cohort.cell_scores or cohort.expression)
    imaged = bool(cohort.features or cohort.imaging)
    needs = [
        (bool(roles & _SIGNATURE), imaged, "features or imaging"),
        (bool(roles & _OUTCOMES), imaged or measured, "features, imaging, cell_scores or expression"),
        (Role.IMAGING_METHODS in roles, cohort.imaging is not None, "imaging"),
        (bool(roles & _PHENOTYPES), measured, "cell_scores or expression"),
        (Role.SCORE_COMPARISON in roles, cohort.expression is not None, "expression"),
    ]
    problems = [
        f"its roles need {what}, which {COHORT_FILE} does not declare. Add it."
        for required, present, what in needs
        if required and not present
    ]
    return [*problems, *_phenotype_problems(content, measured)]


def _phenotype_problems(content: CohortContent, measured: bool) -> list[str]:
    source = content.cohort.phenotypes
    if source is None:
        return []
    problems = []
    if source.by != "patient" and not measured:
        what = "clusters this cohort" if source.by == "fit" else "assigns its patients by their scores"
        problems.append(
            f"`phenotypes: {{by: {source.by}}}` {what}, which needs cell_scores or expression. Declare them, or take "
            "the phenotypes of the same patients from another cohort (`by: patient`)."
        )
    if source.cohort is None:
        return problems
    folder = content.folder.parent / source.cohort
    if (folder / COHORT_FILE).is_file():
        return [*problems, *_not_fitted(source.cohort, folder)]
    missing = "which is not in the landing folder. Add it, or name another."
    return [*problems, f"phenotypes come from cohort {source.cohort!r}, {missing}"]


def _not_fitted(name: str, folder: Path) -> list[str]:
    try:
        there = read_cohort(folder)
    except CohortError as error:
        return [f"phenotypes come from cohort {name!r}, whose cohort file cannot be read: {error}"]
    if there.phenotypes is None or there.phenotypes.by != "fit":
        return [
            f"phenotypes come from cohort {name!r}, which fits none. Write `phenotypes: {{by: fit}}` in its "
            "cohort.yaml, or name the cohort that does."
        ]
    return []


def role_warnings(cohort: Cohort, endpoints: Sequence[KnownEndpoint], *, complete: bool = True) -> list[str]:
    """What a role can do without, but probably should not; and endpoints of the cohort that cannot be analysed.

    Parameters
    ----------
    cohort, endpoints
        Its declaration, and the endpoints with the number of patients of each.
    complete
        Whether all clinical tables can be read. If not, endpoints without values are not reported: that is the cause.
    """
    roles = set(cohort.roles)
    warnings = []
    if roles & (_PHENOTYPES | _SIGNATURE) and cohort.phenotypes is None:
        named = ", ".join(sorted(role.value for role in roles & (_PHENOTYPES | _SIGNATURE)))
        warnings.append(
            f"{COHORT_FILE} has no `phenotypes`, so nobody is called hot or cold, and the role {named} has no effect. "
            "Add `phenotypes: {by: fit}`, or take them from another cohort."
        )
    classed = [endpoint for endpoint in endpoints if not endpoint.timed and endpoint.n]
    if complete and roles & _OUTCOMES and not classed:
        warnings.append(
            f"no patient has a value of any endpoint with two classes, which the role "
            f"{', '.join(sorted(role.value for role in roles & _OUTCOMES))} is evaluated against. Map cd8_percent, "
            "immune_phenotype, pd_l1, recist or pcr, or declare an endpoint."
        )
    own = {name for name, endpoint in cohort.endpoints.root.items() if endpoint is not None}
    for endpoint in endpoints:
        if complete and endpoint.name in own and endpoint.n == 0:
            warnings.append(f"endpoint {endpoint.name} is declared, but no patient has a value. Check its columns.")
    for endpoint in endpoints:
        if not endpoint.timed and endpoint.n and endpoint.n_positive in (0, endpoint.n):
            side = "positive" if endpoint.n_positive else "negative"
            who = "the only patient is" if endpoint.n == 1 else f"all {endpoint.n:,} patients are"
            warnings.append(f"endpoint {endpoint.name}: {who} {side}, so nothing can be compared with it.")
    return warnings
