"""The data dictionary: what each feature measures, in a sentence. The sentences are in ``_meanings``."""

import pandas as pd

from tme_platform.radiomics._meanings import MEANINGS
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import ExtractionSettings

CLASSES = {
    "shape": "shape of the region",
    "firstorder": "distribution of intensities, whatever their place",
    "glcm": "grey-level co-occurrence matrix: pairs of neighbouring voxels",
    "gldm": "grey-level dependence matrix: voxels and how many of their neighbours are of the same level",
    "glrlm": "grey-level run-length matrix: runs of equal level along lines",
    "glszm": "grey-level size-zone matrix: connected zones of equal level",
    "ngtdm": "neighbouring grey-tone difference matrix: voxels and the mean of their neighbours",
}
"""The classes of features, in the order of pyradiomics."""

IMAGE_TYPES = {
    "original": "intensities as normalised",
    "square": "squared intensities",
    "squareroot": "square root of the intensities",
    "logarithm": "logarithm of the intensities",
    "exponential": "exponential of the intensities",
    "gradient": "magnitude of the gradient",
    "log-sigma": "Laplacian of Gaussian of the width in the name",
    "wavelet": "wavelet decomposition, L low and H high frequencies along x, y and z",
}
"""What the start of an image type's name stands for. The first five keep the range of the original intensities."""

_LENGTHS = ("Length", "Diameter")
_UNITS = {
    "MeshVolume": "mm3",
    "VoxelVolume": "mm3",
    "SurfaceArea": "mm2",
    "SurfaceVolumeRatio": "1/mm",
    "Variance": "intensity squared",
    "Energy": "intensity squared",
    "TotalEnergy": "intensity squared x mm3",
}
_WITHOUT_UNIT = ("Kurtosis", "Skewness", "Uniformity")


def feature_dictionary(settings: ExtractionSettings | None = None) -> pd.DataFrame:
    """Describe every feature that ``extract`` returns.

    Parameters
    ----------
    settings
        The study's if None.

    Returns
    -------
    DataFrame
        One row per feature, in the order of ``feature_names``: ``feature``, ``region`` (tumour or ring),
        ``image_type``, ``feature_class``, ``name``, ``unit`` (intensities are those after normalisation; missing if
        the feature has none) and ``meaning``, a sentence.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107 (pyradiomics, which defines the features by formulas).
    """
    return pd.DataFrame([_describe(name) for name in feature_names(settings)])


def _describe(feature: str) -> dict[str, str | None]:
    region, image_type, family, name = feature.split("_")
    where = region if family == "shape" else f"{region}; {_image_type(image_type)}"
    return {
        "feature": feature,
        "region": region,
        "image_type": image_type,
        "feature_class": family,
        "name": name,
        "unit": _unit(family, name),
        "meaning": f"{MEANINGS[family][name]} ({where}).",
    }


def _image_type(name: str) -> str:
    return next(text for start, text in reversed(IMAGE_TYPES.items()) if name.startswith(start))


def _unit(family: str, name: str) -> str | None:
    if name.endswith("Entropy"):
        return "bit"
    if family == "shape":
        return "mm" if any(word in name for word in _LENGTHS) else _UNITS.get(name)
    if family == "firstorder" and name not in _WITHOUT_UNIT:
        return _UNITS.get(name, "intensity")
    return None
