"""Negative controls of the signature: features without texture. Their values are made in `radiomics`."""

import pandas as pd

from tme_platform.cohorts import Role
from tme_platform.radiomics import FEATURE_VERSION, extract_many_shuffled, fit_harmonisation, harmonise
from tme_platform.steps.harmonisation import batches
from tme_platform.steps.outlines import (
    EXTRACTION_POOL,
    batch_options,
    first_of_each_patient,
    incremental,
    jobs_of,
    measured,
)
from tme_platform.steps.radiomics import feature_set_name
from tme_platform.steps.reading import first_readings, of_signature_series
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.steps.training import TrainingSet
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import CONTROL_FEATURES

SHUFFLED_VOXELS = "shuffled_voxels"


@step(
    CONTROL_FEATURES,
    version=FEATURE_VERSION,
    reads=[IMAGING_SERIES, IMAGE_REGIONS],
    kinds=["simpleitk"],
    pool=EXTRACTION_POOL,
)
def control_features(scope: Scope) -> StepResult:
    """Shuffle the voxels inside tumour and ring and extract again, the first reading of each discovery patient."""
    settings, asked = scope.study.extraction, scope.study.controls
    chosen = first_of_each_patient(of_signature_series(scope, measured(scope)))
    if not asked.shuffled_voxels:
        return empty(scope, "the study has no negative controls (controls.shuffled_voxels is false)")
    declared = scope.declaration("roles", "features")
    if chosen.empty or declared.features is not None or Role.SIGNATURE_DISCOVERY not in declared.roles:
        return empty(scope, "no images that train the signature")
    made = incremental(
        scope,
        jobs_of(scope, chosen, settings, salt=f"{SHUFFLED_VOXELS}:{asked.seed}"),
        lambda jobs: extract_many_shuffled(jobs, settings, seed=asked.seed, options=batch_options(scope)),
        action="no negative control",
    )
    rows = made.rows.assign(feature_set=feature_set_name(settings), control=SHUFFLED_VOXELS)
    return StepResult(rows, made.rejected, {"outlines": len(rows), "extracted_now": made.computed})


def shuffled_voxels(scope: Scope, training: TrainingSet) -> dict[str, pd.DataFrame]:
    """The training patients' features of shuffled voxels by the name of the control, harmonised if the study does so.

    Empty unless every training cohort has them.
    """
    cohorts = [str(cohort) for cohort in training.rows["cohort"].unique()]
    if not all(scope.has_rows(CONTROL_FEATURES, cohort) for cohort in cohorts):
        return {}
    read = pd.concat([first_readings(scope.read(CONTROL_FEATURES, cohort)) for cohort in cohorts])
    table = read.reindex(index=training.features.index, columns=training.features.columns)
    asked = scope.study.harmonisation
    if asked.batch == "none":
        return {SHUFFLED_VOXELS: table}
    batch = pd.concat([batches(scope, cohort, asked.batch) for cohort in cohorts]).reindex(table.index)
    learned, _ = fit_harmonisation(table, batch, min_patients=asked.min_patients)
    return {SHUFFLED_VOXELS: table if learned is None else harmonise(table, batch, learned)[0]}
