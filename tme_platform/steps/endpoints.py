"""The step that lists which endpoints and subgroups a cohort has. Applying them belongs in `evaluation.outcomes`."""

import pandas as pd

from tme_platform.evaluation import definition, endpoint_title
from tme_platform.steps.reading import (
    binary_endpoints,
    declared_endpoints,
    declared_subgroups,
    subgroups,
    time_endpoints,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import CLINICAL_OTHER, ENDPOINTS, PATIENTS


@step(ENDPOINTS, version="1", reads=[CLINICAL_OTHER], reads_all_cohorts=[PATIENTS])
def endpoints(scope: Scope) -> StepResult:
    """List the endpoints and subgroups with values; missing ones come from the cohort of the phenotypes, if named."""
    named, groups = declared_endpoints(scope), declared_subgroups(scope)
    timed, classed = time_endpoints(scope, borrowed=True), binary_endpoints(scope, borrowed=True)
    rows: list[dict[str, object]] = []
    for kind, name, known in (
        *(("time to event", name, times["event"].dropna()) for name, times in timed.items()),
        *(("two classes", name, outcome.dropna()) for name, outcome in classed.items()),
    ):
        described = {"title": endpoint_title(name, named[name]), "definition": definition(named[name])}
        rows.append({"kind": kind, "endpoint": name, **described, "n": len(known), "n_positive": int(known.sum())})
    for name, members in subgroups(scope, borrowed=True).items():
        described = {"title": endpoint_title(name), "definition": definition(groups[name])}
        rows.append({"kind": "subgroup", "endpoint": name, **described, "n": int(members.sum()), "n_positive": None})
    if not rows:
        return empty(scope, "no clinical data for an endpoint or subgroup")
    table = pd.DataFrame(rows)
    return StepResult(table, details={str(kind): int(n) for kind, n in table["kind"].value_counts().items()})
