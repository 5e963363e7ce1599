"""Tables of the signature: training patients, model, scores, and evidence for and against it."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, FEATURE_SET, PATIENT, PHENOTYPE, count, flag, number, share, text
from tme_platform.tables.schema import COHORT, Column, Stage, TableSchema

COHORT_SPLIT = TableSchema(
    "cohort_split",
    Stage.SIGNATURE,
    "Assignment of patients to discovery or validation; an assigned patient never moves.",
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
    "All patients with features and a phenotype: their side (discovery or validation), phenotype and features.",
    (
        COHORT,
        PATIENT,
        text("side", "discovery or validation.", required=True, isin=("discovery", "validation")),
        PHENOTYPE,
        FEATURE_SET,
    ),
    key=("cohort", "patient_id"),
    per_cohort=False,
    wide="Value of the feature.",
    unit="patient_id",
)

SIGNATURE = TableSchema(
    "signature",
    Stage.SIGNATURE,
    "The trained signature: MLflow run and version, training data and threshold.",
    (
        text(
            "content_key", "Hash of training data, settings and versions; equal keys are equal models.", required=True
        ),
        text("model_name", "Name in the model registry.", required=True),
        text("model_version", "Version in the model registry.", required=True),
        text("mlflow_run_id", "MLflow run.", required=True),
        FEATURE_SET,
        count("n_patients", "Patients that the signature was trained on."),
        count("n_hot", "Hot tumours among them."),
        count("n_features", "Features available to the training."),
        number("threshold", "Locked threshold: Youden's, on scores of the discovery patients held out by the search."),
        number("recalibration_intercept", "Intercept of the regression that turns scores into probabilities."),
        number("recalibration_slope", "Its slope, by which the logit of the score is multiplied.", 0),
        text("best_params", "Forest settings chosen by cross-validation, as JSON."),
        share("apparent_auc", "AUC on the training patients (the paper's way): optimistic by construction."),
        share("oof_auc", "Out-of-fold AUC from repeated nested cross-validation (the honest way)."),
        share("oof_auc_low", "Lower limit of its 95 % confidence interval (logit scale)."),
        share("oof_auc_high", "Upper limit of its 95 % confidence interval (logit scale)."),
        number("oof_auc_se", "Its standard error.", 0),
    ),
    key=("content_key",),
    per_cohort=False,
)

SIGNATURE_IMPORTANCE = TableSchema(
    "signature_importance",
    Stage.SIGNATURE,
    "Importance of each feature in the signature.",
    (
        FEATURE,
        Column("rank", "Int64", "Rank by impurity importance; 1 is the most important.", at_least=1),
        number("importance", "Mean decrease in impurity."),
        number("permutation_importance", "Mean decrease of AUC when the feature is shuffled in held-out folds."),
        share("selected_share", "Share of the models of held-out folds whose selection kept the feature."),
        Column("top20", "boolean", "Whether it is among the twenty most important features.", nullable=False),
    ),
    key=("feature",),
    per_cohort=False,
)

FEATURE_UNIVARIATE = TableSchema(
    "feature_univariate",
    Stage.SIGNATURE,
    "Each candidate feature alone in hot and cold tumours of discovery. Descriptive: phenotypes were learned elsewhere "
    "and the signature does not select features by this table.",
    (
        FEATURE,
        count("n", "Patients with a value."),
        count("n_hot", "Hot tumours among them."),
        number("mean_hot", "Mean in hot tumours."),
        number("mean_cold", "Mean in cold tumours."),
        number("median_hot", "Median in hot tumours."),
        number("median_cold", "Median in cold tumours."),
        share("auc", "AUC; above 0.5 if values are higher in hot tumours."),
        share("ci_low", "Lower limit of its DeLong 95 % confidence interval."),
        share("ci_high", "Upper limit of its DeLong 95 % confidence interval."),
        share("p", "p-value, Wilcoxon's rank-sum test."),
        share("fdr", "False discovery rate over all features (Benjamini-Hochberg)."),
        Column("kept", "boolean", "Whether the agreement filter kept it; true if it was not judged.", nullable=False),
        text("reason", "Reason for a missing value."),
    ),
    key=("feature",),
    per_cohort=False,
)

OUT_OF_FOLD_SCORES = TableSchema(
    "out_of_fold_scores",
    Stage.SIGNATURE,
    "Rad-scores of the discovery patients from models trained without them, in each repeat of the cross-validation.",
    (
        COHORT,
        PATIENT,
        PHENOTYPE,
        Column("repeat", "Int64", "Repeat of the cross-validation, from 0.", nullable=False, at_least=0),
        Column("fold", "Int64", "Fold in which the patient was held out.", nullable=False, at_least=0),
        share("rad_score", "Score by the model of that fold."),
        share("probability", "The score recalibrated by what the fold's training patients showed."),
        flag("called_hot", "Whether the score reaches the threshold chosen among the fold's training patients."),
    ),
    key=("cohort", "patient_id", "repeat"),
    per_cohort=False,
    unit="patient_id",
)

RAD_SCORES = TableSchema(
    "rad_scores",
    Stage.SIGNATURE,
    "The rad-score of every patient who has the signature's feature set.",
    (
        PATIENT,
        Column(
            "rad_score",
            "float64",
            "Score of the signature, higher for hot; of a forest with balanced classes not a probability.",
            at_least=0,
            at_most=1,
        ),
        share("probability", "Probability of a hot tumour: the score recalibrated, at the prevalence of discovery."),
        text("predicted", "Predicted phenotype at the locked threshold.", isin=("hot", "cold")),
        text(
            "side",
            "discovery (seen in training), validation, or external.",
            isin=("discovery", "validation", "external"),
        ),
        text("content_key", "Content key of the model.", required=True),
        text("caution", "Reason why the score is not comparable with others: the features were not harmonised."),
    ),
    key=("patient_id",),
)

SIGNATURE_RIVALS = TableSchema(
    "signature_rivals",
    Stage.SIGNATURE,
    "The signature compared with other models of hot and cold: other learners, volume alone, clinical variables.",
    (
        text("model", "Model.", required=True),
        text("analysis", "paper: apparent; honest: out of fold, in the folds of the signature.", required=True),
        text(
            "metric",
            "auc; auc_difference: model minus the one it is compared with; likelihood_ratio: rad-score added to it.",
            required=True,
        ),
        text(
            "against",
            "What the value is compared with: chance, the signature, or the clinical model.",
            required=True,
            isin=("chance", "signature", "clinical"),
        ),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value: an AUC against 0.5, a difference against 0, a likelihood ratio one-sided."),
        count("n", "Patients."),
        count("n_positive", "Hot tumours among them."),
        text("method", "Method for the value and the interval."),
        text("reason", "Reason for a missing value."),
    ),
    key=("model", "analysis", "metric", "against"),
    per_cohort=False,
)

LABEL_PERMUTATIONS = TableSchema(
    "label_permutations",
    Stage.SIGNATURE,
    "Cross-validated AUC with the true labels and with shuffled labels, as a null distribution.",
    (
        Column(
            "shuffle", "Int64", "0 for the true labels, 1 and above for shuffled labels.", nullable=False, at_least=0
        ),
        text(
            "within",
            "Among whom labels change places: all patients, or only those of the same site or scanner.",
            required=True,
            isin=("all patients", "site", "scanner"),
        ),
        share("auc", "AUC of one round of cross-validation by the shortened procedure, which grows few trees."),
        share(
            "p",
            "One-sided p-value, in the row of the true labels: of the sequential test of Besag & Clifford 1991, which "
            "stops when enough shuffles have reached the AUC of the true labels.",
        ),
        share("p_se", "Standard error of p, because only some shuffles were drawn."),
    ),
    key=("within", "shuffle"),
    per_cohort=False,
)

LEAVE_ONE_SITE_OUT = TableSchema(
    "leave_one_site_out",
    Stage.SIGNATURE,
    "AUC among the patients of each site, from a signature trained at the other sites.",
    (
        text("site", "Site that was left out, or all sites: pairs of hot and cold of the same site.", required=True),
        count("n", "Patients of the site; in the row of all sites, those of sites with both phenotypes."),
        count("n_hot", "Hot tumours among them."),
        count("n_training", "Patients of the other sites."),
        share("auc", "AUC among the patients of the site; for all sites its mean with van Elteren's weights."),
        share("ci_low", "Lower limit of its DeLong 95 % confidence interval."),
        share("ci_high", "Upper limit of its DeLong 95 % confidence interval."),
        share("p", "p-value of the AUC against 0.5."),
        text("reason", "Reason for a missing value."),
    ),
    key=("site",),
    per_cohort=False,
)

LEARNING_CURVE = TableSchema(
    "learning_curve",
    Stage.SIGNATURE,
    "Cross-validated AUC by number of training patients: shows whether more patients would help.",
    (
        Column("n", "Int64", "Patients drawn.", nullable=False, at_least=0),
        count("n_hot", "Hot tumours among them."),
        count("n_training", "Training patients per model."),
        share("auc", "Mean AUC over the draws, by the shortened procedure."),
        number("auc_sd", "Standard deviation over the draws, which share patients: not a standard error.", 0),
        count("draws", "Random draws."),
        share("null_auc", "Mean AUC with shuffled labels."),
        number("null_sd", "Standard deviation over the draws with shuffled labels.", 0),
        count("null_draws", "Random draws with shuffled labels."),
    ),
    key=("n",),
    per_cohort=False,
)

CONTINUOUS_SIGNATURE = TableSchema(
    "continuous_signature",
    Stage.SIGNATURE,
    "Continuous measures of immune content predicted from the image features of the discovery patients.",
    (
        text(
            "target",
            "immune_mean: mean score of the immune populations, which decides what is hot; or leukocyte_fraction.",
            required=True,
        ),
        count("n", "Patients with features and a value."),
        number("rho", "Spearman correlation of prediction and value, mean over held-out folds.", -1, 1),
        share("p", "p-value by permutation of the target, one-sided."),
        count("permutations", "Permutations, each with the whole procedure."),
        number("null_sd", "Standard deviation of the correlation under permutation.", 0),
        text("reason", "Reason for a missing value."),
    ),
    key=("target",),
    per_cohort=False,
)

SIGNATURE_OPTIMISM = TableSchema(
    "signature_optimism",
    Stage.SIGNATURE,
    "Optimism of the apparent AUC, estimated by bootstrap.",
    (
        text("metric", "apparent, optimism, optimism_corrected, left_out, 632plus.", required=True),
        number("value", "Its value."),
        text("method", "Method and its limitations."),
    ),
    key=("metric",),
    per_cohort=False,
)

SIGNATURE_CAUTIONS = TableSchema(
    "signature_cautions",
    Stage.SIGNATURE,
    "Common objections of reviewers: patients per feature, expected shrinkage, labels associated with site or scanner.",
    (
        text(
            "topic", "events_per_feature, expected_shrinkage, patients_needed, or label_by_<variable>.", required=True
        ),
        number("value", "Events per feature, shrinkage, patients or Cramer's V."),
        share("p", "p-value, if there is one."),
        count("n", "Patients."),
        text("caution", "A sentence, if there is a reason for caution."),
        text("reason", "Reason for a missing value."),
    ),
    key=("topic",),
    per_cohort=False,
)

SIGNATURE_REVIEW = TableSchema(
    "signature_review",
    Stage.SIGNATURE,
    "The newest version checked against each criterion for promotion to champion.",
    (
        text("model_version", "Version in the model registry.", required=True),
        text(
            "criterion",
            "auc_above_chance, auc_not_worse, calibration_slope, calibration_in_the_large, check_<name>.",
            required=True,
        ),
        Column("met", "boolean", "Whether the criterion is met.", nullable=False),
        number("value", "Observed value."),
        number("low", "Lower limit of its 95 % confidence interval."),
        number("high", "Upper limit of its 95 % confidence interval."),
        text("explanation", "Explanation of the result.", required=True),
        text("champion_before", "Champion before the review, if any."),
        text("decision", "promoted, refused, or is the champion.", required=True),
    ),
    key=("model_version", "criterion"),
    per_cohort=False,
    unit="criterion",
)
