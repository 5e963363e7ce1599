"""Image types: pyradiomics' filters, of which those that transform single voxels are computed inside regions only."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

Array = NDArray[np.floating]


def filtered(
    image: sitk.Image, mask: sitk.Image, regions: Mapping[str, NDArray[np.bool_]], filters: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Yield the name of each filtered image, and its values inside each region.

    Parameters
    ----------
    image
        Preprocessed image.
    mask
        The tumour, which pyradiomics' filters require.
    regions
        (z, y, x), true inside the region, by the region's name.
    filters
        Image types of pyradiomics with their arguments.

    References
    ----------
    pyradiomics, ``radiomics.imageoperations``.
    """
    whole = sitk.GetArrayFromImage(image)
    inside = {name: whole[region] for name, region in regions.items()}
    largest = float(max(whole.max(), -whole.min()))
    for image_type, arguments in filters.items():
        if image_type == "Original":
            yield "original", inside
        elif image_type in _POINTWISE:
            transform = _POINTWISE[image_type]
            with np.errstate(invalid="ignore", divide="ignore"):
                yield image_type.lower(), {name: transform(x.astype(float), largest) for name, x in inside.items()}
        else:
            for name, values in _whole_images(image, mask, image_type, arguments):
                yield name, {region: values[where] for region, where in regions.items()}


def _whole_images(
    image: sitk.Image, mask: sitk.Image, image_type: str, arguments: dict[str, Any]
) -> Iterator[tuple[str, Array]]:
    from radiomics import imageoperations

    # Its log entries on every filtered image would flood the log of a cohort; errors are raised anyway.
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    for values, name, _ in getattr(imageoperations, f"get{image_type}Image")(image, mask, **arguments):
        yield name, sitk.GetArrayFromImage(values)


# Each keeps the sign and is scaled so that the largest magnitude in the image is about what it was.
def _square(x: Array, largest: float) -> Array:
    return np.asarray((1 / np.sqrt(largest) * x) ** 2)


def _square_root(x: Array, largest: float) -> Array:
    return np.copysign(np.sqrt(np.abs(x) * largest), x)


def _logarithm(x: Array, largest: float) -> Array:
    return np.asarray(np.copysign(np.log(np.abs(x) + 1), x) * (largest / np.log(largest + 1)))


def _exponential(x: Array, largest: float) -> Array:
    return np.asarray(np.exp(np.log(largest) / largest * x))


_POINTWISE: dict[str, Callable[[Array, float], Array]] = {
    "Square": _square,
    "SquareRoot": _square_root,
    "Logarithm": _logarithm,
    "Exponential": _exponential,
}
