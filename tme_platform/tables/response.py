"""Tables of the response to treatment, and other binary outcomes, by phenotype, cell population and treatment arm."""

from __future__ import annotations

from tme_platform.tables.columns import POPULATION, count, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

_ENDPOINT = text("endpoint", "Endpoint.", required=True)
_ARM = text("arm", "Treatment arm, or `all` for all patients.", required=True)

PHENOTYPE_RESPONSE = TableSchema(
    "phenotype_response",
    Stage.EVALUATION,
    "How often each binary endpoint occurs in hot and in cold tumours, by treatment arm, with the odds ratio.",
    (
        _ENDPOINT,
        _ARM,
        count("n", "Hot and cold tumours whose outcome is known."),
        *(
            column
            for phenotype in ("hot", "cold")
            for column in (
                count(f"n_{phenotype}", f"The {phenotype} tumours among them."),
                count(f"positive_{phenotype}", f"The {phenotype} tumours with the outcome."),
                share(f"share_{phenotype}", f"Their share of the {phenotype} tumours."),
                share(f"share_{phenotype}_low", "Lower limit of its 95 % confidence interval (Wilson)."),
                share(f"share_{phenotype}_high", "Upper limit of its 95 % confidence interval (Wilson)."),
            )
        ),
        number("odds_ratio", "Odds of hot against cold tumours, conditional maximum likelihood.", 0),
        number("ci_low", "Lower limit of its exact 95 % confidence interval.", 0),
        number("ci_high", "Upper limit of its exact 95 % confidence interval; missing if infinite.", 0),
        share("p", "Fisher's exact test, two-sided."),
        share("fdr", "p-value corrected over the endpoints and arms of the cohort (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing value."),
    ),
    key=("endpoint", "arm"),
)

POPULATION_RESPONSE = TableSchema(
    "population_response",
    Stage.EVALUATION,
    "Univariable logistic regression of each binary endpoint on each population, by treatment arm.",
    (
        _ENDPOINT,
        _ARM,
        POPULATION,
        count("n", "Patients with outcome and score."),
        count("n_positive", "Patients with the outcome."),
        number("odds_ratio", "Odds ratio per standard deviation of the score.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval (Wald).", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval (Wald).", 0),
        share("p", "p-value of the likelihood-ratio test."),
        share("fdr", "p-value corrected over the populations, within endpoint and arm (Benjamini-Hochberg)."),
        share("auc", "Area under the ROC curve of the score."),
        share("auc_low", "Lower limit of its 95 % confidence interval (DeLong)."),
        share("auc_high", "Upper limit of its 95 % confidence interval (DeLong)."),
        text("reason", "Reason for a missing estimate."),
    ),
    key=("endpoint", "arm", "population"),
    unit="population",
)

TREATMENT_INTERACTION = TableSchema(
    "treatment_interaction",
    Stage.EVALUATION,
    "Whether phenotype, populations and rad-score relate to the outcome differently by treatment arm.",
    (
        _ENDPOINT,
        text("predictor", "hot (against cold), a population, tumour_volume_ml, or rad_score.", required=True),
        text("arm", "Arm that is compared with the reference arm; `all`: all arms in one test.", required=True),
        text("reference_arm", "The control arm that the cohort file declares."),
        text("measure", "What the ratio is.", isin=("ratio of odds ratios", "ratio of hazard ratios")),
        count("n", "Patients."),
        count("n_positive", "Patients with the outcome or event."),
        number("ratio", "Odds (hazard) ratio of the predictor in this arm, divided by that in the reference arm.", 0),
        number("ci_low", "Lower limit of its 95 % confidence interval (Wald).", 0),
        number("ci_high", "Upper limit of its 95 % confidence interval (Wald).", 0),
        share("p", "p-value of the likelihood-ratio test of the interaction."),
        share("fdr", "p-value corrected over the predictors, within endpoint and arm (Benjamini-Hochberg)."),
        Column("df", "Int64", "Degrees of freedom of the test.", at_least=0),
        text("reason", "Reason for a missing estimate, and arms that were left out."),
    ),
    key=("endpoint", "predictor", "arm"),
    unit="predictor",
)
