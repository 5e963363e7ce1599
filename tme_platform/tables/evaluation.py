"""How well the rad-score performs in each cohort."""

from __future__ import annotations

from tme_platform.tables.columns import FEATURE, POPULATION, count, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

COHORT_METRICS = TableSchema(
    "cohort_metrics",
    Stage.EVALUATION,
    "How well the signature holds, by cohort and endpoint; each number with its n and confidence interval.",
    (
        text("side", "discovery, validation or external.", required=True),
        text("model", "What predicts: the signature, or what it is held against.", required=True),
        text("subgroup", "In which patients.", required=True),
        text("endpoint", "What is predicted.", required=True),
        text("analysis", "paper: as the published study reports it; honest: what can be believed.", required=True),
        text("metric", "Name of the metric.", required=True),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value, where the metric has one (AUC against 0.5)."),
        count("n", "Patients."),
        count("n_positive", "Patients with the endpoint."),
        text("method", "How value and interval were computed."),
        text("reason", "Why there is no value."),
    ),
    key=("side", "model", "subgroup", "endpoint", "analysis", "metric"),
    unit="metric",
)

FEATURE_CELL_CORRELATION = TableSchema(
    "feature_cell_correlation",
    Stage.EVALUATION,
    "Spearman correlation of the signature's twenty first features with the cell populations.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        FEATURE,
        POPULATION,
        count("n", "Patients."),
        number("rho", "Spearman's rho.", -1, 1),
        share("p", "Its p-value."),
        share("fdr", "Benjamini-Hochberg over all pairs of the cohort."),
    ),
    key=("cohort", "feature", "population"),
    per_cohort=False,
    unit="feature",
)

SIDE_ENDPOINT = (
    text("side", "discovery (out-of-fold scores), validation or external.", required=True),
    text("endpoint", "What is predicted.", required=True),
)

ROC_CURVES = TableSchema(
    "roc_curves",
    Stage.EVALUATION,
    "Every operating point of the rad-score, by cohort and endpoint; for discovery, of its out-of-fold scores.",
    (
        *SIDE_ENDPOINT,
        Column("point", "Int64", "Number of the point, from calling everybody positive to nobody.", nullable=False),
        number("threshold", "A patient is called positive from here on; missing at both ends of the curve."),
        share("sensitivity", "Share of the positives called positive."),
        share("specificity", "Share of the negatives called negative."),
        share("auc", "Area under the curve."),
        share("auc_low", "Lower limit of its 95 % confidence interval."),
        share("auc_high", "Upper limit of its 95 % confidence interval."),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "point"),
    unit="endpoint",
)

RELIABILITY_CURVES = TableSchema(
    "reliability_curves",
    Stage.EVALUATION,
    "Promised against observed: the rad-score in groups of about equal size, and how many were positive.",
    (
        *SIDE_ENDPOINT,
        Column("group", "Int64", "Group of patients, from low to high scores.", nullable=False),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
        share("predicted", "Mean rad-score."),
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
    "Net benefit of acting on the rad-score, on nobody, on everybody, by the probability at which one would act.",
    (
        *SIDE_ENDPOINT,
        Column("threshold", "float64", "Probability at which one would act.", nullable=False, at_least=0, at_most=1),
        number("net_benefit", "Net benefit of the rad-score; the unit is one true positive per patient."),
        number("treat_all", "Net benefit of acting on everybody."),
        number("treat_none", "Net benefit of acting on nobody: 0."),
        count("n", "Patients."),
        count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "threshold"),
    unit="endpoint",
)

RAD_SCORE_GROUPS = TableSchema(
    "rad_score_groups",
    Stage.EVALUATION,
    "The rad-score by clinical group: stage, subtype, receptors, phenotype, response; with the test between them.",
    (
        text("variable", "Clinical variable.", required=True),
        text("group", "Its value.", required=True),
        count("n", "Patients."),
        share("mean", "Mean rad-score."),
        number("sd", "Standard deviation.", 0),
        share("median", "Median."),
        share("q1", "First quartile."),
        share("q3", "Third quartile."),
        text("test", "Student, Wilcoxon or Kruskal-Wallis, chosen by Shapiro-Wilk."),
        number("statistic", "Its statistic."),
        share("p", "Its p-value."),
        share("fdr", "Benjamini-Hochberg over the variables."),
        text("reason", "Why there is no test."),
    ),
    key=("variable", "group"),
)

RAD_SCORE_SURVIVAL = TableSchema(
    "rad_score_survival",
    Stage.EVALUATION,
    "Survival of patients above the cohort's median rad-score against the others.",
    (
        Column("cut", "float64", "The median rad-score of the patients with follow-up.", nullable=False),
        count("n_high", "Patients above it."),
        count("n_low", "Patients at or below it."),
        count("events_high", "Deaths above it."),
        count("events_low", "Deaths at or below it."),
        number("statistic", "Log-rank statistic."),
        share("p", "Its p-value."),
        number("hr", "Hazard ratio, high against low.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        text("reason", "Why there is no value."),
    ),
    key=("cut",),
)
