"""Features, how they move with the ring, and which can be trusted. Their values are made in `radiomics`."""

import hashlib
import json
from collections.abc import Iterator

import pandas as pd

from tme_platform import radiomics
from tme_platform.cohorts import read_features, reject_same_data, row_fingerprints
from tme_platform.radiomics import (
    FEATURE_VERSION,
    ExtractionSettings,
    agreement,
    extract_many,
    extract_perturbed,
    ring_width_change,
)
from tme_platform.steps.outlines import (
    EXTRACTION_POOL,
    batch_options,
    first_of_each_patient,
    incremental,
    jobs_of,
    measured,
)
from tme_platform.steps.reading import of_signature_series
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, UnusableInputError, empty, step
from tme_platform.tables.cohorts import COHORT_FILES, IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import (
    AGREED_FEATURES,
    FEATURE_AGREEMENT,
    FEATURE_DICTIONARY,
    PERTURBED_FEATURES,
    RADIOMIC_FEATURES,
    RING_WIDTH,
    RING_WIDTH_FEATURES,
)


def feature_set_name(settings: ExtractionSettings) -> str:
    """Name of the features that these settings give; cohorts share a signature only if it is the same.

    Both engines give the same features.
    """
    settings = settings.model_copy(update={"engine": "compiled"})
    digest = hashlib.sha256(json.dumps(settings.resolved(), sort_keys=True).encode()).hexdigest()
    return f"pyradiomics-{digest[:8]}"


@step(
    RADIOMIC_FEATURES,
    version=f"{FEATURE_VERSION}.2",  # after the dot: what is rejected; rows are kept
    reads=[COHORT_FILES, IMAGING_SERIES, IMAGE_REGIONS],
    kinds=["simpleitk"],
    pool=EXTRACTION_POOL,
)
def radiomic_features(scope: Scope) -> StepResult:
    """Extract the features of tumour and ring (pyradiomics' definitions), or take the finished table that landed."""
    cohort = scope.declaration("features")
    if cohort.features is not None:
        scope.files("features")
        if scope.declaration("clinical", "endpoints", "subgroups").clinical:
            scope.files("clinical")  # a column that repeats a clinical variable is refused
        finished, rejected = read_features(scope.folder, scope.own_cohort, cohort)
        if finished.empty:
            raise UnusableInputError(f"{cohort.features.file} gives no features", rejected)
        finished = finished.rename(columns=scope.spelling("features"))
        described = finished.rename_axis("patient_id").reset_index()
        described = described.assign(
            series="", reader="", session=1, row_key="", feature_set=cohort.features.feature_set
        )
        rejected = _with_same_data(scope, described, rejected, cohort.features.file)
        return StepResult(described, rejected, {"patients": len(finished), "features": finished.shape[1]})
    settings = scope.study.extraction
    made = incremental(
        scope,
        jobs_of(scope, measured(scope), settings),
        lambda jobs: extract_many(jobs, settings, options=batch_options(scope)),
    )
    rows = made.rows.assign(feature_set=feature_set_name(settings))
    rejected = _with_same_data(scope, rows, made.rejected, None)
    return StepResult(
        rows, rejected, {"outlines": len(rows), "extracted_now": made.computed, "engine": settings.engine}
    )


def _with_same_data(scope: Scope, rows: pd.DataFrame, rejected: pd.DataFrame, file: str | None) -> pd.DataFrame:
    """Rejections, and the patients that have the same features: one image under two names, however it is stored."""
    numbers = rows.set_index("patient_id").select_dtypes("float64")
    twice = reject_same_data(scope.own_cohort, row_fingerprints(numbers, "features"), file)
    return pd.concat([rejected, twice], ignore_index=True) if len(twice) else rejected


@step(FEATURE_DICTIONARY, version="1")
def feature_dictionary(scope: Scope) -> StepResult:
    """Describe the features that the study's settings give, whether or not a cohort has images."""
    table = radiomics.feature_dictionary(scope.study.extraction)
    return StepResult(table, details={"features": len(table)})


