"""Negative controls: features of the same regions with shuffled voxels. Signatures of them belong in `signature`."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from threadpoolctl import threadpool_limits

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


def shuffle_inside(image: sitk.Image, region: sitk.Image, *, seed: int) -> sitk.Image:
    """Permute the voxels of an image inside a mask of the same geometry; all others stay where they are."""
    values = sitk.GetArrayFromImage(image)
    inside = sitk.GetArrayViewFromImage(region) != 0
    values[inside] = np.random.default_rng(seed).permutation(values[inside])
    shuffled = sitk.GetImageFromArray(values)
    shuffled.CopyInformation(image)
    return shuffled


def extract_shuffled(
    image: sitk.Image,
    mask: sitk.Image,
    settings: ExtractionSettings,
    exclude: sitk.Image | None = None,
    *,
    seed: int = 0,
) -> pd.Series:
    """Compute the features of ``extract`` from tumour and ring with their voxels shuffled.

    Voxels are permuted after normalisation and resampling, on the study's grid, because interpolation would smooth
    shuffled voxels and change their distribution. Tumour and ring overlap, so each is shuffled on its own. Shape
    features and, of image types that transform single voxels (all five of the study), first-order features are
    therefore those of the unshuffled image; texture is destroyed. Of ``LoG``, ``Wavelet`` and ``Gradient`` images,
    first-order features change as well.

    Parameters
    ----------
    image, mask, settings, exclude
        As in ``extract``.
    seed
        Seed of the permutations.

    References
    ----------
    Welch et al. 2019, Radiother. Oncol. 130:2-9 (features of shuffled voxels that predict as well only measure volume);
    github.com/bhklab/readii.
    """
    with threadpool_limits(1, user_api="blas"):
        found = prepare(image, mask, settings, exclude)
        values: dict[str, float] = {}
        for name, region in found.masks().items():
            shuffled = shuffle_inside(found.image, region, seed=seed)
            values |= region_features(shuffled, found.tumour, {name: region}, settings)
    return pd.Series(values, dtype=float).reindex(feature_names(settings))


def extract_many_shuffled(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    seed: int = 0,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the features of many outlines with shuffled voxels; parameters and results as in ``extract_many``."""
    settings = settings or ExtractionSettings()
    rows, failures = run_jobs(partial(_shuffled, settings=settings, seed=seed), jobs, options)
    return feature_table(rows, feature_names(settings)), failures


def _shuffled(job: ExtractionJob, settings: ExtractionSettings, seed: int) -> list[FeatureRow]:
    image, mask, exclude = read_job(job)
    return [(job.identity(), finite(extract_shuffled(image, mask, settings, exclude, seed=seed)))]
