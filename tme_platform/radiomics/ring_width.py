"""Dependence of the ring's features on its width. The width used by the study is a setting of the extraction."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import SimpleITK as sitk  # noqa: N813
from threadpoolctl import threadpool_limits

from tme_platform.imaging import correct_bias, delineate, onto_grid
from tme_platform.radiomics.batch import (
    DEFAULT_OPTIONS,
    OUTLINE_COLUMNS,
    BatchOptions,
    ExtractionJob,
    FeatureRow,
    feature_table,
    finite,
    read_job,
    run_jobs,
)
from tme_platform.radiomics.extraction import prepare, region_features
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import ExtractionSettings

WIDTHS_MM = (1.0, 2.0, 3.0, 5.0)


def ring_width_features(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    widths_mm: Sequence[float] = WIDTHS_MM,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the ring's features at several widths, equal inside and outside the border.

    Each image is read, scaled, resampled and filtered once for all widths.

    Parameters
    ----------
    jobs, settings, options
        As in ``extract_many``.
    widths_mm
        Widths on either side of the border; none may exceed the grid's margin.

    Returns
    -------
    features
        One row per job and width: patient_id, series, reader, session, row_key, width_mm, and the ring's features,
        equal to those of ``extract`` at that width.
    failures
        As in ``extract_many``.
    """
    settings = settings or ExtractionSettings()
    work = partial(_widths, settings=settings, widths_mm=tuple(map(float, widths_mm)))
    rows, failures = run_jobs(work, jobs, options)
    return feature_table(rows, _ring_names(settings), "width_mm"), failures


def ring_width_change(widths: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Compare the ring's features at several widths with those at the study's width.

    Parameters
    ----------
    widths
        As returned by ``ring_width_features``.
    own
        Feature rows of the same outlines (``extract_many``).

    Returns
    -------
    DataFrame
        One row per feature and width: feature, width_mm, median (over patients), median_change (median change relative
        to the study's width, NaN where that value is 0), rank_correlation (Spearman's, over patients, with the study's
        width; NaN for a constant), patients.
    """
    columns = [name for name in widths.columns if name.startswith("ring_") and name in own.columns]
    reference = own.set_index(list(OUTLINE_COLUMNS))[columns]
    parts = []
    for width, rows in widths.groupby("width_mm"):
        values = rows.set_index(list(OUTLINE_COLUMNS))[columns]
        usual = reference.reindex(values.index)
        parts.append(
            pd.DataFrame(
                {
                    "width_mm": width,
                    "median": values.median(),
                    "median_change": ((values - usual) / usual.abs().where(usual != 0)).median(),
                    "rank_correlation": values.rank().corrwith(usual.rank()).clip(-1, 1),  # rounding gives 1 + 2e-16
                    "patients": values.notna().sum(),
                }
            )
        )
    return pd.concat(parts).rename_axis("feature").reset_index()


def _ring_names(settings: ExtractionSettings) -> list[str]:
    return [name for name in feature_names(settings) if name.startswith("ring_")]


def _widths(job: ExtractionJob, settings: ExtractionSettings, widths_mm: Sequence[float]) -> list[FeatureRow]:
    image, mask, exclude = read_job(job)
    with threadpool_limits(1, user_api="blas"):
        rings = _rings(image, mask, exclude, settings, widths_mm)
    return [
        (job.identity() | {"width_mm": width}, finite(values.reindex(_ring_names(settings))))
        for width, values in zip(widths_mm, rings, strict=True)
    ]


def _rings(
    image: sitk.Image,
    mask: sitk.Image,
    exclude: sitk.Image | None,
    settings: ExtractionSettings,
    widths_mm: Sequence[float],
) -> list[pd.Series]:
    if settings.bias_correction:
        image = correct_bias(image)
        settings = settings.model_copy(update={"bias_correction": False})
    found = prepare(image, mask, settings, exclude)
    on_grid = found.image, found.tumour
    regions = {}
    for number, width in enumerate(widths_mm):
        ring = replace(settings.region_settings(), inner_mm=width, outer_mm=width)
        regions[str(number)] = delineate(image, onto_grid(mask, image), ring, exclude=exclude, resampled=on_grid).ring
    values = region_features(found.image, found.tumour, regions, settings)
    return [
        pd.Series(
            {
                f"ring_{name.partition('_')[2]}": value
                for name, value in values.items()
                if name.partition("_")[0] == number
            },
            dtype=float,
        )
        for number in regions
    ]
