"""The model card: what a version is for, what it was made from, how well it does, and where it must not be used.

After Mitchell et al. 2019, "Model cards for model reporting", FAT* 2019:220. Numbers are handed in, none is computed.
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
    """What the card says of one version."""

    version: str
    decision: str
    """promoted, refused, or is the champion."""
    study: str
    simulated: bool
    cohorts: Mapping[str, str]
    """Training cohort -> where its data come from, with licence."""
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
    cautions: Sequence[str]
    criteria: Sequence[Criterion]


def model_card(facts: CardFacts) -> str:
    """Write the card as Markdown."""
    parts = [
        f"# rad-score, version {facts.version}" + (" (simulated data)" if facts.simulated else ""),
        _status(facts),
        "## What it is for",
        "The probability that a breast tumour is immune-inflamed (hot) rather than immune-desert (cold), from the "
        "radiomic features of one outlined MR image. For research on cohorts: it is no medical device, and no decision "
        "about a patient may rest on it.",
        "## Data",
        *(f"- {cohort}: {source}" for cohort, source in facts.cohorts.items()),
        f"- {facts.n_patients} patients trained it, {facts.n_hot} of them hot; {facts.n_features} features were "
        f"offered (feature set `{facts.feature_set}`).",
        f"- Table versions: {', '.join(f'`{name}` {number}' for name, number in facts.table_versions.items())}. "
        f"`tme models reproduce {facts.version}` trains it again from them.",
        "## How well it does",
        "`honest`: scores by models that never saw the patient, one threshold locked on discovery. `paper`: as the "
        "published study reports, apparent on discovery and the threshold chosen in each cohort; too good by "
        "construction.",
        _auc_table(facts.metrics),
        f"Locked threshold: {facts.threshold:.3f}.",
        *_against(facts),
        "## Limits",
        *(f"- {caution}" for caution in facts.cautions),
        "- Learned on the scanners, sites and outlines of its training cohorts; how far a case lies outside them is "
        "told by `tme score`.",
        "- The label comes from clustering transcriptomes, not from a pathologist's count.",
        "## The promotion rule",
        *(f"- {'met' if one.met else '**not met**'}: {one.criterion}. {one.explanation}" for one in facts.criteria),
        "## Settings",
        ", ".join(f"`{name}` {value}" for name, value in facts.settings.items()),
    ]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _status(facts: CardFacts) -> str:
    said = {
        "promoted": "It was promoted to **champion**: every criterion of the rule below is met.",
        "refused": "It is **not** the champion: a criterion of the rule below is not met.",
        "is the champion": "It is the **champion**.",
    }[facts.decision]
    kind = (
        "Everything here was learned from simulated data and says nothing about patients. " if facts.simulated else ""
    )
    return f"{kind}{said} Study `{facts.study}`."


def _auc_table(metrics: pd.DataFrame) -> str:
    rows = metrics[(metrics["metric"] == "auc") & metrics["value"].notna()]
    lines = ["| cohort | side | patients | endpoint | n (positive) | way | AUC (95 % CI) |", "| --- " * 7 + "|"]
    for row in rows.sort_values(["cohort", "side", "endpoint", "subgroup", "analysis"]).to_dict("records"):
        lines.append(
            f"| {row['cohort']} | {row['side']} | {row['subgroup']} | {row['endpoint']} | {row['n']} "
            f"({row['n_positive']}) | {row['analysis']} | {_interval(row)} |"
        )
    return "\n".join(lines)


def _against(facts: CardFacts) -> list[str]:
    honest = facts.rivals[(facts.rivals["analysis"] == "honest") & (facts.rivals["metric"] == "auc")]
    said = [f"{row['model']} {_interval(row)}" for row in honest.dropna(subset=["value"]).to_dict("records")]
    lines = [f"Out-of-fold AUC beside what else could tell: {', '.join(said)}."] if said else []
    if facts.permutation_p is not None:
        lines.append(f"Against shuffled labels: p = {facts.permutation_p:.3g}.")
    return lines


def _interval(row: Mapping[Any, Any]) -> str:
    return f"{row['value']:.3f} ({row['ci_low']:.3f}-{row['ci_high']:.3f})"
