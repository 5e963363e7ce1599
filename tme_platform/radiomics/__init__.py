"""Radiomic features of tumour and ring for many patients, their repeatability, and their harmonisation.

Reading images belongs in ``tme_platform.imaging``, storing rows in ``tme_platform.lake``, training models in
``tme_platform.signature``.
"""

from tme_platform.radiomics.agreement import agreement
from tme_platform.radiomics.backends import InProcess, ProcessPool
from tme_platform.radiomics.batch import (
    TRANSIENT_RULES,
    BatchOptions,
    ExtractionJob,
    acquire_many,
    describe_many,
    extract_many,
    extract_perturbed,
    read_job,
)
from tme_platform.radiomics.choice import make_backend
from tme_platform.radiomics.combat import Combat, fit_combat
from tme_platform.radiomics.control import extract_many_shuffled, extract_shuffled, shuffle_inside
from tme_platform.radiomics.dictionary import feature_dictionary
from tme_platform.radiomics.extraction import extract, prepare
from tme_platform.radiomics.feature_map import feature_map
from tme_platform.radiomics.harmonisation import (
    batch_components,
    batch_share,
    combat_from_table,
    combat_table,
    fit_harmonisation,
    harmonise,
)
from tme_platform.radiomics.icc import IccForm, icc
from tme_platform.radiomics.jobs import Backend, BackendError, available_processors
from tme_platform.radiomics.kernels import compile_kernels
from tme_platform.radiomics.key import row_key
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.outlines import compare_outlines
from tme_platform.radiomics.perturbation import perturbations
from tme_platform.radiomics.ring_width import ring_width_change, ring_width_features
from tme_platform.radiomics.settings import FEATURE_VERSION, WHOLE_IMAGE, ExtractionSettings
from tme_platform.radiomics.slices import slice_lines

__all__ = [
    "FEATURE_VERSION",
    "TRANSIENT_RULES",
    "WHOLE_IMAGE",
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
    "combat_from_table",
    "combat_table",
    "compare_outlines",
    "compile_kernels",
    "describe_many",
    "extract",
    "extract_many",
    "extract_many_shuffled",
    "extract_perturbed",
    "extract_shuffled",
    "feature_dictionary",
    "feature_map",
    "feature_names",
    "fit_combat",
    "fit_harmonisation",
    "harmonise",
    "icc",
    "make_backend",
    "perturbations",
    "prepare",
    "read_job",
    "ring_width_change",
    "ring_width_features",
    "row_key",
    "shuffle_inside",
    "slice_lines",
]
