"""Tables of image features, their agreement, and harmonisation of scanners."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, FEATURE_SET, PATIENT, count, flag, number, text
from tme_platform.tables.imaging import OUTLINE, OUTLINE_KEY
from tme_platform.tables.schema import COHORT, Column, Stage, TableSchema

RADIOMIC_FEATURES = TableSchema(
    "radiomic_features",
    Stage.RADIOMICS,
    "One row per outline, one column per feature of the tumour and of the ring around its border.",
    (
        *OUTLINE,
        FEATURE_SET,
        text("row_key", "Hash of files, settings and versions that determine the row.", required=True),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

FEATURE_DICTIONARY = TableSchema(
    "feature_dictionary",
    Stage.RADIOMICS,
    "What each feature that the study extracts from images measures, in a sentence.",
    (
        FEATURE,
        text("region", "tumour or ring.", required=True, isin=("tumour", "ring")),
        text("image_type", "Image type, such as original or square.", required=True),
        text("feature_class", "shape, firstorder, glcm, gldm, glrlm, glszm or ngtdm.", required=True),
        text("name", "Name of the feature in its class, as in pyradiomics.", required=True),
        text("unit", "Unit, if it has one; intensities are those after normalisation."),
        text("meaning", "What it measures.", required=True),
    ),
    key=("feature",),
    per_cohort=False,
    unit="feature",
)

PERTURBED_FEATURES = TableSchema(
    "perturbed_features",
    Stage.RADIOMICS,
    "Features of slightly changed outlines and images, used in place of second readings if there are none.",
    (
        *OUTLINE,
        text("perturbation", "Perturbation; the part before the last underscore is its kind.", required=True),
        FEATURE_SET,
        text("row_key", "Hash of files, settings and versions that determine the row.", required=True),
    ),
    key=(*OUTLINE_KEY, "perturbation"),
    wide="Value of the feature.",
)

CONTROL_FEATURES = TableSchema(
    "control_features",
    Stage.RADIOMICS,
    "Negative controls: features of the discovery patients with the voxels inside tumour and ring shuffled. Shape and "
    "first-order features of the study's image types do not change by shuffling, texture does.",
    (
        *OUTLINE,
        text("control", "Kind of control.", required=True, isin=("shuffled_voxels",)),
        FEATURE_SET,
        text("row_key", "Hash of files, settings and versions that determine the row.", required=True),
    ),
    key=(*OUTLINE_KEY, "control"),
    wide="Value of the feature.",
)

RING_WIDTH_FEATURES = TableSchema(
    "ring_width_features",
    Stage.RADIOMICS,
    "Features of the ring at several widths for some outlines, the input of ring_width.",
    (
        *OUTLINE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        text("feature_set", "Software and settings that the features come from, apart from the width.", required=True),
        text("row_key", "Hash of files, settings and versions that determine the row.", required=True),
    ),
    key=(*OUTLINE_KEY, "width_mm"),
    wide="Value of the feature.",
)

RING_WIDTH = TableSchema(
    "ring_width",
    Stage.RADIOMICS,
    "Sensitivity of the ring features to the ring width: each width compared with the width of the study.",
    (
        FEATURE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        number("median", "Median of the feature over patients."),
        number("median_change", "Median relative change from the ring width of the study."),
        number("rank_correlation", "Spearman's correlation over patients with the ring width of the study.", -1, 1),
        count("patients", "Patients."),
    ),
    key=("feature", "width_mm"),
)

FEATURE_AGREEMENT = TableSchema(
    "feature_agreement",
    Stage.RADIOMICS,
    "Agreement of each feature between readers and sessions of a series, or under perturbation if there is no second "
    "reading of it.",
    (
        text("series", "Name of the image series; empty for a finished feature table.", required=True),
        FEATURE,
        FEATURE_SET,
        text("kind", "reader, session, or perturbation:contour, :position, :noise, :field_of_view.", required=True),
        count(
            "subjects",
            "Subjects read more than once: patients, or pairs of patient and reader for agreement between sessions.",
        ),
        count("raters", "Readings per subject."),
        number("icc", "Intraclass correlation ICC(2,1).", at_most=1),
        number("ci_low", "Lower limit of its 95 % confidence interval.", at_most=1),
        number("ci_high", "Upper limit of its 95 % confidence interval.", at_most=1),
        flag("kept", "Whether the feature exceeds the threshold for every kind."),
        text("reason", "Reason why the feature was not kept."),
    ),
    key=("series", "feature", "kind"),
)

AGREED_FEATURES = TableSchema(
    "agreed_features",
    Stage.RADIOMICS,
    "The features that the signature may use, by feature set, and why others may not be used.",
    (
        FEATURE_SET,
        FEATURE,
        Column("kept", "boolean", "Whether the signature may use it.", nullable=False),
        text("evidence", "Kind of readings that its agreement was measured on.", required=True),
        text("reason", "Reason why the feature was not kept."),
    ),
    key=("feature_set", "feature"),
    per_cohort=False,
    unit="feature",
)

HARMONISATION = TableSchema(
    "harmonisation",
    Stage.RADIOMICS,
    "ComBat parameters estimated on the training side: location and scale of each scanner or site, by feature.",
    (
        FEATURE_SET,
        text("batch", "Scanner or site.", required=True),
        FEATURE,
        number("shift", "Posterior location of the batch, in pooled standard deviations."),
        number("scale", "Posterior scale of the batch, as a ratio of standard deviations.", 0),
        number("mean", "Grand mean of the feature on the training side."),
        number("sd", "Pooled standard deviation of the feature on the training side.", 0),
    ),
    key=("feature_set", "batch", "feature"),
    per_cohort=False,
    unit="feature",
)

HARMONISED_FEATURES = TableSchema(
    "harmonised_features",
    Stage.RADIOMICS,
    "The features after removal of scanner effects, if the study enables it; the signature then uses these.",
    (
        *OUTLINE,
        FEATURE_SET,
        text("row_key", "Key of the row in radiomic_features.", required=True),
        text("batch", "Scanner or site of the patient."),
        Column("harmonised", "boolean", "Whether the row was harmonised.", nullable=False),
        text("note", "Reason why the row was not harmonised."),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

HARMONISATION_EFFECT = TableSchema(
    "harmonisation_effect",
    Stage.RADIOMICS,
    "Patients on the first two principal components of their features, before and after harmonisation.",
    (
        COHORT,
        PATIENT,
        text("stage", "before or after.", required=True, isin=("before", "after")),
        text("batch", "Scanner or site of the patient.", required=True),
        text("side", "discovery or validation, if the cohort is split."),
        number("pc1", "Score on the first principal component before harmonisation."),
        number("pc2", "Score on the second principal component before harmonisation."),
    ),
    key=("cohort", "patient_id", "stage"),
    per_cohort=False,
    unit="patient_id",
)
