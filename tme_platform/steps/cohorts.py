"""What landed: files, patients, imaging series, expression, and what was left out. Reading itself is `cohorts`'."""

import pandas as pd

from tme_platform.cohorts import (
    Cohort,
    read_clinical,
    read_expression,
    read_manifest,
)
from tme_platform.expression import to_log2
from tme_platform.orchestration.table_asset import Finding, Made, nothing, table_asset
from tme_platform.steps.scope import Scope
from tme_platform.tables import rejections
from tme_platform.tables.cohorts import CLINICAL_OTHER, COHORT_FILES, COHORTS, EXPRESSION, IMAGING_SERIES, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import PERTURBED_FEATURES, RADIOMIC_FEATURES, RING_WIDTH_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS

COHORT_FILES_VERSION = "1"
_PATIENT_SOURCES = ("clinical", "expression", "cell_scores", "imaging", "features")
_REJECTING = (
    PATIENTS,
    EXPRESSION,
    CELL_SCORES,
    IMAGING_SERIES,
    IMAGE_REGIONS,
    RADIOMIC_FEATURES,
    PERTURBED_FEATURES,
    RING_WIDTH_FEATURES,
)


@table_asset(COHORT_FILES, code_version=COHORT_FILES_VERSION)
def cohort_files(scope: Scope) -> Made:
    """Hash what landed; everything that follows depends on content, not on dates."""
    files = scope.landing_files()
    return Made(files, details={"files": len(files), "megabytes": round(float(files["bytes"].sum()) / 1e6, 3)})


@table_asset(COHORTS, code_version="1", deps=[COHORT_FILES])
def cohorts(scope: Scope) -> Made:
    """Read the cohort file; this version stands in for it should a later edit break it."""
    cohort = scope.declaration(*Cohort.model_fields)
    row = {
        "title": cohort.title,
        "roles": ", ".join(role.value for role in cohort.roles),
        "source": cohort.provenance.source,
        "licence": cohort.provenance.licence,
        "declaration": cohort.model_dump_json(),
    }
    return Made(pd.DataFrame([row]), details={"roles": row["roles"], "licence": row["licence"]})


@table_asset(PATIENTS, code_version="1", deps=[COHORT_FILES])
def patients(scope: Scope) -> Made:
    """Read the clinical tables, map their columns, and set missing what cannot be true (each with a reason)."""
    for kind in _PATIENT_SOURCES:
        scope.files(kind)
    cohort = scope.declaration(*_PATIENT_SOURCES)
    clinical = read_clinical(scope.folder, scope.own_cohort, cohort)
    known = clinical.patients.notna().sum()
    details = {
        "patients": len(clinical.patients),
        "with_survival": int(clinical.patients[["os_days", "os_event"]].notna().all(axis=1).sum()),
        "rejected_rows": len(clinical.rejected),
        "known_values": {name: int(count) for name, count in known.items() if count},
    }
    return Made(clinical.patients, clinical.rejected, details)


@table_asset(CLINICAL_OTHER, code_version="1", deps=[COHORT_FILES])
def clinical_other(scope: Scope) -> Made:
    """Keep the clinical columns that are mapped to nothing, so that nothing that landed is lost."""
    for kind in _PATIENT_SOURCES:
        scope.files(kind)
    cohort = scope.declaration(*_PATIENT_SOURCES)
    other = read_clinical(scope.folder, scope.own_cohort, cohort).other
    return Made(other, details={"columns": int(other["column"].nunique())})


@table_asset(IMAGING_SERIES, code_version="2", deps=[COHORT_FILES])
def imaging_series(scope: Scope) -> Made:
    """Read the imaging manifest and hold it against the files that are there."""
    landed = scope.table(COHORT_FILES)  # any image may have changed, whatever the manifest says
    hashes = dict(zip(landed["file"], landed["sha256"], strict=True))
    series, rejected = read_manifest(scope.folder, scope.own_cohort, scope.declaration("imaging"), hashes)
    return Made(series, rejected, {"patients": int(series["patient_id"].nunique()), "outlines": len(series)})


@table_asset(EXPRESSION, code_version="1", deps=[COHORT_FILES])
def expression(scope: Scope) -> Made:
    """Read the expression matrix, leave out what is not a number, and bring it to a log2 scale."""
    scope.files("expression")
    cohort = scope.declaration("expression")
    if cohort.expression is None:
        return nothing(scope, "the cohort brings no expression")
    matrix, rejected = read_expression(scope.folder, scope.own_cohort, cohort)
    logged = to_log2(matrix, cohort.expression.unit)
    stacked = logged.rename_axis(index="gene").reset_index().melt("gene", var_name="sample_id", value_name="value")
    details = {"genes": len(logged), "samples": logged.shape[1], "unit_landed": cohort.expression.unit}
    return Made(stacked, rejected, details)


def _judge_rejected(rejected: pd.DataFrame, scope: Scope) -> list[Finding]:
    allowed = scope.study.checks.max_rejected_share
    left_out = (
        rejected.loc[rejected["action"].isin(["patient left out", "outline left out"]), "patient_id"].dropna().nunique()
    )
    patients = len(scope.table(PATIENTS, columns=["patient_id"]))
    share = left_out / max(patients + left_out, 1)
    return [
        Finding(
            "rejected_share",
            share <= allowed,
            f"{len(rejected)} row(s) of input rejected; {left_out} patient(s) left out "
            f"({share:.1%}, allowed {allowed:.0%}).",
            {"rejected_rows": len(rejected), "patients_left_out": int(left_out), "share": float(share)},
        )
    ]


@table_asset(
    REJECTED_INPUTS,
    code_version="1",
    deps=_REJECTING,
    checks={
        "rejected_share": "Few enough patients were left out because of bad input (a share set in the study file)."
    },
    judge=_judge_rejected,
    blocking=False,
)
def rejected_inputs(scope: Scope) -> Made:
    """Gather what the reading steps left out, so that it can be mended at its source."""
    found = [scope.table(rejections(schema)) for schema in _REJECTING]
    together = (
        pd.concat(found, ignore_index=True)
        .drop(columns=["cohort", "provenance", "row_key"], errors="ignore")
        .drop_duplicates()
    )
    rules = together["rule"].value_counts()
    return Made(together, details={"rules": {str(rule): int(count) for rule, count in rules.items()}})
