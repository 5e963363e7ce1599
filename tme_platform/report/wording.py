"""Numbers, names and lists as a reader sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tme_platform.figures import VARIABLE_NAMES

DASH = "–"
MEASURES = {
    "auc": "AUC",
    "auc_out_of_fold": "AUC out of fold",
    "auc_resampled": "AUC by resampling",
    "label_permutation": "AUC against shuffled labels",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "brier": "Brier score",
    "hazard_ratio_hot": "hazard ratio, hot against cold",
    "hot_share": "share of hot tumours",
    "clusters_by_vote": "clusters, by vote of the indices",
    "bootstrap_jaccard": "Jaccard index under resampling",
    "signature_patients": "patients of the signature",
    "populations": "cell populations",
    "hr": "hazard ratio",
    "hr_hot": "hazard ratio, hot against cold",
    "hr_low": "CI from",
    "hr_high": "CI to",
    "ci_low": "CI from",
    "ci_high": "CI to",
    "fdr": "FDR",
    "nes": "normalised enrichment score",
    "oof_auc": "AUC out of fold",
    "oof_auc_low": "CI from",
    "oof_auc_high": "CI to",
    "apparent_auc": "apparent AUC",
    "n_events": "deaths",
    "rho": "Spearman's rho",
    "optimism_corrected": "corrected for optimism (Harrell)",
    "left_out": "patients left out by resamples",
    "632plus": ".632+",
    "populations_with_survival": "populations that go with survival",
    "p_naive": "p, cut not accounted for",
    "p_corrected": "p, corrected for the cut",
    "fdr_corrected": "FDR of the corrected p",
    "proportional_hazards_p": "p for proportional hazards",
    "median_hot_days": "median survival hot, days",
    "median_cold_days": "median survival cold, days",
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
    "n_left_out": "left out",
    "best_params": "chosen settings",
    "mcp_counter": "MCP-counter",
    "mcp_counter_without_shared_genes": "MCP-counter, markers of no gene set",
    "estimate": "ESTIMATE",
    "stromal_score": "stromal score",
    "called": "nearest PAM50 centroid",
    "published": "published subtype",
    "msigdb_hallmark_50": "MSigDB hallmarks",
    "msigdb_gobp_7658": "GO biological processes",
    "l1_logistic": "L1 logistic regression",
    "auc_difference": "AUC, difference from the signature",
    "ari": "adjusted Rand index",
    "jaccard": "Jaccard index",
    "share_recovered": "draws that find the cluster (Jaccard 0.75 or more)",
    "share_dissolved": "draws that dissolve it (Jaccard 0.5 or less)",
    "hot_jaccard": "Jaccard index of the hot tumours",
    "hot_kept": "share of hot tumours that stay hot",
    "log_rank_p": "p of the log-rank test",
    "mean_silhouette": "mean silhouette",
    "cd8_inflamed": "inflamed by CD8",
    "pd_l1_positive": "PD-L1 positive",
    "fisher_simulated": "Fisher, simulated",
    "auc_not_worse": "AUC not worse",
    **VARIABLE_NAMES,
}
NAMED = frozenset(
    (
        "variable", "family", "test", "metric", "measure", "model", "topic", "criterion", "kind", "collection",
        "index_name", "roles",
    )
)  # fmt: skip
"""Columns that hold names of ours; of other columns the text is left as it came."""
_WHOLE = ("patients", "populations", "clusters_by_vote", "signature_patients", "features_per_region")
_SMALL = 0.001
_THREE_BELOW = 0.0995
_PLAIN_UP_TO = 1e5


def missing(value: Any) -> bool:
    """Whether there is no value."""
    return value is None or (not isinstance(value, list | dict | str) and bool(pd.isna(value)))


def number(value: Any, digits: int = 2, *, whole: bool = True) -> str:
    """A number for reading: whole ones (unless told not) with separators, others with so many digits after the point.

    `whole` is False in a column of which other values have digits after the point.
    """
    if missing(value):
        return DASH
    if isinstance(value, str | bool):
        return str(value)
    real = float(value)
    if whole and real == int(real):
        return f"{int(real):,}"
    if 0 < abs(real) < 10**-digits or abs(real) >= _PLAIN_UP_TO:
        return f"{real:.2g}" if abs(real) < 1 else f"{real:.3g}"
    return f"{real:.{digits}f}"


def p_value(p: Any) -> str:
    """A p-value: two decimals, three where it is small; never zero."""
    if missing(p):
        return DASH
    return f"< {_SMALL}" if p < _SMALL else f"{p:.2f}" if p >= _THREE_BELOW else f"{p:.3f}"


def interval(value: Any, low: Any, high: Any, digits: int = 2) -> str:
    """A value with its 95 % interval, where there is one."""
    if missing(value):
        return DASH
    text = f"{value:.{digits}f}"
    return text if missing(low) or missing(high) else f"{text} (95 % CI {low:.{digits}f} to {high:.{digits}f})"


def stated(row: dict[str, Any], prefix: str = "value") -> str:
    """The value of a row of `study_numbers` with its interval; `prefix` "published" gives the paper's."""
    low, high = ("ci_low", "ci_high") if prefix == "value" else ("published_low", "published_high")
    whole = row["measure"] in _WHOLE or str(row["measure"]).startswith(
        ("patients", "gene_sets", "variables_", "pairs_")
    )
    if whole or row["measure"] == "populations_with_survival":
        return number(row[prefix])
    return interval(row[prefix], row[low], row[high], 3 if row["measure"] in ("auc", "threshold") else 2)


def words(name: Any) -> str:
    """A name of ours as words."""
    return "" if missing(name) else MEASURES.get(str(name), str(name).replace("_", " "))


def joined(names: Sequence[str], at_most: int = 10) -> str:
    """A list in words."""
    shown = list(names[:at_most])
    if len(names) > at_most:
        return f"{', '.join(shown)} and {len(names) - at_most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
