"""Endpoints by role of a cohort. Definitions of endpoints belong in `endpoints`."""

from __future__ import annotations

ROLE_ENDPOINTS = {
    "immune_phenotype": ("inflamed", "pd_l1_positive"),
    "immunotherapy": ("objective_response", "disease_control", "pd_l1_positive"),
}
"""Endpoints that the rad-score is evaluated against, by role; those that a cohort declares itself are added."""
