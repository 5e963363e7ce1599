"""Steps of the cohort stage: what landed, patients, imaging series, expression, and what was rejected.

Reading and validating files belongs in `tme_platform.cohorts`.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tme_platform.cohorts import (
    PATHS,
    Cohort,
    Rejections,
    image_fingerprints,
    read_clinical,
    read_log2_expression,
    read_manifest,
    reject_same_data,
    row_fingerprints,
    series_problem,
)
from tme_platform.steps.input_checks import (
    PATIENT_SOURCES,
    data_once,
    no_path_names_anybody,
    nobody_is_named,
    outlines_where_declared,
    patients_are_named,
    tables_meet,
)
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import Finding, StepResult, UnusableInputError, content_check, empty, step
from tme_platform.tables import Blocks, rejections
from tme_platform.tables.cohorts import CLINICAL_OTHER, COHORT_FILES, COHORTS, EXPRESSION, IMAGING_SERIES, PATIENTS
from tme_platform.tables.expression import CELL_SCORES, OTHER_SCORES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import PERTURBED_FEATURES, RADIOMIC_FEATURES, RING_WIDTH_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS

_REJECTING = (
    PATIENTS,
    EXPRESSION,
    CELL_SCORES,
    OTHER_SCORES,
    IMAGING_SERIES,
    IMAGE_REGIONS,
    RADIOMIC_FEATURES,
    PERTURBED_FEATURES,
    RING_WIDTH_FEATURES,
)


@step(COHORT_FILES, version="2", checks=[no_path_names_anybody])
def cohort_files(scope: Scope) -> StepResult:
    """Hash what landed; everything that follows depends on content, not on dates."""
    files = scope.landing_files()
    return StepResult(files, details={"files": len(files), "megabytes": round(float(files["bytes"].sum()) / 1e6, 3)})


@step(COHORTS, version="1")
def cohorts(scope: Scope) -> StepResult:
    """Read the cohort file; this version is used if a later edit breaks the file."""
    cohort = scope.declaration(*Cohort.model_fields)
    row = {
        "title": cohort.title,
        "roles": ", ".join(role.value for role in cohort.roles),
        "source": cohort.provenance.source,
        "licence": cohort.provenance.licence,
        "declaration": cohort.model_dump_json(),
    }
    return StepResult(pd.DataFrame([row]), details={"roles": row["roles"], "licence": row["licence"]})


@step(PATIENTS, version="2", reads=[COHORT_FILES], checks=[patients_are_named, tables_meet, nobody_is_named])
def patients(scope: Scope) -> StepResult:
    """Read the clinical tables, map their columns, and set impossible values missing, each with a reason."""
    for kind in PATIENT_SOURCES:
        scope.files(kind)
    cohort = scope.declaration(*PATIENT_SOURCES)
    clinical = read_clinical(scope.folder, scope.own_cohort, cohort)
    known = clinical.patients.notna().sum()
    details = {
        "patients": len(clinical.patients),
        "with_survival": int(clinical.patients[["os_days", "os_event"]].notna().all(axis=1).sum()),
        "rejected_rows": len(clinical.rejected),
        "known_values": {name: int(count) for name, count in known.items() if count},
    }
    return StepResult(clinical.patients, clinical.rejected, details)


@step(CLINICAL_OTHER, version="3", reads=[COHORT_FILES])
def clinical_other(scope: Scope) -> StepResult:
    """Keep the clinical columns without mapping that the cohort file asks for; no others leave the landing folder."""
    for kind in PATIENT_SOURCES:
        scope.files(kind)
    cohort = scope.declaration(*PATIENT_SOURCES, "endpoints", "subgroups")
    other = read_clinical(scope.folder, scope.own_cohort, cohort).other
    return StepResult(other, details={"columns": int(other["column"].nunique())})


@step(IMAGING_SERIES, version="4", reads=[COHORT_FILES], checks=[outlines_where_declared])
def imaging_series(scope: Scope) -> StepResult:
    """Read the imaging manifest and check it against the files in the folder.

    It is known from here on which series the signature uses.
    """
    landed = scope.read(COHORT_FILES)  # any image may have changed, also one that the manifest does not name
    names = scope.path_names
    hashes = dict(zip(map(names.relative, landed["file"]), landed["sha256"], strict=True))
    cohort = scope.declaration("imaging", "features", "roles")
    series, rejected = read_manifest(scope.folder, scope.own_cohort, cohort, hashes)
    unknown = series_problem(series, cohort)
    if unknown is not None:
        raise ValueError(f"{scope.own_cohort}: {unknown}")
    manifest = cohort.imaging.manifest if cohort.imaging is not None else None
    twice = reject_same_data(scope.own_cohort, image_fingerprints(series), manifest)
    details = {
        "patients": int(series["patient_id"].nunique()),
        "outlines": len(series),
        "series": sorted(series["series"].unique()),
    }
    stored = {column: series[column].map(names.stored_as_written, na_action="ignore") for column in PATHS}
    return StepResult(series.assign(**stored), pd.concat([rejected, twice], ignore_index=True), details)


@step(EXPRESSION, version="3", reads=[COHORT_FILES])
def expression(scope: Scope) -> StepResult:
    """Read the expression matrix, leave out what is no gene or sample, and transform it to a log2 scale."""
    scope.files("expression")
    cohort = scope.declaration("expression")
    if cohort.expression is None:
        return empty(scope, "the cohort brings no expression")
    source = cohort.expression
    read = read_log2_expression(scope.folder, scope.own_cohort, cohort)
    if read.log2 is None or read.log2.empty:
        raise UnusableInputError(
            f"{source.file} gives no expression{read.refusal and ': ' + read.refusal}", read.rejected
        )
    details: dict[str, object] = {"unit_landed": source.unit}
    if read.conversion:
        details |= {"values": read.conversion, "genes_without_length": read.genes_without_length}
    twice = reject_same_data(scope.own_cohort, row_fingerprints(read.log2.T, "expression values"), source.file)
    rejected = pd.concat([read.rejected, _doubt(scope, read.doubt, source.file), twice], ignore_index=True)
    return StepResult(
        _one_row_per_value(read.log2), rejected, {"genes": len(read.log2), "samples": read.log2.shape[1], **details}
    )


_ROWS_AT_ONCE = 1_000_000


def _one_row_per_value(matrix: pd.DataFrame) -> Blocks:
    """The rows of a matrix (genes x samples) as `expression` has them: some genes at a time."""
    place = pd.Series(np.arange(len(matrix)), index=matrix.index)
    samples = matrix.columns.to_numpy()
    genes = matrix.index.sort_values()
    some = max(1, _ROWS_AT_ONCE // samples.size)

    def blocks() -> Iterator[pd.DataFrame]:
        for start in range(0, len(genes), some):
            own = genes[start : start + some]
            yield pd.DataFrame(
                {
                    "gene": np.repeat(own.to_numpy(), samples.size),
                    "gene_order": np.repeat(place.loc[own].to_numpy(), samples.size),
                    "sample_id": np.tile(samples, len(own)),
                    "value": matrix.loc[own].to_numpy().ravel(),
                }
            )

    return Blocks(blocks)


def _doubt(scope: Scope, doubt: str, file: str) -> pd.DataFrame:
    """What speaks against the declared unit, as a rejection; no row if nothing does."""
    rejected = Rejections(scope.own_cohort)
    if doubt:
        rejected.add(rule="unit_doubtful", message=doubt, action="values used as declared", file=file)
    return rejected.frame()


@content_check(
    "Few enough patients were left out because of bad input (a share set in the study file).", blocking=False
)
def rejected_share(rejected: pd.DataFrame, scope: Scope) -> Finding:
    """Compare the share of patients that were left out with what the study allows."""
    allowed = scope.study.checks.max_rejected_share
    left_out = (
        rejected.loc[rejected["action"].isin(["patient left out", "outline left out"]), "patient_id"].dropna().nunique()
    )
    patients = len(scope.read(PATIENTS, columns=["patient_id"]))
    share = left_out / max(patients + left_out, 1)
    return Finding(
        bool(share <= allowed),
        f"{len(rejected)} input row(s) rejected; {left_out} patient(s) left out ({share:.1%}, allowed {allowed:.0%})",
        {"rejected_rows": len(rejected), "patients_left_out": int(left_out), "share": float(share)},
    )


@step(
    REJECTED_INPUTS,
    version="3",
    reads=_REJECTING,  # patients, which the check counts, are among them
    checks=[rejected_share, data_once],
    collects=True,
)
def rejected_inputs(scope: Scope) -> StepResult:
    """Collect what the reading steps left out, so that it can be fixed at its source."""
    found = [scope.read(rejections(schema)) for schema in _REJECTING]
    together = (
        pd.concat(found, ignore_index=True)
        .drop(columns=["cohort", "provenance", "row_key"], errors="ignore")
        .drop_duplicates()
    )
    rules = together["rule"].value_counts()
    return StepResult(together, details={"rules": {str(rule): int(count) for rule, count in rules.items()}})
