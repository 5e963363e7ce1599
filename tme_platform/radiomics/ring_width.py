"""How the ring's features move with its width. The widths of the study itself are settings of the extraction."""

from collections.abc import Sequence

import pandas as pd

from tme_platform.radiomics.backends import Backend
from tme_platform.radiomics.batch import ExtractionJob, OnProgress, extract_many
from tme_platform.radiomics.settings import ExtractionSettings


def ring_width_run(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    widths_mm: Sequence[float] = (1.0, 2.0, 3.0, 5.0),
    workers: int | None = None,
    on_progress: OnProgress | None = None,
    backend: Backend | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the ring's features at several widths (the same inside and outside) beside those of the settings.

    Parameters
    ----------
    jobs, settings, workers, on_progress, backend
        As in ``extract_many``.
    widths_mm
        Widths on either side of the border.

    Returns
    -------
    moved
        One row per feature and width: feature, width_mm, median (over patients), median_change (median relative change
        against the settings' own ring, NaN where that is 0), rank_correlation (Spearman's, over patients, with the
        settings' own ring; NaN for a constant), patients.
    failures
        As in ``extract_many``.
    """
    settings = settings or ExtractionSettings()
    reference, failures = extract_many(jobs, settings, workers=workers, on_progress=on_progress, backend=backend)
    columns = [name for name in reference.columns if name.startswith("ring_")]
    own = reference.set_index(["patient_id", "series", "reader", "session"])[columns]
    parts = []
    for width in widths_mm:
        changed = settings.model_copy(update={"inner_mm": float(width), "outer_mm": float(width)})
        changed = ExtractionSettings.model_validate(changed.model_dump())
        table, _ = extract_many(jobs, changed, workers=workers, on_progress=on_progress, backend=backend)
        values = table.set_index(own.index.names)[columns].reindex(own.index)
        parts.append(
            pd.DataFrame(
                {
                    "width_mm": float(width),
                    "median": values.median(),
                    "median_change": ((values - own) / own.abs().where(own != 0)).median(),
                    "rank_correlation": values.rank().corrwith(own.rank()),
                    "patients": values.notna().sum(),
                }
            )
        )
    return pd.concat(parts).rename_axis("feature").reset_index(), failures
