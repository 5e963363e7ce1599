"""Regions, features, and which features can be trusted. Images are read and measured by `imaging` and `radiomics`.

Rows are kept between runs by their key (files, settings, versions); only rows with another key are computed.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tme_platform.cohorts import REJECTED_COLUMNS, landing_path, read_features
from tme_platform.lake.tables import (
    AGREED_FEATURES,
    COHORT_FILES,
    FEATURE_AGREEMENT,
    IMAGE_REGIONS,
    IMAGING_SERIES,
    OUTLINE_KEY,
    PERTURBED_FEATURES,
    RADIOMIC_FEATURES,
)
from tme_platform.orchestration.scope import Scope
from tme_platform.orchestration.table_asset import Made, nothing, table_asset
from tme_platform.radiomics import (
    FEATURE_VERSION,
    ExtractionJob,
    ExtractionSettings,
    agreement,
    describe_many,
    extract_many,
    extract_perturbed,
    row_key,
)

Compute = Callable[[list[ExtractionJob]], tuple[pd.DataFrame, pd.DataFrame]]

EXTRACTION_POOL = "extraction"
"""Runs that extract wait for one another: each brings a process for every processor."""


def feature_set_name(settings: ExtractionSettings) -> str:
    """Name of the features that these settings give; cohorts share a signature only if it is the same."""
    digest = hashlib.sha256(json.dumps(settings.resolved(), sort_keys=True).encode()).hexdigest()
    return f"pyradiomics-{digest[:8]}"


@table_asset(
    IMAGE_REGIONS, code_version="1", deps=[IMAGING_SERIES], kinds=frozenset({"simpleitk"}), pool=EXTRACTION_POOL
)
def image_regions(scope: Scope) -> Made:
    """Outline tumour and ring in millimetres, leave air out, and measure what a person would look at."""
    settings = scope.use(scope.study.extraction)
    series = scope.table(IMAGING_SERIES)
    rows, failures, done = _incremental(
        scope,
        _jobs(scope, series, settings),
        lambda jobs: describe_many(jobs, settings, workers=scope.workers, on_progress=_telling(scope)),
    )
    warned = (
        rows.loc[rows["warnings"].fillna("") != "", "warnings"] if "warnings" in rows else pd.Series(dtype="string")
    )
    return Made(
        rows, _rejected(scope, failures), {"outlines": len(rows), "measured_now": done, "with_warnings": len(warned)}
    )


@table_asset(
    RADIOMIC_FEATURES,
    code_version=FEATURE_VERSION,
    deps=[COHORT_FILES, IMAGING_SERIES, IMAGE_REGIONS],
    kinds=frozenset({"simpleitk"}),
    pool=EXTRACTION_POOL,
)
def radiomic_features(scope: Scope) -> Made:
    """Extract the features of tumour and ring (pyradiomics' definitions), or take the finished table that landed."""
    cohort = scope.declaration("features")
    if cohort.features is not None:
        scope.files("features")
        finished, rejected = read_features(scope.folder, scope.own_cohort, cohort)
        described = finished.rename_axis("patient_id").reset_index()
        described = described.assign(
            series="", reader="", session=1, row_key="", feature_set=cohort.features.feature_set
        )
        return Made(described, rejected, {"patients": len(finished), "features": finished.shape[1]})
    settings = scope.use(scope.study.extraction)
    rows, failures, done = _incremental(
        scope,
        _jobs(scope, _measured(scope), settings),
        lambda jobs: extract_many(jobs, settings, workers=scope.workers, on_progress=_telling(scope)),
    )
    rows = rows.assign(feature_set=feature_set_name(settings))
    return Made(rows, _rejected(scope, failures), {"outlines": len(rows), "extracted_now": done})


@table_asset(
    PERTURBED_FEATURES,
    code_version=FEATURE_VERSION,
    deps=[IMAGING_SERIES, IMAGE_REGIONS],
    kinds=frozenset({"simpleitk"}),
    pool=EXTRACTION_POOL,
)
def perturbed_features(scope: Scope) -> Made:
    """Move and shift the outline and add noise, and extract again, where nobody read the images twice."""
    series = _measured(scope)
    if series.empty or series.groupby("patient_id").size().max() > 1:
        return nothing(scope, "no images" if series.empty else "the cohort has second readings")
    settings, agreed = scope.use(scope.study.extraction), scope.use(scope.study.agreement)
    chosen = series.sort_values("patient_id").head(agreed.perturbation_patients)
    rows, failures, done = _incremental(
        scope,
        _jobs(scope, chosen, settings, salt=f"perturbed:{agreed.perturbation_seed}"),
        lambda jobs: extract_perturbed(
            jobs, settings, seed=agreed.perturbation_seed, workers=scope.workers, on_progress=_telling(scope)
        ),
    )
    rows = rows.assign(feature_set=feature_set_name(settings))
    return Made(rows, details={"outlines": len(chosen), "perturbed_now": done, "failed": len(failures)})


@table_asset(FEATURE_AGREEMENT, code_version="1", deps=[RADIOMIC_FEATURES, PERTURBED_FEATURES])
def feature_agreement(scope: Scope) -> Made:
    """Compute ICC(2,1) of each feature over everything that was read more than once (McGraw and Wong 1996)."""
    rows = pd.concat([scope.table(RADIOMIC_FEATURES), scope.table(PERTURBED_FEATURES)], ignore_index=True)
    repeated = rows.groupby("patient_id").size().max() > 1 if len(rows) else False
    if not repeated or rows["patient_id"].nunique() < 2:
        return nothing(scope, "nothing was read, or perturbed, more than once")
    threshold = scope.use(scope.study.agreement).min_icc
    table = agreement(rows.drop(columns=["cohort", "feature_set", "provenance"]), threshold=threshold)
    table["reason"] = table["reason"].replace("", None)
    verdict = table.drop_duplicates("feature")["kept"]
    details = {"kinds": sorted(table["kind"].unique()), "features": len(verdict), "kept": int(verdict.sum())}
    return Made(table.assign(feature_set=rows["feature_set"].iloc[0]), details=details)


@table_asset(AGREED_FEATURES, code_version="1", deps=[RADIOMIC_FEATURES, FEATURE_AGREEMENT])
def agreed_features(scope: Scope) -> Made:
    """Keep the features that agree in every cohort that was judged; second readings count before perturbation.

    A finished feature table without any second reading cannot be judged: its features are kept, and the table says so.
    """
    evidence = scope.table(FEATURE_AGREEMENT)
    parts = []
    for cohort in scope.cohorts:
        if not scope.has_rows(RADIOMIC_FEATURES, cohort):
            continue
        rows = scope.table(RADIOMIC_FEATURES, cohort)
        names = rows.columns.difference([column.name for column in RADIOMIC_FEATURES.all_columns])
        parts.append(pd.DataFrame({"feature": names, "feature_set": rows["feature_set"].iloc[0]}))
    if not parts:
        return Made(pd.DataFrame(columns=[column.name for column in AGREED_FEATURES.columns]))
    offered = pd.concat(parts, ignore_index=True).drop_duplicates()
    table = offered.merge(_verdicts(evidence), on=["feature_set", "feature"], how="left")
    judged = table["kept"].notna()
    table["kept"] = table["kept"].astype("boolean").fillna(True)
    table["evidence"] = table["evidence"].where(judged, "none: no second reading, no image")
    counts = table.groupby("feature_set")["kept"].agg(["size", "sum"])
    return Made(table, details={str(name): f"{row['sum']} of {row['size']} kept" for name, row in counts.iterrows()})


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
    verdict["reason"] = verdict["reason"].replace("", None)
    return verdict.reset_index()[columns]


def _measured(scope: Scope) -> pd.DataFrame:
    """The outlines whose regions could be measured; what could not is rejected there already."""
    series = scope.table(IMAGING_SERIES)
    regions = scope.table(IMAGE_REGIONS, columns=[*OUTLINE_KEY])
    return series.merge(regions, on=list(OUTLINE_KEY))


def _jobs(scope: Scope, series: pd.DataFrame, settings: ExtractionSettings, salt: str = "") -> list[ExtractionJob]:
    jobs = []
    for row in series.to_dict("records"):
        has_exclusion = pd.notna(row["exclusion_mask"])
        masks = row["mask_sha256"] + (row["exclusion_sha256"] if has_exclusion else "")
        label = int(row["mask_label"]) if pd.notna(row["mask_label"]) else None
        jobs.append(
            ExtractionJob(
                patient_id=row["patient_id"],
                image=landing_path(scope.folder, row["image"]),
                mask=landing_path(scope.folder, row["mask"]),
                mask_label=label,
                exclusion_mask=landing_path(scope.folder, row["exclusion_mask"]) if has_exclusion else None,
                series=row["series"],
                reader=row["reader"],
                session=str(row["session"]),
                row_key=row_key(row["image_sha256"], masks + salt, label, settings),
            )
        )
    return jobs


def _incremental(scope: Scope, jobs: list[ExtractionJob], compute: Compute) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Keep the rows that have the right key already, compute the others; also how many those were."""
    wanted = {(job.patient_id, job.series, job.reader, job.session, job.row_key) for job in jobs}
    before = scope.previous().drop(columns=["cohort", "provenance"])
    names = [*OUTLINE_KEY, "row_key"]
    kept_keys = [(*key[:3], str(key[3]), key[4]) for key in before[names].itertuples(index=False, name=None)]
    kept = before.loc[pd.Series([key in wanted for key in kept_keys], index=before.index, dtype=bool)]
    todo = [
        job for job in jobs if (job.patient_id, job.series, job.reader, job.session, job.row_key) not in set(kept_keys)
    ]
    if not todo:
        return kept, pd.DataFrame(columns=["patient_id", "file", "rule", "message"]), 0
    rows, failures = compute(todo)
    rows["session"] = rows["session"].astype("Int64")
    parts = [part for part in (kept, rows) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else kept, failures, len(todo)


def _rejected(scope: Scope, failures: pd.DataFrame) -> pd.DataFrame:
    """Failures as rows of `rejected_inputs`, with paths as the landing folder has them."""
    folder = scope.folder.resolve()
    files = [str(Path(file).relative_to(folder)) for file in failures["file"]]
    return failures.assign(file=files, cohort=scope.own_cohort, action="outline left out")[REJECTED_COLUMNS]


def _telling(scope: Scope) -> Callable[[int, int, float, float], None]:
    def tell(done: int, total: int, rate: float, seconds_left: float) -> None:
        scope.report(f"{done} of {total} outlines, {rate * 60:.0f} a minute, {seconds_left:.0f} s left")

    return tell
