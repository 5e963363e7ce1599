"""Numbers, names and lists as a reader sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

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
}
_WHOLE = ("patients", "populations", "clusters_by_vote", "signature_patients", "features_per_region")
_SMALL = 0.001
_PLAIN_UP_TO = 1e5


def missing(value: Any) -> bool:
    """Whether there is no value."""
    return value is None or (not isinstance(value, list | dict | str) and bool(pd.isna(value)))


def number(value: Any, digits: int = 2) -> str:
    """A number for reading: whole ones with separators, others with so many digits after the point."""
    if missing(value):
        return DASH
    if isinstance(value, str | bool):
        return str(value)
    real = float(value)
    if real == int(real) and (abs(real) >= 1 or real == 0):
        return f"{int(real):,}"
    if abs(real) < 10**-digits or abs(real) >= _PLAIN_UP_TO:
        return f"{real:.2g}" if abs(real) < 1 else f"{real:.3g}"
    return f"{real:.{digits}f}"


def p_value(p: Any) -> str:
    """A p-value: two digits, never zero."""
    if missing(p):
        return DASH
    return f"< {_SMALL}" if p < _SMALL else f"{p:.2g}"


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
