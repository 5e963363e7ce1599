"""Image features, how stable they are, and harmonisation of scanners."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, PATIENT, count, flag, number, text
from tme_platform.tables.imaging import OUTLINE, OUTLINE_KEY
from tme_platform.tables.schema import Column, Stage, TableSchema

RADIOMIC_FEATURES = TableSchema(
    "radiomic_features",
    Stage.RADIOMICS,
    "One row per outline, one column per feature of the tumour and of the ring round its border.",
    (
        *OUTLINE,
        text("feature_set", "Which software and settings the features come from.", required=True),
        text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

PERTURBED_FEATURES = TableSchema(
    "perturbed_features",
    Stage.RADIOMICS,
    "Features of outlines and images that were changed a little, standing in for second readings where there are none.",
    (
        *OUTLINE,
        text("perturbation", "What was changed; the part before the underscore is its kind.", required=True),
        text("feature_set", "Which software and settings the features come from.", required=True),
        text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=(*OUTLINE_KEY, "perturbation"),
    wide="Value of the feature.",
)

RING_WIDTH_FEATURES = TableSchema(
    "ring_width_features",
    Stage.RADIOMICS,
    "The ring's features at several widths, of some outlines: what ring_width is made from.",
    (
        *OUTLINE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        text("feature_set", "Which software and settings the features come from, but for the width.", required=True),
        text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=(*OUTLINE_KEY, "width_mm"),
    wide="Value of the feature.",
)

RING_WIDTH = TableSchema(
    "ring_width",
    Stage.RADIOMICS,
    "How the ring's features move with its width: at each width against the study's own ring.",
    (
        FEATURE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        number("median", "Median of the feature over patients."),
        number("median_change", "Median relative change against the study's own ring."),
        number("rank_correlation", "Spearman's correlation, over patients, with the study's own ring.", -1, 1),
        count("patients", "Patients."),
    ),
    key=("feature", "width_mm"),
)

FEATURE_AGREEMENT = TableSchema(
    "feature_agreement",
    Stage.RADIOMICS,
    "Agreement of each feature between readers and sessions, or under perturbation where no second reading exists.",
    (
        FEATURE,
        text("feature_set", "Which software and settings the features come from.", required=True),
        text("kind", "reader, session, or perturbation:contour, :position, :noise.", required=True),
        count("subjects", "Patients (between sessions: patients by reader) read more than once."),
        count("raters", "Readings of each."),
        number("icc", "Intraclass correlation ICC(2,1).", at_most=1),
        number("ci_low", "Lower limit of its 95 % confidence interval.", at_most=1),
        number("ci_high", "Upper limit of its 95 % confidence interval.", at_most=1),
        flag("kept", "Whether the feature exceeds the threshold for every kind."),
        text("reason", "Why it fell."),
    ),
    key=("feature", "kind"),
)

AGREED_FEATURES = TableSchema(
    "agreed_features",
    Stage.RADIOMICS,
    "The features that the signature may use, by feature set, and why each of the others may not.",
    (
        text("feature_set", "Which software and settings the features come from.", required=True),
        FEATURE,
        Column("kept", "boolean", "Whether the signature may use it.", nullable=False),
        text("evidence", "What its agreement was judged by.", required=True),
        text("reason", "Why it fell."),
    ),
    key=("feature_set", "feature"),
    per_cohort=False,
    unit="feature",
)

HARMONISATION = TableSchema(
    "harmonisation",
    Stage.RADIOMICS,
    "What ComBat learned on the training side: location and scale of each scanner (or site), by feature.",
    (
        text("feature_set", "Which software and settings the features come from.", required=True),
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
    "The features with scanner effects taken out, where the study asks for it: what the signature then reads.",
    (
        *OUTLINE,
        text("feature_set", "Which software and settings the features come from.", required=True),
        text("row_key", "Key of the row in radiomic_features.", required=True),
        text("batch", "Scanner or site of the patient."),
        Column("harmonised", "boolean", "Whether the row was changed.", nullable=False),
        text("note", "Why the row was left as it is."),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

HARMONISATION_EFFECT = TableSchema(
    "harmonisation_effect",
    Stage.RADIOMICS,
    "Patients on the first two principal components of their features, before and after harmonisation.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        text("stage", "before or after.", required=True, isin=("before", "after")),
        text("batch", "Scanner or site of the patient.", required=True),
        text("side", "discovery or validation, where the cohort is split."),
        number("pc1", "Score on the first component of the table before."),
        number("pc2", "Score on the second component of the table before."),
    ),
    key=("cohort", "patient_id", "stage"),
    per_cohort=False,
    unit="patient_id",
)
