"""Tables of survival by phenotype and by cell population."""

from __future__ import annotations

from tme_platform.tables.columns import POPULATION, TIME_ENDPOINT, count, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

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
    "Survival of hot compared with cold tumours, by endpoint: log-rank test and medians.",
    (
        TIME_ENDPOINT,
        text("comparison", "Groups that are compared.", required=True),
        count("n", "Patients with follow-up."),
        count("n_events", "Events among them."),
        count("n_left_out", "Patients without usable follow-up."),
        number("statistic", "Log-rank chi-square."),
        share("p", "Its p-value."),
        number("hr_hot", "Hazard ratio of hot against cold (Cox).", 0),
        number("hr_low", "Lower limit of its 95 % confidence interval.", 0),
        number("hr_high", "Upper limit of its 95 % confidence interval.", 0),
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
        text("reason", "Reason for a missing test."),
    ),
    key=("endpoint", "comparison"),
    unit="endpoint",
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
        number("hr", "Hazard ratio per standard deviation of the score.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        share("p", "Wald p-value."),
        share("fdr", "p-value corrected over the populations (Benjamini-Hochberg)."),
        share("proportional_hazards_p", "p-value of the test for proportional hazards."),
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
        number("threshold", "Cut; scores above it are high."),
        count("n_low", "Patients below."),
        count("n_high", "Patients above."),
        number("hr", "Hazard ratio of high against low.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        share("p_naive", "Log-rank p-value that ignores the choice of the cut."),
        share("p_corrected", "p-value of maximally selected rank statistics (Lausen and Schumacher 1992)."),
        share("fdr_corrected", "Corrected p-value adjusted over the populations (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing split."),
    ),
    key=("endpoint", "population"),
    unit="population",
)
