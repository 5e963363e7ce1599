"""Tables of what landed for each cohort: files, declaration, patients, image series and expression."""

from __future__ import annotations

from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.tables.columns import PATIENT, count, flag, number, share, text
from tme_platform.tables.imaging import OUTLINE, OUTLINE_KEY
from tme_platform.tables.schema import COHORT, Column, Stage, TableSchema

ENDPOINT_KINDS = ("time to event", "two classes", "subgroup")

COHORT_FILES = TableSchema(
    "cohort_files",
    Stage.COHORTS,
    "Every file that landed for a cohort, with its size and SHA-256. All later steps depend on these files.",
    (
        text("file", "Path inside the cohort's landing folder.", required=True),
        count("bytes", "Size in bytes."),
        text("sha256", "SHA-256 of the content.", required=True),
    ),
    key=("file",),
)

COHORTS = TableSchema(
    "cohorts",
    Stage.COHORTS,
    "Title, roles, data source and licence of each cohort.",
    (
        text("title", "Title.", required=True),
        text("roles", "Roles of the cohort, separated by commas.", required=True),
        text("source", "Where the data come from.", required=True),
        text("licence", "Licence of the data.", required=True),
        text("declaration", "The cohort file as JSON.", required=True),
    ),
    key=("cohort",),
)

PATIENTS = TableSchema(
    "patients",
    Stage.COHORTS,
    "One row per patient: the canonical clinical columns, validated. Values that are not allowed are missing.",
    (
        PATIENT,
        *CLINICAL_COLUMNS.values(),
    ),
    key=("patient_id",),
)

CLINICAL_OTHER = TableSchema(
    "clinical_other",
    Stage.COHORTS,
    "Values of the clinical columns that the cohort file does not map and asks to keep (`other`), unchanged.",
    (
        PATIENT,
        text("source_file", "Clinical file that holds the value.", required=True),
        text("column", "Name of the column in the file.", required=True),
        text("value", "The value as text."),
    ),
    key=("patient_id", "source_file", "column", "value"),
)

ENDPOINTS = TableSchema(
    "endpoints",
    Stage.COHORTS,
    "Endpoints and subgroups that a cohort has values for, with their definitions.",
    (
        text("endpoint", "Name of the endpoint or subgroup.", required=True),
        text("kind", "time to event, two classes or subgroup.", required=True, isin=ENDPOINT_KINDS),
        text("title", "Name in figures and reports.", required=True),
        text("definition", "Its definition as in the study file or the cohort file.", required=True),
        count("n", "Patients with a value; members of a subgroup."),
        count("n_positive", "Events, or patients of the positive class; missing for a subgroup."),
    ),
    key=("kind", "endpoint"),
    unit="endpoint",
)

IMAGING_SERIES = TableSchema(
    "imaging_series",
    Stage.COHORTS,
    "One row per outline: patient, series, image, mask, reader and session, with the hash of each file.",
    (
        *OUTLINE,
        text("image", "Image file or folder inside the landing folder.", required=True),
        text("dicom_series", "Series of a DICOM folder: its number, or a hash of its UID."),
        count("phase", "Phase of a dynamic series, from 0."),
        count("minus", "Phase that is subtracted from it."),
        flag("allow_incomplete", "Whether a DICOM series is used although images of it are missing or unreadable."),
        text("mask", "Mask file inside the landing folder.", required=True),
        Column("mask_label", "Int64", "Label of the tumour in the mask."),
        text("exclusion_mask", "Mask of voxels excluded from the ring (vessels, neighbouring tissue)."),
        text("image_sha256", "SHA-256 of the image.", required=True),
        text("mask_sha256", "SHA-256 of the mask.", required=True),
        text("exclusion_sha256", "SHA-256 of the exclusion mask."),
    ),
    key=OUTLINE_KEY,
)

EXPRESSION = TableSchema(
    "expression",
    Stage.COHORTS,
    "Gene expression on a log2 scale, one row per gene and sample, sorted by gene.",
    (
        text("gene", "Gene symbol.", required=True),
        text("sample_id", "Sample; the patient if a cohort has one sample per patient.", required=True),
        number("value", "log2 expression; the unit is in the metadata of the materialisation."),
        count("gene_order", "Place of the gene in the file, from 0: scores break ties between genes in this order."),
    ),
    key=("gene", "sample_id"),
    unit="sample_id",
)

COHORT_TABLE_ONE = TableSchema(
    "cohort_table_one",
    Stage.COHORTS,
    "Table 1: the clinical variables of each cohort, with a test between cohorts that share no patients.",
    (
        text("variable", "Clinical variable.", required=True),
        COHORT,
        text("level", "Level of a counted variable."),
        text("kind", "numeric or categorical.", required=True, isin=("numeric", "categorical")),
        count("n", "Patients with a value; of a counted variable, with this level."),
        count("n_missing", "Patients of the cohort without a value."),
        share("share", "Share of the patients with a value that have this level."),
        number("mean", "Mean."),
        number("sd", "Standard deviation.", 0),
        number("median", "Median."),
        number("q1", "First quartile."),
        number("q3", "Third quartile."),
        text("test", "Student, Wilcoxon, Kruskal-Wallis or Fisher test between the cohorts that have the variable."),
        number("statistic", "Its statistic."),
        share("p", "Its p-value."),
        share("fdr", "p-value corrected over the variables (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing test."),
    ),
    key=("variable", "cohort", "level"),
    per_cohort=False,
    unit="variable",
)
