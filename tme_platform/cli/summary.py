"""The end of `tme run` and `tme demo`: findings first, then cohorts and rejected input."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from tme_platform.cli.console import shown
from tme_platform.cli.findings import findings
from tme_platform.lake import Lake
from tme_platform.tables.cohorts import COHORTS, PATIENTS
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS


def print_summary(lake: Lake, console: Console) -> None:
    """Print the findings, then the cohorts, what was rejected, and what to open next."""
    console.print("[bold]Findings[/bold]")
    for line in findings(lake):
        console.print(f"  {shown(line)}", highlight=False, soft_wrap=True)
    console.print()
    console.print(_cohorts(lake))
    for line in _rejected(lake):
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
            shown(cohort),
            str(rows["provenance"].iloc[0]),
            f"{len(rows):,}",
            _count(int((series["cohort"] == cohort).sum())),
            _count(int(features.loc[features["cohort"] == cohort, "patient_id"].nunique())),
            shown(roles.get(cohort, "")),
        )
    return table


def _rejected(lake: Lake) -> list[str]:
    rejected = lake.read(REJECTED_INPUTS)
    if rejected.empty:
        return ["[bold]Rejected input[/bold] none"]
    lines = ['[bold]Rejected input[/bold] (all of it: tme query "select * from rejected_inputs")']
    for (cohort, rule, action), rows in rejected.groupby(["cohort", "rule", "action"]):
        lines.append(shown(f"  {cohort}: {len(rows)} x {rule}, {action}; e.g. {rows['message'].iloc[0]}"))
    return lines


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"
