"""Format numbers, names and lists for readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from tme_platform.evaluation import PACKAGED_ENDPOINTS, endpoint_title
from tme_platform.figures import VARIABLE_NAMES

DASH = "–"
LABELS = {
    "auc": "AUC",
    "auc_out_of_fold": "out-of-fold AUC",
    "auc_resampled": "AUC from resampling",
    "label_permutation": "AUC of a shortened procedure, tested with shuffled labels",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "brier": "Brier score",
    "hazard_ratio_hot": "hazard ratio, hot vs cold",
    "hazard_ratio_hot_adjusted": "hazard ratio, hot vs cold, adjusted for clinical variables",
    "restricted_mean_difference": "restricted mean survival time, hot minus cold, days",
    "hr_without_influential": "hazard ratio without the most influential 1 %",
    "mean_days": "restricted mean survival, days",
    "tau_days": "limit, days",
    "log_rank_p_corrected": "log-rank p, corrected for the search",
    "global_proportional_hazards_p": "p for proportional hazards of the model",
    "hot_share": "share of hot tumours",
    "clusters_by_vote": "number of clusters by vote of the indices",
    "bootstrap_jaccard": "bootstrap Jaccard index",
    "signature_patients": "patients used for the signature",
    "populations": "cell populations",
    "hr": "hazard ratio",
    "hr_hot": "hazard ratio, hot vs cold",
    "hr_low": "CI lower",
    "hr_high": "CI upper",
    "ci_low": "CI lower",
    "ci_high": "CI upper",
    "fdr": "FDR",
    "higher_in": "higher in",
    "sample_permutation": "permutation of tumours",
    "camera": "CAMERA",
    "oof_auc": "out-of-fold AUC",
    "oof_auc_low": "CI lower",
    "oof_auc_high": "CI upper",
    "apparent_auc": "apparent AUC",
    "n_events": "events",
    "rho": "Spearman's rho",
    "optimism_corrected": "optimism-corrected (Harrell)",
    "left_out": "out-of-bootstrap patients",
    "632plus": ".632+",
    "populations_with_survival": "populations associated with survival",
    "odds_ratio_hot": "odds ratio, hot vs cold",
    "populations_with_response": "populations associated with the endpoint",
    "n_cold": "cold",
    "positive_hot": "hot with endpoint",
    "positive_cold": "cold with endpoint",
    "share_hot": "share, hot",
    "share_cold": "share, cold",
    "reference_arm": "reference arm",
    "p_naive": "p, not corrected for choosing the cut-off",
    "p_corrected": "p, corrected for choosing the cut-off",
    "fdr_corrected": "FDR of the corrected p",
    "proportional_hazards_p": "p for proportional hazards",
    "median_hot_days": "median survival, hot, days",
    "median_cold_days": "median survival, cold, days",
    "field_strength_t": "field strength, T",
    "repetition_time_ms": "TR, ms",
    "echo_time_ms": "TE, ms",
    "flip_angle_deg": "flip angle, degrees",
    "spacing_x_mm": "pixel spacing, mm",
    "slice_thickness_mm": "slice thickness, mm",
    "volume_ml": "volume, ml",
    "n_hot": "hot",
    "n_patients": "patients",
    "n_features": "features",
    "n_genes": "genes",
    "n_found": "genes found",
    "n_low": "n low",
    "n_high": "n high",
    "n_missing": "missing",
    "n_left_out": "excluded",
    "best_params": "best hyperparameters",
    "mcp_counter": "MCP-counter",
    "mcp_counter_without_shared_genes": "MCP-counter, without markers shared with the gene sets",
    "estimate": "ESTIMATE",
    "stromal_score": "stromal score",
    "called": "nearest PAM50 centroid",
    "published": "published subtype",
    "msigdb_hallmark_50": "MSigDB hallmarks",
    "msigdb_gobp_7658": "GO biological processes",
    "immune_mean": "mean score of the immune populations",
    "ridge": "ridge regression on all features",
    "auc_difference": "difference of AUC",
    "likelihood_ratio": "likelihood ratio, halved",
    "ari": "adjusted Rand index",
    "jaccard": "Jaccard index",
    "share_recovered": "share of draws that recover the cluster (Jaccard ≥ 0.75)",
    "share_dissolved": "share of draws that dissolve the cluster (Jaccard ≤ 0.5)",
    "hot_jaccard": "Jaccard index of the hot tumours",
    "hot_kept": "share of hot tumours that remain hot",
    "log_rank_p": "log-rank p",
    "mean_silhouette": "mean silhouette",
    "fisher_simulated": "Fisher, Monte Carlo",
    "auc_not_worse": "AUC not worse",
    **{name: endpoint_title(name) for name in PACKAGED_ENDPOINTS.root if name not in VARIABLE_NAMES},
    **VARIABLE_NAMES,
}
NAME_COLUMNS = frozenset(
    (
        "variable", "family", "test", "metric", "measure", "model", "topic", "criterion", "kind", "collection",
        "index_name", "roles", "method", "target", "against",
    )
)  # fmt: skip
"""Columns whose values are replaced by their labels. Text in other columns is shown unchanged."""
TERMS = {
    "95 % CI": "95 % confidence interval: the values that remain compatible with the data. The wider it is, the less "
    "is known.",
    "hazard ratio": "how fast deaths (or other events) occur with hot tumours, divided by how fast with cold ones. "
    "Below 1, hot tumours fare better.",
    "odds ratio": "the odds of a response with hot tumours, divided by those with cold ones. Above 1, hot tumours "
    "respond more often.",
    "AUC": "of all pairs of a patient with and one without the outcome, the share in which the first has the higher "
    "score. 0.5 is a coin toss, 1 is perfect.",
    "out of fold": "each patient is scored by a model that was trained without this patient.",
    "leukocyte fraction": "share of white blood cells in the sample, from DNA methylation and not from RNA.",
    "checkpoint genes": "genes that immunotherapy targets, such as PD-L1 and CTLA4, and related ones.",
    "definitions": "ways to divide tumours into hot and cold: gene sets or cell fractions, scaling, number of groups.",
}
"""Words of the findings that a clinician may not use every day, each in one line."""
_COUNTS = ("patients", "populations", "clusters_by_vote", "signature_patients", "features_per_region")
_SMALLEST_SHOWN = 0.001
_THREE_DECIMALS_BELOW = 0.0995
_SCIENTIFIC_FROM = 1e5


def missing(value: Any) -> bool:
    """Return whether a value is missing."""
    return value is None or (not isinstance(value, list | dict | str) and bool(pd.isna(value)))


def number(value: Any, digits: int = 2, *, whole: bool = True) -> str:
    """Format a number with `digits` decimals.

    If `whole` is True, whole numbers have thousands separators and no decimals. Set it to False in a column that also
    has fractions.
    """
    if missing(value):
        return DASH
    if isinstance(value, str | bool):
        return str(value)
    real = float(value)
    if whole and real == int(real):
        return f"{int(real):,}"
    if 0 < abs(real) < 10**-digits or abs(real) >= _SCIENTIFIC_FROM:
        return f"{real:.2g}" if abs(real) < 1 else f"{real:.3g}"
    return f"{real:.{digits}f}"


def p_value(p: Any) -> str:
    """Format a p-value with two decimals, or three below 0.1; never as zero, nor one below 0.05 as 0.05."""
    if missing(p):
        return DASH
    if p < 0.05 and f"{p:.3f}" == "0.050":
        return "< 0.05"
    return f"< {_SMALLEST_SHOWN}" if p < _SMALLEST_SHOWN else f"{p:.2f}" if p >= _THREE_DECIMALS_BELOW else f"{p:.3f}"


def interval(value: Any, low: Any, high: Any, digits: int = 2) -> str:
    """Format a value with its 95 % interval, if it has one."""
    if missing(value):
        return DASH
    text = f"{value:.{digits}f}"
    return text if missing(low) or missing(high) else f"{text} (95 % CI {low:.{digits}f} to {high:.{digits}f})"


def value_text(row: dict[str, Any], prefix: str = "value") -> str:
    """Format the value and interval of a row of `study_numbers`; `prefix` "published" selects the paper's value."""
    low, high = ("ci_low", "ci_high") if prefix == "value" else ("published_low", "published_high")
    whole = row["measure"] in _COUNTS or str(row["measure"]).startswith(
        ("patients", "gene_sets", "variables_", "pairs_")
    )
    if whole or str(row["measure"]).startswith("populations_with_"):
        return number(row[prefix])
    published_auc = prefix == "published" and row["measure"] == "auc"
    return interval(row[prefix], row[low], row[high], 3 if published_auc or row["measure"] == "threshold" else 2)


def plain(value: Any) -> str:
    """Format a nested setting in words: `{"a": [1, 2], "b": {"c": null}}` is “a: 1, 2; b: (c: none)”."""
    if isinstance(value, dict):
        return "; ".join(f"{str(name).replace('_', ' ')}: {_inner(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_inner(part) for part in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def without_json(text: str) -> str:
    """Return a text in words if it is a JSON object or list, and otherwise unchanged."""
    if not text.startswith(("{", "[")):
        return text
    try:
        return plain(json.loads(text))
    except ValueError:
        return text


def _inner(value: Any) -> str:
    return f"({plain(value)})" if isinstance(value, dict) and value else plain(value)


def readable(name: Any) -> str:
    """Return the label of an internal name."""
    return "" if missing(name) else LABELS.get(str(name), str(name).replace("_", " "))


def join_names(names: Sequence[str], at_most: int = 10) -> str:
    """Join names with commas and “and”, shortening long lists."""
    shown = list(names[:at_most])
    if len(names) > at_most:
        return f"{', '.join(shown)} and {len(names) - at_most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
