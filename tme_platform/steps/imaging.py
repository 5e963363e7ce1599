"""Regions, how images were acquired, and how readers' outlines agree. Images are read and measured by `imaging`."""

import hashlib

import pandas as pd

from tme_platform.cohorts import landing_path
from tme_platform.orchestration.table_asset import Made, nothing, table_asset
from tme_platform.radiomics import (
    ExtractionJob,
    ExtractionSettings,
    acquire_many,
    compare_outlines,
    describe_many,
    slice_lines,
)
from tme_platform.steps.outlines import EXTRACTION_POOL, first_of_each_patient, how, incremental, jobs_of, measured
from tme_platform.steps.scope import Scope
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_ACQUISITION, IMAGE_REGIONS, OUTLINE_KEY, READER_OVERLAP, TUMOUR_SLICE

_REGIONS_VERSION = "1"
_SLICE_VERSION = "1"


@table_asset(
    IMAGE_REGIONS,
    code_version=_REGIONS_VERSION,
    deps=[IMAGING_SERIES],
    kinds=frozenset({"simpleitk"}),
    pool=EXTRACTION_POOL,
)
def image_regions(scope: Scope) -> Made:
    """Outline tumour and ring in millimetres, leave air out, and measure what a person would look at."""
    settings = scope.use(scope.study.extraction)
    made = incremental(
        scope,
        jobs_of(scope, scope.table(IMAGING_SERIES), settings, salt=f"regions:{_REGIONS_VERSION}"),
        lambda jobs: describe_many(jobs, settings, **how(scope)),
    )
    warned = int((made.rows["warnings"].fillna("") != "").sum()) if "warnings" in made.rows else 0
    details = {"outlines": len(made.rows), "measured_now": made.computed, "with_warnings": warned}
    return Made(made.rows, made.rejected, details)


@table_asset(IMAGE_ACQUISITION, code_version="1", deps=[IMAGING_SERIES], kinds=frozenset({"simpleitk"}))
def image_acquisition(scope: Scope) -> Made:
    """Read how each series was acquired; of a DICOM file's tags these, and no others, are ever stored."""
    series = scope.table(IMAGING_SERIES)
    series["dicom_series"] = series["dicom_series"].fillna("")
    named = ["patient_id", "series", "image", "dicom_series", "image_sha256"]
    images = series.drop_duplicates(named[:4])[named]
    if images.empty:
        return nothing(scope, "no images")
    before = scope.previous().drop(columns=["cohort", "provenance"])
    joined = images.merge(before, on=named, how="left", indicator="found")
    kept = joined[joined["found"] == "both"].drop(columns="found")
    todo = joined.loc[joined["found"] != "both", named].reset_index(drop=True)
    jobs = [
        ExtractionJob(
            patient_id=str(row["patient_id"]),
            image=landing_path(scope.folder, str(row["image"])),
            mask=scope.folder,
            dicom_series=str(row["dicom_series"]) or None,
            row_key=str(number),
        )
        for number, row in todo.iterrows()
    ]
    read, failures = acquire_many(jobs, workers=scope.workers, backend=scope.backend)
    if len(read):
        tags = read.drop(columns=["patient_id", "series", "reader", "session"])
        read = todo.join(tags.set_index(tags.pop("row_key").astype(int)), how="inner")
        read[["manufacturer", "model"]] = read[["manufacturer", "model"]].replace("", None)
    table = pd.concat([part for part in (kept, read) if len(part)] or [kept], ignore_index=True)
    details = {"series": len(table), "read_now": len(jobs), "unreadable": len(failures)}
    return Made(table, details=details)


@table_asset(READER_OVERLAP, code_version="1", deps=[IMAGING_SERIES, IMAGE_REGIONS], kinds=frozenset({"simpleitk"}))
def reader_overlap(scope: Scope) -> Made:
    """Compare every two outlines of a lesion, of other readers or other sessions (Dice, Hausdorff)."""
    outlines = measured(scope)
    several = outlines.groupby(["patient_id", "series"])["mask"].transform("size") > 1
    if outlines.empty or not several.any():
        return nothing(scope, "no lesion was outlined more than once")
    by_key: dict[str, list[ExtractionJob]] = {}
    for _, lesion in outlines[several].groupby(["patient_id", "series"]):
        jobs = jobs_of(scope, lesion, ExtractionSettings())
        told = sorted(f"{job.patient_id}|{job.reader}|{job.session}|{job.row_key}" for job in jobs)
        by_key[hashlib.sha256("\n".join(told).encode()).hexdigest()] = jobs
    before = scope.previous().drop(columns=["cohort", "provenance"])
    kept = before[before["row_key"].isin(by_key)]
    parts, failed = [kept], 0
    todo = {key: jobs for key, jobs in by_key.items() if key not in set(kept["row_key"])}
    for number, (key, jobs) in enumerate(todo.items(), start=1):
        pairs, failures = compare_outlines(jobs)
        parts.append(pairs.assign(row_key=key))
        failed += len(failures)
        scope.report(f"{number} of {len(todo)} lesions")
    table = pd.concat([part for part in parts if len(part)] or [kept], ignore_index=True)
    details = {
        "lesions": len(by_key),
        "compared_now": len(todo),
        "unreadable": failed,
        "median_dice": float(table["dice"].median()),
    }
    return Made(table, details=details)


@table_asset(
    TUMOUR_SLICE, code_version=_SLICE_VERSION, deps=[IMAGING_SERIES, IMAGE_REGIONS], kinds=frozenset({"simpleitk"})
)
def tumour_slice(scope: Scope) -> Made:
    """Keep the slice that shows the cohort's typical tumour, for the figure of tumour and ring."""
    regions = scope.table(IMAGE_REGIONS)
    if regions.empty:
        return nothing(scope, "no outlines")
    volumes = regions[[*OUTLINE_KEY, "volume_ml"]]
    outlines = first_of_each_patient(scope.table(IMAGING_SERIES).merge(volumes, on=list(OUTLINE_KEY)))
    settings = scope.use(scope.study.extraction)
    middle = (len(outlines) - 1) // 2
    chosen = outlines.sort_values(["volume_ml", "patient_id"]).iloc[[middle]]
    (job,) = jobs_of(scope, chosen, settings, salt=f"slice:{_SLICE_VERSION}")
    kept = scope.previous().drop(columns=["cohort", "provenance"])
    if len(kept) and (kept["row_key"] == job.row_key).all():
        lines = kept
    else:
        lines = slice_lines(job, settings).assign(row_key=job.row_key)
    volume = float(chosen["volume_ml"].iloc[0])
    return Made(lines.assign(volume_ml=volume, outlines=len(outlines)), details={"volume_ml": volume})
