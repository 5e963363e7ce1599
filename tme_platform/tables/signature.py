"""The signature: who trains it, the model, its scores, and the evidence for and against it."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, PATIENT, PHENOTYPE, count, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

COHORT_SPLIT = TableSchema(
    "cohort_split",
    Stage.SIGNATURE,
    "Which patients of a cohort train the signature and which validate it; once assigned, a patient never moves.",
    (
        PATIENT,
        text("side", "discovery or validation.", required=True, isin=("discovery", "validation")),
        text("stratum", "Stratum of the patient when it was assigned."),
    ),
    key=("patient_id",),
)

SIGNATURE_PATIENTS = TableSchema(
    "signature_patients",
    Stage.SIGNATURE,
    "The discovery table: everybody with features and a phenotype, on which side of the signature, with the features.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        text("side", "discovery or validation.", required=True, isin=("discovery", "validation")),
        PHENOTYPE,
        text("feature_set", "Which software and settings the features come from.", required=True),
    ),
    key=("cohort", "patient_id"),
    per_cohort=False,
    wide="Value of the feature.",
    unit="patient_id",
)

SIGNATURE = TableSchema(
    "signature",
    Stage.SIGNATURE,
    "The trained signature: its MLflow run and version, what it was trained on, and its threshold.",
    (
        text(
            "content_key", "Hash of training data, settings and versions; equal keys are equal models.", required=True
        ),
        text("model_name", "Name in the model registry.", required=True),
        text("model_version", "Version in the model registry.", required=True),
        text("mlflow_run_id", "MLflow run.", required=True),
        text("feature_set", "Which software and settings the features come from.", required=True),
        count("n_patients", "Patients it was trained on."),
        count("n_hot", "Hot tumours among them."),
        count("n_features", "Features offered to it."),
        number("threshold", "Locked threshold: Youden point of the out-of-fold scores of discovery."),
        text("best_params", "Settings of the forest that cross-validation chose, as JSON."),
        share("apparent_auc", "AUC on its own training patients (the paper's way): too good by construction."),
        share("oof_auc", "Out-of-fold AUC by repeated nested cross-validation (the honest way)."),
        share("oof_auc_low", "Lower limit of its DeLong 95 % confidence interval."),
        share("oof_auc_high", "Upper limit of its DeLong 95 % confidence interval."),
        number("oof_auc_se", "Its standard error.", 0),
    ),
    key=("content_key",),
    per_cohort=False,
)

SIGNATURE_IMPORTANCE = TableSchema(
    "signature_importance",
    Stage.SIGNATURE,
    "How much each feature counts in the signature.",
    (
        FEATURE,
        Column("rank", "Int64", "Rank by impurity importance, 1 the first.", at_least=1),
        number("importance", "Mean decrease in impurity."),
        number("permutation_importance", "Mean loss of AUC when the feature is shuffled in held-out folds."),
        Column("top20", "boolean", "Whether it is among the twenty first.", nullable=False),
    ),
    key=("feature",),
    per_cohort=False,
)

OUT_OF_FOLD_SCORES = TableSchema(
    "out_of_fold_scores",
    Stage.SIGNATURE,
    "Rad-scores of the discovery patients by models that never saw them.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        PHENOTYPE,
        share("rad_score", "Mean out-of-fold probability of a hot tumour."),
    ),
    key=("cohort", "patient_id"),
    per_cohort=False,
    unit="patient_id",
)

RAD_SCORES = TableSchema(
    "rad_scores",
    Stage.SIGNATURE,
    "The rad-score of every patient with features of the signature's set.",
    (
        PATIENT,
        Column("rad_score", "float64", "Probability of a hot tumour by the signature.", at_least=0, at_most=1),
        text("predicted", "Phenotype at the locked threshold.", isin=("hot", "cold")),
        text(
            "side",
            "discovery (seen in training), validation, or external.",
            isin=("discovery", "validation", "external"),
        ),
        text("content_key", "The model that scored.", required=True),
    ),
    key=("patient_id",),
)

SIGNATURE_RIVALS = TableSchema(
    "signature_rivals",
    Stage.SIGNATURE,
    "The signature beside what else could tell hot from cold: other learners, the volume alone, clinical variables.",
    (
        text("model", "What predicts.", required=True),
        text("analysis", "paper: apparent; honest: out of fold, in the signature's own folds.", required=True),
        text("metric", "auc, or auc_difference: the rival's minus the signature's.", required=True),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value: an AUC against 0.5, a difference against 0."),
        count("n", "Patients."),
        count("n_positive", "Hot tumours among them."),
        text("method", "How value and interval were computed."),
        text("reason", "Why there is no value."),
    ),
    key=("model", "analysis", "metric"),
    per_cohort=False,
)

LABEL_PERMUTATIONS = TableSchema(
    "label_permutations",
    Stage.SIGNATURE,
    "Cross-validated AUC with the true labels and with shuffled ones: how well labels that mean nothing do.",
    (
        Column("shuffle", "Int64", "0 the true labels, from 1 the shuffled ones.", nullable=False, at_least=0),
        share("auc", "AUC of one round of cross-validation by the shortened procedure, in which few trees are grown."),
    ),
    key=("shuffle",),
    per_cohort=False,
)

LEARNING_CURVE = TableSchema(
    "learning_curve",
    Stage.SIGNATURE,
    "Cross-validated AUC by number of training patients: shows whether more patients would help.",
    (
        Column("n", "Int64", "Patients drawn.", nullable=False, at_least=0),
        count("n_hot", "Hot tumours among them."),
        count("n_training", "Patients that a model was trained on."),
        share("auc", "Mean AUC over the draws, by the shortened procedure."),
        number("auc_sd", "Standard deviation over the draws.", 0),
        share("auc_low", "2.5th percentile of the draws: a spread, not a confidence interval."),
        share("auc_high", "97.5th percentile of the draws."),
        count("draws", "Random draws."),
    ),
    key=("n",),
    per_cohort=False,
)

SIGNATURE_OPTIMISM = TableSchema(
    "signature_optimism",
    Stage.SIGNATURE,
    "How much of the apparent AUC is optimism, by bootstrap.",
    (
        text("metric", "apparent, optimism, optimism_corrected, left_out, 632plus.", required=True),
        number("value", "Its value."),
        text("method", "How it was computed, and what to bear in mind."),
    ),
    key=("metric",),
    per_cohort=False,
)

SIGNATURE_CAUTIONS = TableSchema(
    "signature_cautions",
    Stage.SIGNATURE,
    "What a reviewer would ask first: patients per feature, expected shrinkage, labels that go with site or scanner.",
    (
        text(
            "topic", "events_per_feature, expected_shrinkage, patients_needed, or label_by_<variable>.", required=True
        ),
        number("value", "The figure: events per feature, shrinkage, patients, Cramer's V."),
        share("p", "p-value, where the figure has one."),
        count("n", "Patients it is taken from."),
        text("caution", "A sentence where there is something to be cautious about."),
        text("reason", "Why there is no value."),
    ),
    key=("topic",),
    per_cohort=False,
)

SIGNATURE_REVIEW = TableSchema(
    "signature_review",
    Stage.SIGNATURE,
    "The newest version held against the rule by which a version becomes the champion, criterion by criterion.",
    (
        text("model_version", "Version in the model registry.", required=True),
        text("criterion", "auc_not_worse, calibration_slope, calibration_in_the_large, check_<name>.", required=True),
        Column("met", "boolean", "Whether it is met.", nullable=False),
        number("value", "What was found."),
        number("low", "Lower bound that it must keep."),
        number("high", "Upper bound that it must keep."),
        text("explanation", "What was found, in words.", required=True),
        text("champion_before", "Version that was champion before, if any."),
        text("decision", "promoted, refused, or is the champion.", required=True),
    ),
    key=("model_version", "criterion"),
    per_cohort=False,
    unit="criterion",
)
