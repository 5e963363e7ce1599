"""Write the model card of a version: intended use, data, performance and limitations.

After Mitchell et al. 2019, "Model cards for model reporting", FAT* 2019:220. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from tme_platform.signature.promotion import Criterion


@dataclass(frozen=True)
class CardFacts:
    """The facts on the card of one version."""

    version: str
    decision: str
    """promoted, refused, or is the champion."""
    study: str
    simulated: bool
    cohorts: Mapping[str, str]
    """Training cohort -> source of its data, with licence."""
    n_patients: int
    n_hot: int
    n_features: int
    feature_set: str
    threshold: float
    settings: Mapping[str, Any]
    table_versions: Mapping[str, int]
    metrics: pd.DataFrame
    """Rows of `cohort_metrics`, all cohorts."""
    rivals: pd.DataFrame
    """Rows of `signature_rivals`."""
    permutation_p: float | None
    permutation_p_se: float | None
    cautions: Sequence[str]
    criteria: Sequence[Criterion]


def model_card(facts: CardFacts) -> str:
    """Write the card as Markdown."""
    parts = [
        f"# rad-score, version {facts.version}" + (" (simulated data)" if facts.simulated else ""),
        _status(facts),
        "## Intended use",
        "A score that is higher for immune-inflamed (hot) than for immune-desert (cold) breast tumours, from the "
        "radiomic features of one outlined MR image. The score of a forest with balanced classes is not a probability; "
        "the recalibrated probability beside it holds where hot tumours are as frequent as in discovery. "
        "For research on cohorts only: it is not a medical device and must not be used for decisions about a patient.",
        "## Data",
        *(f"- {cohort}: {source}" for cohort, source in facts.cohorts.items()),
        f"- Trained on {facts.n_patients} patients, {facts.n_hot} of them hot, with {facts.n_features} candidate "
        f"features (feature set `{facts.feature_set}`).",
        f"- Table versions: {', '.join(f'`{name}` {number}' for name, number in facts.table_versions.items())}. "
        f"`tme models reproduce {facts.version}` retrains it from them.",
        "## Performance",
        "`honest`: discovery patients held out, with thresholds chosen in their training folds; all others with one "
        "threshold locked on discovery. `paper`: our reading of the published analysis, apparent on discovery and with "
        "the threshold chosen in each cohort; optimistic by construction.",
        _auc_table(facts.metrics),
        f"Locked threshold: {facts.threshold:.3f}.",
        *_comparisons(facts),
        "## Limitations",
        *(f"- {caution}" for caution in facts.cautions),
        "- Learned on the scanners, sites and outlines of its training cohorts; `tme score` reports how far a case "
        "lies outside them.",
        "- The label comes from clustering transcriptomes, not from a pathologist's assessment.",
        "## Promotion rule",
        *(f"- {'met' if one.met else '**not met**'}: {one.criterion}. {one.explanation}" for one in facts.criteria),
        "## Settings",
        ", ".join(f"`{name}` {value}" for name, value in facts.settings.items()),
    ]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _status(facts: CardFacts) -> str:
    status = {
        "promoted": "Promoted to **champion**: every criterion of the rule below is met.",
        "refused": "**Not** the champion: a criterion of the rule below is not met.",
        "is the champion": "This is the **champion**.",
    }[facts.decision]
    warning = "Learned from simulated data: nothing here applies to patients. " if facts.simulated else ""
    return f"{warning}{status} Study `{facts.study}`."


def _auc_table(metrics: pd.DataFrame) -> str:
    rows = metrics[(metrics["metric"] == "auc") & metrics["value"].notna()]
    lines = ["| cohort | side | patients | endpoint | n (positive) | analysis | AUC (95 % CI) |", "| --- " * 7 + "|"]
    for row in rows.sort_values(["cohort", "side", "endpoint", "subgroup", "analysis"]).to_dict("records"):
        lines.append(
            f"| {row['cohort']} | {row['side']} | {row['subgroup']} | {row['endpoint']} | {row['n']} "
            f"({row['n_positive']}) | {row['analysis']} | {_interval(row)} |"
        )
    return "\n".join(lines)


def _comparisons(facts: CardFacts) -> list[str]:
    honest = facts.rivals[(facts.rivals["analysis"] == "honest") & (facts.rivals["metric"] == "auc")]
    aucs = [f"{row['model']} {_interval(row)}" for row in honest.dropna(subset=["value"]).to_dict("records")]
    lines = [f"Out-of-fold AUC compared with alternative models: {', '.join(aucs)}."] if aucs else []
    if facts.permutation_p is not None:
        lines.append(
            f"Compared with shuffled labels: p = {facts.permutation_p:.3g} "
            f"(standard error {facts.permutation_p_se:.2g})."
        )
    return lines


def _interval(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ci_low"]):
        return f"{row['value']:.3f} (no interval)"
    return f"{row['value']:.3f} ({row['ci_low']:.3f}-{row['ci_high']:.3f})"
