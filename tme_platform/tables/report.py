"""The study report: every number that it states."""

from __future__ import annotations

from tme_platform.tables.columns import count, number, share, text
from tme_platform.tables.schema import Stage, TableSchema

STUDY_REPORT = TableSchema(
    "study_report",
    Stage.CATALOG,
    "Every number that the study report states, with n and interval, and the published study's value where it has one.",
    (
        text(
            "number", "Name of the number: section, cohort, side, endpoint, analysis, subject, measure.", required=True
        ),
        text("section", "Section of the report.", required=True),
        text("measure", "What is measured.", required=True),
        text("cohort", "Cohort; missing where the number is of several."),
        text("subject", "What it is measured of, within the cohort."),
        text("side", "discovery, validation or external."),
        text("endpoint", "What is predicted."),
        text("analysis", "paper: as the published study reports it; honest: what can be believed."),
        number("value", "Its value."),
        number("ci_low", "Lower limit of its 95 % confidence interval."),
        number("ci_high", "Upper limit of its 95 % confidence interval."),
        share("p", "p-value, where it has one."),
        count("n", "Patients."),
        count("n_positive", "Events, or patients with the endpoint."),
        text("method", "How value and interval were computed."),
        text("source_table", "Table it is taken from.", required=True),
        text("reason", "Why there is no value."),
        number("published", "Value in Han et al. 2024."),
        number("published_low", "Lower limit of its 95 % confidence interval there."),
        number("published_high", "Upper limit of its 95 % confidence interval there."),
    ),
    key=("number",),
    per_cohort=False,
)
