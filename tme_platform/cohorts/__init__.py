"""Read and check what landed: cohort files, clinical tables, expression matrices, scores, features, imaging manifests.

The readers `read_clinical`, `read_expression`, `read_cell_scores`, `read_features` and `read_manifest` take the
cohort's landing folder, its name and its declaration (`read_cohort`). They return data frames and, as `rejected`, a
frame with the columns `REJECTED_COLUMNS`: one row for each thing that could not be used, with what to do about it. No
content of a file makes a reader raise an error.

Opening images belongs in `imaging`, units and scoring in `expression`, storing tables in `lake`.
"""

from tme_platform.cohorts.cell_scores import population_names, read_cell_scores
from tme_platform.cohorts.cells import showing_cells
from tme_platform.cohorts.check import CohortReport, check_cohort
from tme_platform.cohorts.clinical import ClinicalTables, read_clinical, text_values
from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.cohorts.content import CohortContent, read_content
from tme_platform.cohorts.declaration import (
    COHORT_NAME,
    CellScoreSource,
    ClinicalSource,
    Cohort,
    ColumnRule,
    ExpressionSource,
    FeatureSource,
    ImagingSource,
    PatientKey,
    PhenotypeSource,
    Provenance,
    Role,
    ScoreComparison,
    Split,
)
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.expression import read_expression, read_gene_lengths
from tme_platform.cohorts.features import feature_names, read_features
from tme_platform.cohorts.files import list_files
from tme_platform.cohorts.folders import (
    BEING_COPIED,
    COHORT_FILE,
    check_landed,
    landing_path,
    list_cohorts,
    refuse_unfinished,
    same_name,
)
from tme_platform.cohorts.hash_cache import hash_cache, prune_hash_caches
from tme_platform.cohorts.identifiers import identifying_content, identifying_paths
from tme_platform.cohorts.known_endpoints import with_borrowed, with_own_columns
from tme_platform.cohorts.log2_expression import Log2Expression, read_log2_expression
from tme_platform.cohorts.manifest import PATHS, read_manifest
from tme_platform.cohorts.overlap import Overlap, compare_patients
from tme_platform.cohorts.path_key import KEY_FILE, path_key
from tme_platform.cohorts.path_names import PathNames
from tme_platform.cohorts.patient_names import overlaps_between, overlaps_within, patients_by_table, scored_patients
from tme_platform.cohorts.rejections import REJECTED_COLUMNS, Rejections
from tme_platform.cohorts.review_entry import Review, add_review
from tme_platform.cohorts.reviews import (
    DECISIONS,
    REVIEWS_FILE,
    outline_mark,
    read_reviews,
    standing_reviews,
)
from tme_platform.cohorts.same_data import (
    image_fingerprints,
    named,
    reject_same_data,
    row_fingerprints,
    same_data,
)
from tme_platform.cohorts.score_pairs import read_score_pairs
from tme_platform.cohorts.series import series_problem, several_series
from tme_platform.cohorts.sources import source_files
from tme_platform.cohorts.spelling import folded, one_spelling, repeated_names, similar_names, values_alike
from tme_platform.tables.expression import POPULATION_GROUPS

__all__ = [
    "BEING_COPIED",
    "COHORT_FILE",
    "COHORT_NAME",
    "DECISIONS",
    "KEY_FILE",
    "PATHS",
    "POPULATION_GROUPS",
    "REJECTED_COLUMNS",
    "REVIEWS_FILE",
    "CellScoreSource",
    "ClinicalSource",
    "ClinicalTables",
    "Cohort",
    "CohortContent",
    "CohortError",
    "CohortReport",
    "ColumnRule",
    "ExpressionSource",
    "FeatureSource",
    "ImagingSource",
    "Log2Expression",
    "Overlap",
    "PathNames",
    "PatientKey",
    "PhenotypeSource",
    "Provenance",
    "Rejections",
    "Review",
    "Role",
    "ScoreComparison",
    "Split",
    "add_review",
    "check_cohort",
    "check_landed",
    "compare_patients",
    "feature_names",
    "folded",
    "hash_cache",
    "identifying_content",
    "identifying_paths",
    "image_fingerprints",
    "landing_path",
    "list_cohorts",
    "list_files",
    "named",
    "one_spelling",
    "outline_mark",
    "overlaps_between",
    "overlaps_within",
    "path_key",
    "patients_by_table",
    "population_names",
    "prune_hash_caches",
    "read_cell_scores",
    "read_clinical",
    "read_cohort",
    "read_content",
    "read_expression",
    "read_features",
    "read_gene_lengths",
    "read_log2_expression",
    "read_manifest",
    "read_reviews",
    "read_score_pairs",
    "refuse_unfinished",
    "reject_same_data",
    "repeated_names",
    "row_fingerprints",
    "same_data",
    "same_name",
    "scored_patients",
    "series_problem",
    "several_series",
    "showing_cells",
    "similar_names",
    "source_files",
    "standing_reviews",
    "text_values",
    "values_alike",
    "with_borrowed",
    "with_own_columns",
]
