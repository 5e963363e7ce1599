"""Images and outlines: reading them, preprocessing, the tumour and its ring, and how good they are.

What belongs here: everything from a file that left a scanner or a workstation to masks on the study's grid. What does
not: radiomic features (``tme_platform.radiomics``), and which patient an image belongs to (``tme_platform.cohorts``).
"""

from tme_platform.imaging.acquisition import acquisition_tags, image_modality
from tme_platform.imaging.air import air_threshold
from tme_platform.imaging.dicom import uid_digest
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.exclusion import read_exclusion
from tme_platform.imaging.geometry import onto_grid
from tme_platform.imaging.grid import resample_to_grid
from tme_platform.imaging.mask import read_mask
from tme_platform.imaging.overlap import Overlap, overlap
from tme_platform.imaging.preprocessing import correct_bias, z_score
from tme_platform.imaging.quality import region_quality
from tme_platform.imaging.regions import Delineation, delineate, regions
from tme_platform.imaging.series import read_series
from tme_platform.imaging.slice import Slice, largest_slice

__all__ = [
    "Delineation",
    "ImagingError",
    "Overlap",
    "Slice",
    "acquisition_tags",
    "air_threshold",
    "correct_bias",
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
    "uid_digest",
    "z_score",
]
