"""What a run of the study found, in a screenful; every number is read from the tables it stands in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from tme_platform.lake import Lake
from tme_platform.lake.tables import (
    COHORT_METRICS,
    IMAGE_REGIONS,
    PATIENTS,
    PHENOTYPE_MODEL,
    RADIOMIC_FEATURES,
    REJECTED_INPUTS,
    SIGNATURE,
    SURVIVAL_TESTS,
    TME_PHENOTYPES,
)


def print_summary(root: Path, console: Console) -> None:
    """Print cohorts, phenotypes, survival, the signature's figures, what was rejected, and what to open next."""
    lake = Lake(root.resolve())
    console.print(_cohorts(lake))
    for line in (*_survival(lake), *_signature(lake), *_rejected(lake)):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(
        "\nNext: [bold]tme ui[/bold] (Dagster and MLflow in the browser), [bold]tme models[/bold], "
        '[bold]tme query "select * from lake_tables"[/bold]'
    )


def _cohorts(lake: Lake) -> Table:
    patients, labels = lake.read(PATIENTS), lake.read(TME_PHENOTYPES)
    models, features = lake.read(PHENOTYPE_MODEL), lake.read(RADIOMIC_FEATURES, columns=["cohort", "patient_id"])
    outlines = lake.read(IMAGE_REGIONS, columns=["cohort", "patient_id"])
    table = Table(title="Cohorts", title_justify="left")
    for heading in ("cohort", "data", "patients", "outlines", "with features", "clusters", "hot", "phenotypes from"):
        table.add_column(heading, justify="left" if heading in ("cohort", "data", "phenotypes from") else "right")
    for cohort, rows in patients.groupby("cohort", sort=False):
        own = labels[labels["cohort"] == cohort]
        fitted = models.loc[models["cohort"] == cohort, "cluster"].nunique()
        hot = int((own["phenotype"] == "hot").sum())
        table.add_row(
            str(cohort),
            str(rows["provenance"].iloc[0]),
            f"{len(rows):,}",
            _count(int((outlines["cohort"] == cohort).sum())),
            _count(int(features.loc[features["cohort"] == cohort, "patient_id"].nunique())),
            _count(fitted),
            f"{hot} of {len(own)} ({hot / len(own):.0%})" if len(own) else "-",
            ", ".join(own["model_cohort"].unique()) or "-",
        )
    return table


def _survival(lake: Lake) -> list[str]:
    return [
        f"[bold]Survival[/bold] hot against cold, {row['cohort']}: log-rank p = {row['p']:.3g} "
        f"({row['n']} patients, {row['n_events']} deaths{_simulated(row['provenance'])})"
        for row in lake.read(SURVIVAL_TESTS).to_dict("records")
    ]


def _signature(lake: Lake) -> list[str]:
    trained = lake.read(SIGNATURE)
    if trained.empty:
        return ["[bold]Signature[/bold] none: no discovery cohort with image features and both phenotypes"]
    row = trained.iloc[0]
    lines = [
        f"[bold]Signature[/bold] version {row['model_version']}: {row['n_patients']} patients, {row['n_hot']} hot, "
        f"{row['n_features']} features{_simulated(row['provenance'])}",
        f"  out-of-fold AUC {_interval(row['oof_auc'], row['oof_auc_low'], row['oof_auc_high'])} (honest); "
        f"apparent AUC {row['apparent_auc']:.3f} (the paper's way, too good by construction)",
    ]
    metrics = lake.read(COHORT_METRICS).query(
        "metric == 'auc' and side != 'discovery' and analysis == 'honest' and subgroup == 'all'"
    )
    lines += [
        f"  {found['side']} AUC {_interval(found['value'], found['ci_low'], found['ci_high'])} in {found['cohort']} "
        f"(n = {found['n']}, {found['n_positive']} {found['endpoint']})"
        for found in metrics.to_dict("records")
    ]
    return lines


def _rejected(lake: Lake) -> list[str]:
    rejected = lake.read(REJECTED_INPUTS)
    if rejected.empty:
        return ["[bold]Rejected input[/bold] none"]
    lines = ['[bold]Rejected input[/bold] (all of it: tme query "select * from rejected_inputs")']
    for (cohort, rule, action), rows in rejected.groupby(["cohort", "rule", "action"]):
        lines.append(f"  {cohort}: {len(rows)} x {rule}, {action}; e.g. {rows['message'].iloc[0]}")
    return lines


def _interval(value: float, low: float, high: float) -> str:
    return "not defined" if pd.isna(value) else f"{value:.3f} (95 % CI {low:.3f}-{high:.3f})"


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _simulated(provenance: str) -> str:
    return ", simulated" if provenance == "simulated" else ""
