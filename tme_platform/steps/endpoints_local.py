"""Temporary: endpoints until declared ones are merged."""

import pandas as pd

from tme_platform.evaluation import ENDPOINTS, endpoint_outcome
from tme_platform.steps.reading import clinical_by_patient
from tme_platform.steps.scope import Scope


def binary_endpoints(scope: Scope) -> dict[str, pd.Series]:
    """Binary endpoints with a known outcome."""
    clinical = clinical_by_patient(scope, scope.own_cohort)
    found = {name: endpoint_outcome(clinical, name) for name in ENDPOINTS}
    return {name: outcome for name, outcome in found.items() if outcome.notna().any()}


def time_endpoints(scope: Scope) -> dict[str, pd.DataFrame]:
    """Overall survival."""
    clinical = clinical_by_patient(scope, scope.own_cohort, ["os_days", "os_event"])
    os = clinical.rename(columns={"os_days": "time_days", "os_event": "event"}).astype(float).dropna()
    return {"os": os} if len(os) else {}
