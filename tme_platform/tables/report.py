"""The table of all numbers in the study report."""

from __future__ import annotations

from tme_platform.tables.columns import count, number, share, text
from tme_platform.tables.schema import Stage, TableSchema

STUDY_REPORT = TableSchema(
    "study_report",
    Stage.CATALOG,
    "Every number in the study report with its n and interval, and the value of the published study if there is one.",
    (
        text(
            "number", "Name of the number: section, cohort, side, endpoint, analysis, subject, measure.", required=True
        ),
        text("section", "Section of the report.", required=True),
        text("measure", "Quantity that is measured.", required=True),
        text("cohort", "Cohort; missing if the number concerns several."),
        text("subject", "Subject of the measurement within the cohort."),
        text("side", "discovery, validation or external."),
        text("endpoint", "Endpoint that is predicted."),
        text("analysis", "paper: as the published study reports it; honest: an unbiased estimate."),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value, if there is one."),
        count("n", "Patients."),
        count("n_positive", "Events, or patients with the endpoint."),
        text("method", "Method for the value and the interval."),
        text("source_table", "Table that the number comes from.", required=True),
        text("reason", "Reason for a missing value."),
        number("published", "Value in Han et al. 2024."),
        number("published_low", "Lower limit of the published 95 % confidence interval."),
        number("published_high", "Upper limit of the published 95 % confidence interval."),
    ),
    key=("number",),
    per_cohort=False,
)
