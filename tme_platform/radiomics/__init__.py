"""Radiomic features of tumour and ring, many patients at a time, and how well they agree between readings.

What belongs here: from an image and its masks to feature rows, and the choice of features that repeat. What does not:
reading files (``tme_platform.imaging``), storing rows (``tme_platform.lake``), learning (``tme_platform.signature``).
"""

from tme_platform.radiomics.agreement import agreement
from tme_platform.radiomics.backends import InProcess, ProcessPool
from tme_platform.radiomics.batch import (
    MAY_PASS,
    BatchOptions,
    ExtractionJob,
    acquire_many,
    describe_many,
    extract_many,
    extract_perturbed,
)
from tme_platform.radiomics.choice import make_backend
from tme_platform.radiomics.combat import Combat, fit_combat
from tme_platform.radiomics.extraction import extract, prepare
from tme_platform.radiomics.harmonisation import (
    batch_components,
    batch_share,
    combat_of,
    combat_table,
    harmonise,
    learn_harmonisation,
)
from tme_platform.radiomics.icc import IccForm, icc
from tme_platform.radiomics.jobs import Backend, BackendError, available_processors
from tme_platform.radiomics.key import row_key
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.outlines import compare_outlines
from tme_platform.radiomics.perturbation import perturbations
from tme_platform.radiomics.ring_width import ring_width_change, ring_width_features
from tme_platform.radiomics.settings import FEATURE_VERSION, ExtractionSettings
from tme_platform.radiomics.slices import slice_lines

__all__ = [
    "FEATURE_VERSION",
    "MAY_PASS",
    "Backend",
    "BackendError",
    "BatchOptions",
    "Combat",
    "ExtractionJob",
    "ExtractionSettings",
    "IccForm",
    "InProcess",
    "ProcessPool",
    "acquire_many",
    "agreement",
    "available_processors",
    "batch_components",
    "batch_share",
    "combat_of",
    "combat_table",
    "compare_outlines",
    "describe_many",
    "extract",
    "extract_many",
    "extract_perturbed",
    "feature_names",
    "fit_combat",
    "harmonise",
    "icc",
    "learn_harmonisation",
    "make_backend",
    "perturbations",
    "prepare",
    "ring_width_change",
    "ring_width_features",
    "row_key",
    "slice_lines",
]
