"""Features as computed by pyradiomics itself, to compare with. Preprocessing and regions are not its own here."""

import logging
from collections.abc import Mapping

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.geometry import foreground_box, spans_a_plane
from tme_platform.radiomics.settings import ExtractionSettings


def reference_features(
    image: sitk.Image, regions: Mapping[str, sitk.Image], settings: ExtractionSettings
) -> dict[str, float]:
    """Compute the features of several regions of one preprocessed image by pyradiomics' extractor.

    Names of features start with the region's name. A region less than two voxels wide along two axes has no features.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107.
    """
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)  # entries on every filtered image
    extractor = RadiomicsFeatureExtractor(
        binWidth=settings.bin_width, voxelArrayShift=settings.voxel_array_shift, additionalInfo=False
    )
    extractor.disableAllImageTypes()
    for image_type, arguments in settings.filters().items():
        extractor.enableImageTypeByName(image_type, customArgs=arguments)
    values: dict[str, float] = {}
    for name, region in regions.items():
        if sitk.GetArrayViewFromImage(region).any() and spans_a_plane(*foreground_box(region)):
            found = extractor.execute(image, region)
            values |= {f"{name}_{feature}": float(value) for feature, value in found.items()}
    return values
