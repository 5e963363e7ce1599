"""What landed for each cohort: files, the declaration, patients, series, expression, and what was rejected."""

from __future__ import annotations

from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.tables.columns import PATIENT, count, number, text
from tme_platform.tables.schema import Column, Stage, TableSchema

COHORT_FILES = TableSchema(
    "cohort_files",
    Stage.COHORTS,
    "Every file that landed for a cohort, with its size and SHA-256: what all later steps are made from.",
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
    "What each cohort is: title, roles, where its data come from and under which licence.",
    (
        text("title", "Title.", required=True),
        text("roles", "What the cohort is for, separated by commas.", required=True),
        text("source", "Where the data come from.", required=True),
        text("licence", "Licence of the data.", required=True),
        text("declaration", "The cohort file as JSON.", required=True),
    ),
    key=("cohort",),
)

PATIENTS = TableSchema(
    "patients",
    Stage.COHORTS,
    "One row per patient: the canonical clinical columns, checked; missing is missing.",
    (
        PATIENT,
        *CLINICAL_COLUMNS.values(),
    ),
    key=("patient_id",),
)

CLINICAL_OTHER = TableSchema(
    "clinical_other",
    Stage.COHORTS,
    "Clinical columns that the cohort file maps to none of ours: kept as they came.",
    (
        PATIENT,
        text("source_file", "Clinical file the value stood in.", required=True),
        text("column", "Name of the column there.", required=True),
        text("value", "The value as text."),
    ),
    key=("patient_id", "source_file", "column", "value"),
)

IMAGING_SERIES = TableSchema(
    "imaging_series",
    Stage.COHORTS,
    "One row per outline: patient, series, image, mask, reader and session, with the hash of each file.",
    (
        PATIENT,
        text("series", "Name of the image series.", required=True),
        text("reader", "Who outlined the tumour.", required=True),
        Column("session", "Int64", "Reading session, 1 being the first.", nullable=False),
        text("image", "Image file or folder inside the landing folder.", required=True),
        text("dicom_series", "Which series of a DICOM folder: its number, or a hash of its UID."),
        count("phase", "Which phase of a dynamic series, from 0."),
        count("minus", "Which phase is subtracted."),
        text("mask", "Mask file inside the landing folder.", required=True),
        Column("mask_label", "Int64", "Label of the tumour in the mask."),
        text("exclusion_mask", "Mask of what is left out of the ring (vessels, neighbouring tissue)."),
        text("image_sha256", "SHA-256 of the image.", required=True),
        text("mask_sha256", "SHA-256 of the mask.", required=True),
        text("exclusion_sha256", "SHA-256 of the exclusion mask."),
    ),
    key=("patient_id", "series", "reader", "session"),
)

EXPRESSION = TableSchema(
    "expression",
    Stage.COHORTS,
    "Gene expression on a log2 scale, one row per gene and sample, sorted by gene.",
    (
        text("gene", "Gene symbol.", required=True),
        text("sample_id", "Sample; the patient where a cohort has one sample per patient.", required=True),
        number("value", "log2 expression; the unit stands in the materialisation's metadata."),
    ),
    key=("gene", "sample_id"),
    unit="sample_id",
)
