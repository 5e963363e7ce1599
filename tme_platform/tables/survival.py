"""Tables of survival by phenotype and by cell population."""

from __future__ import annotations

from tme_platform.tables.columns import POPULATION, TIME_ENDPOINT, count, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

WITHOUT_INFLUENTIAL = number(
    "hr_without_influential",
    "Hazard ratio without the 1 % (at least 1) most influential patients: a check of a finding, no estimate.",
    0,
)
CAUTION = text("caution", "If the ratio is significant: whether that, or its direction, depends on these patients.")
SCALE = text(
    "scale",
    "score: as the method gives it; log10_fraction: log10(fraction + 1e-4), one unit is a tenfold change.",
    required=True,
    isin=("score", "log10_fraction"),
)

SURVIVAL_CURVES = TableSchema(
    "survival_curves",
    Stage.SURVIVAL,
    "Kaplan-Meier curves by phenotype, for each time-to-event endpoint.",
    (
        TIME_ENDPOINT,
        text("phenotype", "Phenotype, or `all`.", required=True),
        Column("time_days", "float64", "Time, days.", nullable=False, at_least=0),
        count("at_risk", "Patients at risk just before this time."),
        count("events", "Events at this time."),
        count("censored", "Censored at this time."),
        share("survival", "Kaplan-Meier estimate."),
        share("ci_low", "Lower limit of its 95 % confidence interval."),
        share("ci_high", "Upper limit of its 95 % confidence interval."),
    ),
    key=("endpoint", "phenotype", "time_days"),
    unit="phenotype",
)

SURVIVAL_TESTS = TableSchema(
    "survival_tests",
    Stage.SURVIVAL,
    "Survival of hot compared with cold tumours, by endpoint and subgroup: log-rank test, hazard ratio and medians.",
    (
        TIME_ENDPOINT,
        text("subgroup", "Subgroup, or `all`.", required=True),
        text("comparison", "Groups that are compared.", required=True),
        count("n", "Patients with follow-up."),
        count("n_events", "Events among them."),
        count("n_left_out", "Patients without usable follow-up."),
        number("statistic", "Log-rank chi-square."),
        share("p", "Its p-value."),
        number("hr_hot", "Hazard ratio of hot against cold (Cox).", 0),
        number("hr_low", "Lower limit of its 95 % confidence interval.", 0),
        number("hr_high", "Upper limit of its 95 % confidence interval.", 0),
        WITHOUT_INFLUENTIAL,
        CAUTION,
        share(
            "proportional_hazards_p",
            "p-value of the test for proportional hazards (small if the ratio changes with time).",
        ),
        *(
            number(f"median_{phenotype}_{part}", f"{text} of {phenotype} tumours, days; missing if not reached.", 0)
            for phenotype in ("hot", "cold")
            for part, text in (
                ("days", "Median survival"),
                ("low_days", "Lower 95 % limit of the median survival"),
                ("high_days", "Upper 95 % limit of the median survival"),
            )
        ),
        text("reason", "Reason for a missing test or hazard ratio."),
    ),
    key=("endpoint", "comparison", "subgroup"),
    unit="endpoint",
)

