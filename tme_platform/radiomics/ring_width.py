"""How the ring's features move with its width. The widths of the study itself are settings of the extraction."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import SimpleITK as sitk  # noqa: N813
from threadpoolctl import threadpool_limits

from tme_platform.imaging import correct_bias, delineate, onto_grid
from tme_platform.radiomics.batch import (
    DEFAULT_OPTIONS,
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
_OUTLINE = ["patient_id", "series", "reader", "session"]


def ring_width_features(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    widths_mm: Sequence[float] = WIDTHS_MM,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the ring's features at several widths, the same inside and outside.

    An image is read, scaled, resampled and filtered once for all widths; only the ring's own features are repeated.

    Parameters
    ----------
    jobs, settings, options
        As in ``extract_many``.
    widths_mm
        Widths on either side of the border; none may exceed the crop's margin.

    Returns
    -------
    features
        One row per job and width: patient_id, series, reader, session, row_key, width_mm, and the ring's features as
        ``extract`` would give them at that width.
    failures
        As in ``extract_many``.
    """
    settings = settings or ExtractionSettings()
    work = partial(_widths, settings=settings, widths_mm=tuple(map(float, widths_mm)))
    rows, failures = run_jobs(work, jobs, options)
    return feature_table(rows, _ring_names(settings), "width_mm"), failures


def ring_width_change(widths: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Hold the ring at several widths against the study's own.

    Parameters
    ----------
    widths
        As ``ring_width_features`` gives it.
    own
        Feature rows of the same outlines (``extract_many``).

    Returns
    -------
    DataFrame
        One row per feature and width: feature, width_mm, median (over patients), median_change (median relative change
        against the settings' own ring, NaN where that is 0), rank_correlation (Spearman's, over patients, with the
        settings' own ring; NaN for a constant), patients.
    """
    columns = [name for name in widths.columns if name.startswith("ring_") and name in own.columns]
    reference = own.set_index(_OUTLINE)[columns]
    parts = []
    for width, rows in widths.groupby("width_mm"):
        values = rows.set_index(_OUTLINE)[columns]
        usual = reference.reindex(values.index)
        parts.append(
            pd.DataFrame(
                {
                    "width_mm": width,
                    "median": values.median(),
                    "median_change": ((values - usual) / usual.abs().where(usual != 0)).median(),
                    "rank_correlation": values.rank().corrwith(usual.rank()).clip(-1, 1),  # 1 + 2e-16 is 1
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
        ring = settings.ring() | {"inner_mm": width, "outer_mm": width}
        made = delineate(image, onto_grid(mask, image), exclude=exclude, resampled=on_grid, **ring)
        regions[str(number)] = made.ring
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
