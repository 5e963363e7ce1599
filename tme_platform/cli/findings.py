"""What the study found, in about fifteen lines; every number is read from its table.

Cohorts and rejected input belong in `summary`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from tme_platform.lake import Lake
from tme_platform.tables.evaluation import COHORT_METRICS, PHENOTYPE_SPECIFICATIONS
from tme_platform.tables.phenotypes import PHENOTYPE_CAUTIONS, PHENOTYPE_CHARACTERISTICS, TME_PHENOTYPES
from tme_platform.tables.response import PHENOTYPE_RESPONSE, TREATMENT_INTERACTION
from tme_platform.tables.signature import RAD_SCORES, SIGNATURE
from tme_platform.tables.survival import MULTIVARIABLE_SURVIVAL, RESTRICTED_MEAN_SURVIVAL, SURVIVAL_TESTS

_REJECTED = 0.05
"""p below which proportional hazards are rejected."""


def findings(lake: Lake) -> list[str]:
    """List the findings as lines: phenotypes, survival, response, signature, reasons for caution."""
    return [
        *_phenotypes(lake),
        *_survival(lake),
        *_response(lake),
        *_signature(lake),
        *_specifications(lake),
        *_cautions(lake),
    ]


def _phenotypes(lake: Lake) -> Iterator[str]:
    labels, described = lake.read(TME_PHENOTYPES), lake.read(PHENOTYPE_CHARACTERISTICS)
    for cohort, rows in labels.groupby("cohort"):
        if (rows["method"] != "fit").any():
            continue
        hot = int((rows["phenotype"] == "hot").sum())
        own = described[described["cohort"] == cohort]
        line = f"{cohort}: {hot} of {len(rows):,} hot ({hot / len(rows):.0%})"
        yield ", ".join([line, *_yardsticks(own)]) + simulated(rows["provenance"].iloc[0])


def _yardsticks(own: pd.DataFrame) -> Iterator[str]:
    """Leukocyte fraction, Basal share and checkpoint genes of hot and cold tumours, where they are known."""
    means = own[own["variable"] == "leukocyte_fraction"].set_index("phenotype")["mean"]
    if {"hot", "cold"} <= set(means.index):
        yield f"leukocyte fraction {means['hot']:.2f} against {means['cold']:.2f}"
    basal = own[(own["variable"] == "published") & (own["level"] == "Basal")].set_index("phenotype")["share"]
    if {"hot", "cold"} <= set(basal.index):
        yield f"Basal {basal['hot']:.0%} against {basal['cold']:.0%}"
    genes = own[(own["family"] == "checkpoint_genes") & (own["fdr"] < 0.05)]
    medians = genes.pivot_table(index="variable", columns="phenotype", values="median")
    if {"hot", "cold"} <= set(medians):
        tested = own.loc[own["family"] == "checkpoint_genes", "variable"].nunique()
        yield f"{int((medians['hot'] > medians['cold']).sum())} of {tested} checkpoint genes higher"


def _survival(lake: Lake) -> Iterator[str]:
    tests = lake.read(SURVIVAL_TESTS)
    means, adjusted = lake.read(RESTRICTED_MEAN_SURVIVAL), lake.read(MULTIVARIABLE_SURVIVAL)
    for row in tests[tests["subgroup"] == "all"].to_dict("records"):
        ratio = _ratio(row["hr_hot"], row["hr_low"], row["hr_high"])
        own = adjusted[_same(adjusted, row) & (adjusted["covariate"] == "phenotype")].dropna(subset=["hr"])
        joint = "".join(
            f", adjusted {_ratio(one['hr'], one['ci_low'], one['ci_high'])}" for one in own.to_dict("records")
        )
        yield (
            f"{row['cohort']}: hazard ratio ({row['endpoint']}) of hot {ratio}{joint}, {row['n']} patients, "
            f"{row['n_events']} events{simulated(row['provenance'])}"
        )
        if row["proportional_hazards_p"] < _REJECTED:
            own = means[_same(means, row) & (means["phenotype"] == "hot minus cold")].dropna(subset=["mean_days"])
            for one in own.to_dict("records"):
                yield (
                    f"  hazards are not proportional (p = {row['proportional_hazards_p']:.2g}): mean survival up to "
                    f"{one['tau_days']:.0f} days, hot minus cold, {one['mean_days']:.0f} days (95 % CI "
                    f"{one['ci_low']:.0f} to {one['ci_high']:.0f})"
                )


def _same(table: pd.DataFrame, row: Mapping[Hashable, Any]) -> pd.Series[bool]:
    """The rows of the same cohort and endpoint."""
    same: pd.Series[bool] = table[["cohort", "endpoint"]].eq([row["cohort"], row["endpoint"]]).all(axis=1)
    return same


def _response(lake: Lake) -> Iterator[str]:
    tested = lake.read(PHENOTYPE_RESPONSE)
    interactions = lake.read(TREATMENT_INTERACTION)
    for (cohort, endpoint), rows in tested.groupby(["cohort", "endpoint"], sort=False):
        by_arm = rows[rows["arm"] != "all"] if (rows["arm"] != "all").any() else rows
        ratios = "; ".join(
            f"{row['arm']} {_ratio(row['odds_ratio'], row['ci_low'], row['ci_high'])}"
            for row in by_arm.to_dict("records")
        )
        same = (interactions["cohort"] == cohort) & (interactions["endpoint"] == endpoint)
        joint = interactions[same & (interactions["predictor"] == "hot")].dropna(subset=["p"])
        tail = f"; interaction p = {joint['p'].iloc[0]:.2g}" if len(joint) else ""
        yield f"{cohort}: odds ratio of {endpoint} in hot: {ratios}{tail}{simulated(rows['provenance'].iloc[0])}"


def _signature(lake: Lake) -> Iterator[str]:
    trained = lake.read(SIGNATURE)
    if trained.empty:
        yield "signature: none, because no discovery cohort has image features and both phenotypes"
        return
    row = trained.iloc[0]
    honest = _interval(row["oof_auc"], row["oof_auc_low"], row["oof_auc_high"])
    yield (
        f"signature from MRI: out-of-fold AUC {honest} in {row['n_patients']} patients ({row['n_hot']} hot); the "
        f"apparent AUC of {row['apparent_auc']:.2f} is overfitting{simulated(row['provenance'])}"
    )
    scores = lake.read(RAD_SCORES)
    if left := int(scores["caution"].notna().sum()) if "caution" in scores else 0:
        yield f"  {left} of {len(scores):,} rad-scores are of features that were not harmonised: see rad_scores.caution"
    metrics = lake.read(COHORT_METRICS).query(
        "metric == 'auc' and analysis == 'honest' and subgroup == 'all' and model == 'signature'"
    )
    shown = metrics[(metrics["side"] != "discovery") | (metrics["endpoint"] != "hot")].dropna(subset=["value"])
    for found in shown.to_dict("records"):
        yield (
            f"  {found['cohort']}, {found['side']}, {found['endpoint']}: AUC "
            f"{_interval(found['value'], found['ci_low'], found['ci_high'])} (n = {found['n']}, {found['n_positive']})"
        )


def _specifications(lake: Lake) -> Iterator[str]:
    aucs = lake.read(PHENOTYPE_SPECIFICATIONS)["auc"].dropna()
    if len(aucs) > 1:
        span = f"{aucs.min():.2f} to {aucs.max():.2f}"
        yield f"by {len(aucs)} definitions of hot and cold, the out-of-fold AUC from MRI is {span}"


def _cautions(lake: Lake) -> Iterator[str]:
    rows = lake.read(PHENOTYPE_CAUTIONS).dropna(subset=["caution"])
    if len(rows):
        named = "; ".join(
            f"{cohort} ({', '.join(str(topic).replace('_', ' ') for topic in own['topic'])})"
            for cohort, own in rows.groupby("cohort")
        )
        yield f"caution: {named}; see the report"


def _ratio(value: float, low: float, high: float) -> str:
    """A ratio with its interval; a limit at infinity is missing in the tables."""
    shown = ["not estimable" if pd.isna(part) else f"{part:.2f}" for part in (value, low, high)]
    return f"{shown[0]} (95 % CI {shown[1]} to {shown[2]})" if len(set(shown)) > 1 else shown[0]


def _interval(value: float, low: float, high: float) -> str:
    return "not defined" if pd.isna(value) else f"{value:.2f} (95 % CI {low:.2f} to {high:.2f})"


def simulated(provenance: str) -> str:
    """Text that labels a line based on simulated data."""
    return ", simulated" if provenance == "simulated" else ""
