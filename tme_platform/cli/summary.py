"""What a run of the study found, in a screenful; every number is read from the tables it stands in."""

from __future__ import annotations

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from tme_platform.lake import Lake
from tme_platform.tables.cohorts import COHORTS, PATIENTS
from tme_platform.tables.evaluation import COHORT_METRICS
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.phenotypes import CLUSTER_EVIDENCE, TME_PHENOTYPES
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform.tables.signature import SIGNATURE
from tme_platform.tables.survival import SURVIVAL_TESTS


def print_summary(lake: Lake, console: Console) -> None:
    """Print cohorts, phenotypes, survival, the signature's figures, what was rejected, and what to open next."""
    console.print(_cohorts(lake))
    for line in (*_phenotypes(lake), *_survival(lake), *_signature(lake), *_rejected(lake)):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(
        "\nNext: [bold]tme report[/bold] (the study on one page), [bold]tme ui[/bold] (Dagster and MLflow in the "
        "browser), [bold]tme models[/bold], "
        '[bold]tme query "select * from lake_tables"[/bold]'
    )


def _cohorts(lake: Lake) -> Table:
    patients, series = lake.read(PATIENTS), lake.read(IMAGE_REGIONS, columns=["cohort", "patient_id"])
    features = lake.read(RADIOMIC_FEATURES, columns=["cohort", "patient_id"])
    roles = lake.read(COHORTS).set_index("cohort")["roles"]
    table = Table(title="Cohorts", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("cohort", "data", "patients", "outlined", "features", "roles"):
        number = heading in ("patients", "outlined", "features")
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for cohort, rows in patients.groupby("cohort"):
        table.add_row(
            str(cohort),
            str(rows["provenance"].iloc[0]),
            f"{len(rows):,}",
            _count(int((series["cohort"] == cohort).sum())),
            _count(int(features.loc[features["cohort"] == cohort, "patient_id"].nunique())),
            str(roles.get(cohort, "")),
        )
    return table


def _phenotypes(lake: Lake) -> list[str]:
    labels, evidence = lake.read(TME_PHENOTYPES), lake.read(CLUSTER_EVIDENCE)
    lines = ["[bold]Phenotypes[/bold]"]
    for cohort, rows in labels.groupby("cohort"):
        hot = int((rows["phenotype"] == "hot").sum())
        found = f"  {cohort}: {hot} of {len(rows):,} hot ({hot / len(rows):.0%})"
        own = evidence[evidence["cohort"] == cohort]
        if own.empty:
            lines.append(f"{found}, labels from {rows['model_cohort'].iloc[0]}")
            continue
        votes = own[own["chosen"] & (own["index_name"] != "mean_silhouette")]["k"].value_counts()
        k = rows["cluster"].nunique()
        width = own[(own["index_name"] == "mean_silhouette") & (own["k"] == k)]["value"].iloc[0]
        lines.append(
            f"{found}, k = {k}: {votes.get(k, 0)} of {votes.sum()} indices vote for it, mean silhouette {width:.2f}"
            f"{_simulated(rows['provenance'].iloc[0])}"
        )
    return lines


def _survival(lake: Lake) -> list[str]:
    return [
        f"[bold]Survival[/bold] ({row['endpoint']}) hot against cold, {row['cohort']}: log-rank p = {row['p']:.3g} "
        f"({row['n']} patients, {row['n_events']} events{_simulated(row['provenance'])})"
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