@step(
    PERTURBED_FEATURES,
    version=FEATURE_VERSION,
    reads=[IMAGING_SERIES, IMAGE_REGIONS],
    kinds=["simpleitk"],
    pool=EXTRACTION_POOL,
)
def perturbed_features(scope: Scope) -> StepResult:
    """Change outline, noise and field of view, and extract again, in each series that nobody read twice."""
    outlines = measured(scope)
    settings, agreed = scope.study.extraction, scope.study.agreement
    once = [rows for _, rows in by_series(outlines) if rows.groupby("patient_id").size().max() == 1]
    if not once:
        return empty(scope, "no images" if outlines.empty else "every series has second readings")
    chosen = pd.concat([rows.sort_values("patient_id").head(agreed.perturbation_patients) for rows in once])
    made = incremental(
        scope,
        jobs_of(scope, chosen, settings, salt=f"perturbed:{agreed.perturbation_seed}"),
        lambda jobs: extract_perturbed(jobs, settings, seed=agreed.perturbation_seed, options=batch_options(scope)),
        action="not perturbed",
    )
    rows = made.rows.assign(feature_set=feature_set_name(settings))
    details = {"outlines": len(chosen), "perturbed_now": made.computed, "failed": len(made.rejected)}
    return StepResult(rows, made.rejected, details)


@step(
    RING_WIDTH_FEATURES,
    version=FEATURE_VERSION,
    reads=[IMAGING_SERIES, IMAGE_REGIONS],
    kinds=["simpleitk"],
    pool=EXTRACTION_POOL,
)
def ring_width_features(scope: Scope) -> StepResult:
    """Extract the ring's features again at several widths, of some patients (both are settings)."""
    settings, asked = scope.study.extraction, scope.study.ring_width
    margin_mm = settings.pad_voxels * settings.spacing_mm
    widths = sorted({width for width in asked.widths_mm if width <= margin_mm})
    chosen = first_of_each_patient(of_signature_series(scope, measured(scope)), asked.patients)
    if chosen.empty or not widths:
        return empty(scope, "no images, or no width that fits into the crop's margin")
    made = incremental(
        scope,
        jobs_of(scope, chosen, settings, salt=f"widths:{widths}"),
        lambda jobs: radiomics.ring_width_features(jobs, settings, widths_mm=widths, options=batch_options(scope)),
        action="left out of the ring-width run",
    )
    rows = made.rows.assign(feature_set=feature_set_name(settings))
    details = {"outlines": len(chosen), "widths_mm": widths, "extracted_now": made.computed}
    return StepResult(rows, made.rejected, details)


@step(RING_WIDTH, version="1", reads=[RING_WIDTH_FEATURES, RADIOMIC_FEATURES])
def ring_width(scope: Scope) -> StepResult:
    """Compare the ring's features at several widths with those of the study's own ring."""
    rows = scope.read(RING_WIDTH_FEATURES)
    if rows.empty:
        return empty(scope, "no ring was extracted at several widths")
    table = ring_width_change(rows, scope.read(RADIOMIC_FEATURES))
    moved = table.groupby("width_mm")["rank_correlation"].median()
    details = {
        "patients": int(rows["patient_id"].nunique()),
        "median_rank_correlation": {f"{width:g} mm": round(float(value), 3) for width, value in moved.items()},
    }
    return StepResult(table, details=details)


