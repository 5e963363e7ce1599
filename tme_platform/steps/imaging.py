"""Steps of the imaging stage: regions, acquisition, agreement of outlines, the slice of a typical tumour."""

import hashlib

from tme_platform.radiomics import (
    BatchOptions,
    ExtractionJob,
    ExtractionSettings,
    acquire_many,
    compare_outlines,
    describe_many,
    slice_lines,
)
from tme_platform.steps.outlines import (
    EXTRACTION_POOL,
    batch_options,
    first_of_each_patient,
    incremental,
    jobs_of,
    joined,
    keep_rows,
    measured,
)
from tme_platform.steps.reading import of_signature_series
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_ACQUISITION, IMAGE_REGIONS, OUTLINE_KEY, READER_OVERLAP, TUMOUR_SLICE

_REGIONS_VERSION = "3"
_SLICE_VERSION = "2"


@step(
    IMAGE_REGIONS,
    version=_REGIONS_VERSION,
    reads=[IMAGING_SERIES],
    kinds=["simpleitk"],
    pool=EXTRACTION_POOL,
)
def image_regions(scope: Scope) -> StepResult:
    """Delineate tumour and ring in millimetres, leave air out, and measure what a reader would look at."""
    settings = scope.study.extraction
    made = incremental(
        scope,
        jobs_of(scope, scope.read(IMAGING_SERIES), settings, salt=f"regions:{_REGIONS_VERSION}"),
        lambda jobs: describe_many(jobs, settings, options=batch_options(scope)),
    )
    warned = int((made.rows["warnings"].fillna("") != "").sum()) if "warnings" in made.rows else 0
    details = {"outlines": len(made.rows), "measured_now": made.computed, "with_warnings": warned}
    return StepResult(made.rows, made.rejected, details)


@step(IMAGE_ACQUISITION, version="1", reads=[IMAGING_SERIES], kinds=["simpleitk"])
def image_acquisition(scope: Scope) -> StepResult:
    """Read how each series was acquired; no other DICOM tags are ever stored."""
    series = scope.read(IMAGING_SERIES)
    series["dicom_series"] = series["dicom_series"].fillna("")
    key = ["patient_id", "series", "image", "dicom_series", "image_sha256"]
    images = series.drop_duplicates(key[:4])[key]
    if images.empty:
        return empty(scope, "no images")
    jobs = {
        (*map(str, row.values()),): ExtractionJob(
            patient_id=str(row["patient_id"]),
            image=scope.path_names.path(str(row["image"])),
            mask=scope.folder,
            dicom_series=str(row["dicom_series"]) or None,
            row_key=str(number),
        )
        for number, row in enumerate(images.to_dict("records"))
    }
    kept, missing = keep_rows(scope, jobs, key)
    read, failures = acquire_many(list(missing.values()), options=BatchOptions(scope.workers, scope.backend))
    if len(read):
        tags = read.drop(columns=["patient_id", "series", "reader", "session"])
        read = images.reset_index(drop=True).join(tags.set_index(tags.pop("row_key").astype(int)), how="inner")
        read[["manufacturer", "model"]] = read[["manufacturer", "model"]].replace("", None)
    table = joined([kept, read])
    details = {"series": len(table), "read_now": len(missing), "unreadable": len(failures)}
    return StepResult(table, details=details)


@step(READER_OVERLAP, version="2", reads=[IMAGING_SERIES, IMAGE_REGIONS], kinds=["simpleitk"])
def reader_overlap(scope: Scope) -> StepResult:
    """Compare each pair of outlines of a lesion, between readers and between sessions (Dice, Hausdorff)."""
    outlines = measured(scope)
    several = outlines.groupby(["patient_id", "series"])["mask"].transform("size") > 1
    if outlines.empty or not several.any():
        return empty(scope, "no lesion was outlined more than once")
    by_key: dict[tuple[str, ...], list[ExtractionJob]] = {}
    for _, lesion in outlines[several].groupby(["patient_id", "series"]):
        jobs = jobs_of(scope, lesion, ExtractionSettings())
        outlined = sorted(f"{job.patient_id}|{job.reader}|{job.session}|{job.row_key}" for job in jobs)
        by_key[(hashlib.sha256("\n".join(outlined).encode()).hexdigest(),)] = jobs
    kept, todo = keep_rows(scope, by_key, ["row_key"])
    parts, failed = [kept], 0
    for number, ((key,), jobs) in enumerate(todo.items(), start=1):
        pairs, failures = compare_outlines(jobs)
        parts.append(pairs.assign(row_key=key))
        failed += len(failures)
        scope.report(f"{number} of {len(todo)} lesions")
    table = joined(parts)
    details = {
        "lesions": len(by_key),
        "compared_now": len(todo),
        "unreadable": failed,
        "median_dice": float(table["dice"].median()),
    }
    return StepResult(table, details=details)


@step(TUMOUR_SLICE, version=_SLICE_VERSION, reads=[IMAGING_SERIES, IMAGE_REGIONS], kinds=["simpleitk"])
def tumour_slice(scope: Scope) -> StepResult:
    """Keep the slice that shows the cohort's typical tumour, for the figure of tumour and ring."""
    regions = scope.read(IMAGE_REGIONS)
    if regions.empty:
        return empty(scope, "no outlines")
    volumes = regions[[*OUTLINE_KEY, "volume_ml"]]
    outlines = of_signature_series(scope, scope.read(IMAGING_SERIES).merge(volumes, on=list(OUTLINE_KEY)))
    if outlines.empty:
        return empty(scope, "no outlines of the signature's series")
    outlines = first_of_each_patient(outlines)
    settings = scope.study.extraction
    middle = (len(outlines) - 1) // 2
    chosen = outlines.sort_values(["volume_ml", "patient_id"]).iloc[[middle]]
    (job,) = jobs_of(scope, chosen, settings, salt=f"slice:{_SLICE_VERSION}")
    kept, missing = keep_rows(scope, {(job.row_key,): job}, ["row_key"])
    lines = slice_lines(job, settings).assign(row_key=job.row_key) if missing else kept
    volume = float(chosen["volume_ml"].iloc[0])
    return StepResult(lines.assign(volume_ml=volume, outlines=len(outlines)), details={"volume_ml": volume})
