"""Images and outlines: reading, checks, preprocessing, the regions of a tumour, and their quality measures.

This package covers everything from a scanner's or workstation's file to masks on the study's grid. Radiomic features
belong in ``tme_platform.radiomics``, the assignment of images to patients in ``tme_platform.cohorts``.
"""

from tme_platform.imaging._landed import data_file
from tme_platform.imaging.acquisition import acquisition_tags, image_modality
from tme_platform.imaging.air import Air, air_of, air_threshold
from tme_platform.imaging.dicom import SERIES_NOTE, uid_digest
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.exclusion import read_exclusion
from tme_platform.imaging.geometry import onto_grid
from tme_platform.imaging.grid import resample_to_grid
from tme_platform.imaging.mask import read_mask
from tme_platform.imaging.modality import check_modality
from tme_platform.imaging.overlap import Overlap, overlap
from tme_platform.imaging.preprocessing import Scaling, correct_bias, scaling_of, z_score
from tme_platform.imaging.quality import region_quality
from tme_platform.imaging.regions import Delineation, delineate, regions
from tme_platform.imaging.series import read_series
from tme_platform.imaging.settings import RegionSettings
from tme_platform.imaging.slice import Slice, largest_slice, slices_through

__all__ = [
    "SERIES_NOTE",
    "Air",
    "Delineation",
    "ImagingError",
    "Overlap",
    "RegionSettings",
    "Scaling",
    "Slice",
    "acquisition_tags",
    "air_of",
    "air_threshold",
    "check_modality",
    "correct_bias",
    "data_file",
    "delineate",
    "image_modality",
    "largest_slice",
    "onto_grid",
    "overlap",
    "read_exclusion",
    "read_mask",
    "read_series",
    "region_quality",
    "regions",
    "resample_to_grid",
    "scaling_of",
    "slices_through",
    "uid_digest",
    "z_score",
]
