"""Names and order of the features. Their values are computed in ``extraction``."""

import functools

from tme_platform.radiomics.settings import ExtractionSettings

REGIONS = ("tumour", "ring")
TEXTURES = ("glcm", "gldm", "glrlm", "glszm", "ngtdm")

_PREFIXES = {
    "Wavelet": [f"wavelet-{a}{b}{c}" for a in "LH" for b in "LH" for c in "LH"],
}


def feature_names(settings: ExtractionSettings | None = None) -> list[str]:
    """List the features that ``extract`` returns: ``tumour_original_firstorder_Mean``, ...

    Per region the shape features (of the original image), then for each image type the first-order and the texture
    features; 14 + 5 x (18 + 75) = 479 per region with the study's settings.

    Parameters
    ----------
    settings
        The study's if None.
    """
    settings = settings or ExtractionSettings()
    shape = [f"original_shape_{feature}" for feature in class_features("shape")]
    rest = [
        f"{image_type}_{family}_{feature}"
        for image_type in image_type_names(settings)
        for family in ("firstorder", *TEXTURES)
        for feature in class_features(family)
    ]
    return [f"{region}_{name}" for region in REGIONS for name in shape + rest]


def image_type_names(settings: ExtractionSettings) -> list[str]:
    """List the image types as written in feature names, in the order of the settings."""
    names: list[str] = []
    for image_type in settings.image_types:
        if image_type == "LoG":
            names += [f"log-sigma-{str(float(s)).replace('.', '-')}-mm-3D" for s in settings.log_sigma_mm]
        else:
            names += _PREFIXES.get(image_type, [image_type.lower()])
    return names


@functools.cache  # pyradiomics inspects its classes at each call
def class_features(family: str) -> tuple[str, ...]:
    """Name the features of one of pyradiomics' classes, without the deprecated ones."""
    from radiomics import getFeatureClasses

    names = getFeatureClasses()[family].getFeatureNames()
    return tuple(name for name, deprecated in names.items() if not deprecated)