@step(FEATURE_AGREEMENT, version="2", reads=[RADIOMIC_FEATURES, PERTURBED_FEATURES])
def feature_agreement(scope: Scope) -> StepResult:
    """Compute ICC(2,1) of each feature in each series over all that was read more than once (McGraw and Wong 1996)."""
    rows = pd.concat([scope.read(RADIOMIC_FEATURES), scope.read(PERTURBED_FEATURES)], ignore_index=True)
    threshold = scope.study.agreement.min_icc
    parts = []
    for series, readings in by_series(rows):
        repeated = readings.groupby("patient_id").size().max() > 1
        if repeated and len(readings["patient_id"].unique()) > 1:
            found = agreement(readings.drop(columns=["cohort", "feature_set", "provenance"]), threshold=threshold)
            parts.append(found.assign(series=series))
    if not parts:
        return empty(scope, "no series was read, or perturbed, more than once")
    table = pd.concat(parts, ignore_index=True)
    verdict = table.drop_duplicates(["series", "feature"])["kept"]
    details = {
        "series": sorted(table["series"].unique()),
        "kinds": sorted(table["kind"].unique()),
        "features": len(verdict),
        "kept": int(verdict.sum()),
    }
    return StepResult(table.assign(feature_set=rows["feature_set"].iloc[0]), details=details)


@step(AGREED_FEATURES, version="2", reads=[RADIOMIC_FEATURES, FEATURE_AGREEMENT])
def agreed_features(scope: Scope) -> StepResult:
    """Keep the features that agree in every cohort that was judged; second readings count before perturbation.

    Of several series, the one that the signature uses is judged.
    A finished feature table without any second reading cannot be judged: its features are kept, and the table says so.
    """
    every = scope.read(FEATURE_AGREEMENT)
    parts, judged_rows = [], []
    for cohort in scope.cohorts:
        judged_rows.append(of_signature_series(scope, every[every["cohort"] == cohort], cohort))
        if not scope.has_rows(RADIOMIC_FEATURES, cohort):
            continue
        rows = scope.read(RADIOMIC_FEATURES, cohort)
        names = rows.columns.difference([column.name for column in RADIOMIC_FEATURES.all_columns])
        parts.append(pd.DataFrame({"feature": names, "feature_set": rows["feature_set"].iloc[0]}))
    if not parts:
        return StepResult(pd.DataFrame(columns=AGREED_FEATURES.own_columns))
    offered = pd.concat(parts, ignore_index=True).drop_duplicates()
    table = offered.merge(_verdicts(pd.concat(judged_rows)), on=["feature_set", "feature"], how="left")
    judged = table["kept"].notna()
    table["kept"] = table["kept"].astype("boolean").fillna(True)
    table["evidence"] = table["evidence"].where(judged, "none: no second reading, no image")
    counts = table.groupby("feature_set")["kept"].agg(["size", "sum"])
    return StepResult(
        table, details={str(name): f"{row['sum']} of {row['size']} kept" for name, row in counts.iterrows()}
    )


def by_series(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each series. Where each patient has one, whatever its name, they are one series."""
    if rows.groupby("patient_id")["series"].nunique().max() == 1:
        names = rows["series"].unique()
        yield str(names[0]) if len(names) == 1 else "", rows
    else:
        yield from ((str(name), part) for name, part in rows.groupby("series"))


def _verdicts(evidence: pd.DataFrame) -> pd.DataFrame:
    """One verdict per feature over all cohorts, of the strongest evidence that its feature set has."""
    columns = ["feature_set", "feature", "kept", "evidence", "reason"]
    if evidence.empty:
        return pd.DataFrame(columns=columns)
    perturbed = evidence["kind"].str.startswith("perturbation")
    has_readings = (~perturbed).groupby(evidence["feature_set"]).transform("any")
    strongest = evidence[~(perturbed & has_readings)]
    grouped = strongest.groupby(["feature_set", "feature"])
    verdict = pd.DataFrame(
        {
            "kept": grouped["kept"].all(),
            "evidence": grouped["kind"].agg(lambda kinds: ", ".join(sorted(set(kinds)))),
            "reason": grouped["reason"].agg(lambda reasons: "; ".join(reasons.dropna().unique())),
        }
    )
    return verdict.reset_index()[columns]
