"""Tables of the performance of the rad-score in each cohort."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, PATIENT, POPULATION, TIME_ENDPOINT, count, flag, number, share, text
from tme_platform.tables.schema import COHORT, Column, Stage, TableSchema

COHORT_METRICS = TableSchema(
    "cohort_metrics",
    Stage.EVALUATION,
    "Performance of the signature by cohort and endpoint; each number with its n and confidence interval.",
    (
        text("side", "discovery, validation or external.", required=True),
        text("model", "Model: the signature, or a model it is compared with.", required=True),
        text("subgroup", "Subgroup of patients.", required=True),
        text("endpoint", "Endpoint that is predicted.", required=True),
        text("analysis", "paper: as the published study reports it; honest: an unbiased estimate.", required=True),
        text("metric", "Name of the metric.", required=True),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value, where the metric has one (AUC against 0.5)."),
        count("n", "Patients."),
        count("n_positive", "Patients with the endpoint."),
        text("method", "Method for the value and the interval."),
        text("reason", "Reason for a missing value."),
    ),
    key=("side", "model", "subgroup", "endpoint", "analysis", "metric"),
    unit="metric",
)

PHENOTYPE_SPECIFICATIONS = TableSchema(
    "phenotype_specifications",
    Stage.EVALUATION,
    "Specification curve: hot and cold by every definition in a list, with yardsticks, survival and honest AUC.",
    (
        text("specification", "The definition: what is clustered, scaling and number of clusters.", required=True),
        COHORT,
        text("source", "What is clustered.", required=True),
        flag("is_main", "Whether it is the study's own definition, set in the study file."),
        count("k", "Number of clusters."),
        count("n", "Patients with a label."),
        count("n_hot", "Hot patients among them."),
        share("hot_share", "Share of hot patients."),
        number("silhouette", "Mean silhouette width of the partition.", -1, 1),
        *(
            column
            for name, label in (
                ("leukocyte_fraction", "leukocyte fraction (DNA methylation)"),
                ("purity_absolute", "tumour purity (ABSOLUTE)"),
            )
            for column in (
                share(f"{name}_hot", f"Mean {label} of hot tumours."),
                share(f"{name}_cold", f"Mean {label} of cold tumours."),
                share(f"{name}_p", "Wilcoxon p-value of the difference."),
            )
        ),
        share("basal_hot", "Share of the Basal subtype in hot tumours."),
        share("basal_cold", "Share of the Basal subtype in cold tumours."),
        share("log_rank_p", "Log-rank p-value of overall survival, hot compared with cold."),
        number("hr_hot", "Hazard ratio of hot compared with cold (Cox).", 0),
        number("hr_low", "Lower limit of its 95 % confidence interval.", 0),
        number("hr_high", "Upper limit of its 95 % confidence interval.", 0),
        count("n_images", "Patients with image features, of the discovery and validation sides."),
        count("n_images_hot", "Hot patients among them."),
        share("auc", "AUC of the signature's procedure for these labels, within held-out folds."),
        share("auc_low", "Lower limit of its 95 % confidence interval."),
        share("auc_high", "Upper limit of its 95 % confidence interval."),
        share("clinical_auc", "AUC of clinical variables alone, in the same folds."),
        share("clinical_auc_low", "Lower limit of its 95 % confidence interval."),
        share("clinical_auc_high", "Upper limit of its 95 % confidence interval."),
        text("reason", "Reason for a missing AUC."),
    ),
    key=("specification",),
    per_cohort=False,
)

FEATURE_CELL_CORRELATION = TableSchema(
    "feature_cell_correlation",
    Stage.EVALUATION,
    "Spearman correlation of the signature's twenty most important features with the cell populations.",
    (
        COHORT,
        FEATURE,
        POPULATION,
        count("n", "Patients."),
        number("rho", "Spearman's rho.", -1, 1),
        share("p", "Its p-value."),
        share(
            "fdr",
            "p-value corrected over all features with all populations of the patients (Benjamini-Hochberg); "
            "because the listed features were selected by labels made from the same populations.",
        ),
        count("pairs_searched", "Pairs of feature and population over which it is corrected."),
    ),
    key=("cohort", "feature", "population"),
    per_cohort=False,
    unit="feature",
)

SIDE_ENDPOINT = (
    text("side", "discovery (out-of-fold scores), validation or external.", required=True),
    text("endpoint", "Endpoint that is predicted.", required=True),
)

ROC_CURVES = TableSchema(
    "roc_curves",
    Stage.EVALUATION,
    "Every operating point of the rad-score, by cohort and endpoint; in discovery, of held-out patients within folds.",
    (
        *SIDE_ENDPOINT,
        text("subgroup", "all, or a subgroup with at least 5 positive and 5 negative patients.", required=True),
        Column("point", "Int64", "Number of the point, from all patients positive to none.", nullable=False),
        number(
            "threshold",
            "Lowest score called positive; missing at both ends of the curve, and in discovery (one per fold).",
        ),
        share("sensitivity", "Share of the positives called positive."),
        share("specificity", "Share of the negatives called negative."),
        share("auc", "Area under the curve."),
        share("auc_low", "Lower limit of its 95 % confidence interval."),
        share("auc_high", "Upper limit of its 95 % confidence interval."),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "subgroup", "point"),
    unit="endpoint",
)

RELIABILITY_CURVES = TableSchema(
    "reliability_curves",
    Stage.EVALUATION,
    "Predicted against observed: mean recalibrated probability and share of positives in groups of about equal size.",
    (
        *SIDE_ENDPOINT,
        Column("group", "Int64", "Group of patients, from low to high scores.", nullable=False),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
        share("predicted", "Mean recalibrated probability of a hot tumour."),
        share("observed", "Share of positives."),
        share("ci_low", "Lower limit of its 95 % confidence interval (Wilson)."),
        share("ci_high", "Upper limit of its 95 % confidence interval."),
    ),
    key=("side", "endpoint", "group"),
    unit="endpoint",
)

DECISION_CURVES = TableSchema(
    "decision_curves",
    Stage.EVALUATION,
    "Net benefit of treating by the recalibrated rad-score, treating no one and treating everyone, by threshold.",
    (
        *SIDE_ENDPOINT,
        Column("threshold", "float64", "Threshold probability for treatment.", nullable=False, at_least=0, at_most=1),
        number("net_benefit", "Net benefit of the recalibrated rad-score, in true positives per patient."),
        number("ci_low", "Lower limit of its pointwise 95 % confidence interval (bootstrap of patients)."),
        number("ci_high", "Upper limit of its pointwise 95 % confidence interval."),
        number("treat_all", "Net benefit of treating everyone."),
        number("treat_none", "Net benefit of treating no one: 0."),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "threshold"),
    unit="endpoint",
)

CLINICAL_DECISION_CURVES = TableSchema(
    "clinical_decision_curves",
    Stage.EVALUATION,
    "Net benefit of the signature, of clinical variables and of both, cross-validated on the discovery patients.",
    (
        text("model", "signature, clinical or combined.", required=True, isin=("signature", "clinical", "combined")),
        Column("threshold", "float64", "Threshold probability for treatment.", nullable=False, at_least=0, at_most=1),
        number("net_benefit", "Net benefit of the recalibrated probability, in true positives per patient."),
        number("ci_low", "Lower limit of its pointwise 95 % confidence interval (bootstrap of patients)."),
        number("ci_high", "Upper limit of its pointwise 95 % confidence interval."),
        number("gain", "Net benefit minus that of the clinical model."),
        number("gain_low", "Lower limit of its pointwise 95 % confidence interval (paired bootstrap of patients)."),
        number("gain_high", "Upper limit of its pointwise 95 % confidence interval."),
        number("treat_all", "Net benefit of treating everyone."),
        count("n", "Patients."),
        count("n_positive", "Hot patients among them."),
    ),
    key=("model", "threshold"),
    per_cohort=False,
)

GROUP_OF_VARIABLE = (
    text("variable", "Clinical variable or endpoint.", required=True),
    text("kind", "clinical or endpoint.", required=True, isin=("clinical", "endpoint")),
    text("group", "Its value; of an endpoint, positive or negative.", required=True),
)

RAD_SCORE_GROUPS = TableSchema(
    "rad_score_groups",
    Stage.EVALUATION,
    "The rad-score by clinical group (stage, subtype, receptors, phenotype) and outcome, with a test between groups.",
    (
        *GROUP_OF_VARIABLE,
        count("n", "Patients."),
        share("mean", "Mean rad-score."),
        number("sd", "Standard deviation.", 0),
        share("median", "Median."),
        share("q1", "First quartile."),
        share("q3", "Third quartile."),
        text("test", "Student, Wilcoxon or Kruskal-Wallis test, chosen by the Shapiro-Wilk test."),
        number("statistic", "Its statistic."),
        share("p", "Its p-value."),
        share("fdr", "p-value corrected over the variables (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing test."),
    ),
    key=("variable", "group"),
)

RAD_SCORE_GROUP_MEMBERS = TableSchema(
    "rad_score_group_members",
    Stage.EVALUATION,
    "The patients of each group in `rad_score_groups` with their rad-scores.",
    (
        PATIENT,
        *GROUP_OF_VARIABLE,
        text("side", "discovery (mean of the held-out scores), validation or external.", required=True),
        share("rad_score", "Rad-score by a model that never saw the patient."),
    ),
    key=("variable", "patient_id"),
)

RAD_SCORE_CORRELATIONS = TableSchema(
    "rad_score_correlations",
    Stage.EVALUATION,
    "Spearman correlation of the rad-score with measurements other than RNA and images, such as leukocyte fraction.",
    (
        text("side", "discovery (out-of-fold scores), validation, external, or `all` of them.", required=True),
        text("variable", "Clinical column.", required=True),
        count("n", "Patients."),
        number("rho", "Spearman's rho.", -1, 1),
        number("ci_low", "Lower limit of its 95 % confidence interval (Bonett and Wright).", -1, 1),
        number("ci_high", "Upper limit of its 95 % confidence interval.", -1, 1),
        share("p", "Its p-value."),
        share("fdr", "p-value corrected over the variables of the side (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing correlation."),
    ),
    key=("side", "variable"),
    unit="variable",
)

RAD_SCORE_SURVIVAL = TableSchema(
    "rad_score_survival",
    Stage.EVALUATION,
    "Survival of patients above the cohort's median rad-score compared with the others.",
    (
        TIME_ENDPOINT,
        number("cut", "The median rad-score of the patients with follow-up."),
        count("n_high", "Patients above it."),
        count("n_low", "Patients at or below it."),
        count("events_high", "Events above it."),
        count("events_low", "Events at or below it."),
        number("statistic", "Log-rank statistic."),
        share("p", "Its p-value."),
        number("hr", "Hazard ratio of high against low scores.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        text("reason", "Reason for a missing value."),
    ),
    key=("endpoint",),
)