RESTRICTED_MEAN_SURVIVAL = TableSchema(
    "restricted_mean_survival",
    Stage.SURVIVAL,
    "Mean survival up to a limit (area under the Kaplan-Meier curve) of hot and cold tumours, and its difference.",
    (
        TIME_ENDPOINT,
        text("phenotype", "hot, cold, or `hot minus cold`.", required=True),
        number("tau_days", "Limit: the last day on which at least 10 hot and 10 cold tumours are at risk.", 0),
        count("n", "Patients."),
        count("n_events", "Events up to the limit."),
        number("mean_days", "Restricted mean survival time, or its difference, days."),
        number("ci_low", "Lower limit of its 95 % confidence interval (Greenwood)."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value of the difference."),
        text("reason", "Reason for a missing value."),
    ),
    key=("endpoint", "phenotype"),
    unit="endpoint",
)

MULTIVARIABLE_SURVIVAL = TableSchema(
    "multivariable_survival",
    Stage.SURVIVAL,
    "Cox regression of survival on the phenotype together with age, stage, subtype and other clinical variables.",
    (
        TIME_ENDPOINT,
        text("term", "Term of the model, such as `hot against cold` or `age_years, per 10 years`.", required=True),
        text("covariate", "Clinical column of the term, or `phenotype`.", required=True),
        count("n", "Patients without missing values."),
        count("n_events", "Events among them."),
        count("n_left_out", "Patients with follow-up who are hot or cold but lack a covariate of the model."),
        number("events_per_term", "Events per term of the model.", 0),
        number("hr", "Hazard ratio, adjusted for the other terms.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        share("p", "Wald p-value."),
        WITHOUT_INFLUENTIAL,
        share("proportional_hazards_p", "p-value of the test for proportional hazards of the term."),
        share("global_proportional_hazards_p", "p-value of the test for proportional hazards of the model."),
        CAUTION,
        text("reason", "Reason for a missing estimate, or why the covariate is not in the model."),
    ),
    key=("endpoint", "term"),
    unit="term",
)

POPULATION_SURVIVAL = TableSchema(
    "population_survival",
    Stage.SURVIVAL,
    "Univariate Cox regression of survival on each population, in all, hot and cold tumours.",
    (
        TIME_ENDPOINT,
        text("patients", "all, hot or cold.", required=True),
        POPULATION,
        count("n", "Patients."),
        count("n_events", "Events."),
        SCALE,
        number("hr", "Hazard ratio per standard deviation on this scale.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        share("p", "Wald p-value."),
        share("fdr", "p-value corrected over the populations (Benjamini-Hochberg)."),
        share("proportional_hazards_p", "p-value of the test for proportional hazards."),
        WITHOUT_INFLUENTIAL,
        CAUTION,
        text("reason", "Reason for a missing estimate."),
    ),
    key=("endpoint", "patients", "population"),
    unit="population",
)

POPULATION_CUT_POINTS = TableSchema(
    "population_cut_points",
    Stage.SURVIVAL,
    "High against low scores of each population at its Youden cut: naive log-rank p, and p corrected for the choice.",
    (
        TIME_ENDPOINT,
        POPULATION,
        count("n", "Patients."),
        count("n_events", "Events."),
        SCALE,
        number("threshold", "Cut on this scale; scores above it are high."),
        count("n_low", "Patients below."),
        count("n_high", "Patients above."),
        number("hr", "Hazard ratio of high against low.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        share("p_naive", "Log-rank p-value that ignores the choice of the cut."),
        share("p_corrected", "p-value of maximally selected rank statistics (Lausen and Schumacher 1992)."),
        share("fdr_corrected", "Corrected p-value adjusted over the populations (Benjamini-Hochberg)."),
        WITHOUT_INFLUENTIAL,
        CAUTION,
        text("reason", "Reason for a missing split."),
    ),
    key=("endpoint", "population"),
    unit="population",
)

POPULATION_CURVES = TableSchema(
    "population_curves",
    Stage.SURVIVAL,
    "Kaplan-Meier curves of tumours with high and with low scores of each population, split at its Youden cut.",
    (
        TIME_ENDPOINT,
        POPULATION,
        text("level", "high (above the cut) or low.", required=True, isin=("high", "low")),
        Column("time_days", "float64", "Time, days.", nullable=False, at_least=0),
        count("at_risk", "Patients at risk just before this time."),
        count("events", "Events at this time."),
        count("censored", "Censored at this time."),
        share("survival", "Kaplan-Meier estimate."),
        share("ci_low", "Lower limit of its 95 % confidence interval."),
        share("ci_high", "Upper limit of its 95 % confidence interval."),
    ),
    key=("endpoint", "population", "level", "time_days"),
    unit="population",
)
