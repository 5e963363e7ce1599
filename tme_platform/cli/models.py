"""`tme models`: the versions of the signature side by side, and a version trained again."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from tme_platform.cli.console import console, shown

if TYPE_CHECKING:
    from tme_platform.tracking import ModelRecord, Tracker

models = typer.Typer(
    help="Compare the versions of the signature, or train one again.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
_UNCHANGED_METRICS = 1e-12


@models.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    """List the versions side by side: what changed since the version before, and whether it exceeds noise."""
    if context.invoked_subcommand is not None:
        return
    from tme_platform.tracking.registered import open_registry

    tracker = open_registry(context.obj.state, context.obj.tracking_uri)
    records = tracker.versions()
    aliases: dict[str, list[str]] = {}
    for alias, version in tracker.aliases().items():
        aliases.setdefault(version, []).append(alias)
    table = Table(title="Versions of the signature", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("version", "trained", "patients (hot)", "features", "AUC out of fold", "apparent", "threshold"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "version")
    summaries = {record.version: tracker.run_summary(record) for record in records}
    for record in records:
        metrics, tags = summaries[record.version]["metrics"], summaries[record.version]["tags"]
        marks = [
            *aliases.get(record.version, []),
            *(["simulated"] if tags.get("tme.provenance") == "simulated" else []),
        ]
        table.add_row(
            shown(" ".join([record.version, *marks])),
            f"{summaries[record.version]['started']:%Y-%m-%d}",
            f"{metrics['n_patients']:.0f} ({metrics['n_hot']:.0f})",
            f"{metrics['n_features']:.0f}",
            f"{metrics['oof_auc']:.3f} ({metrics['oof_auc_low']:.3f}-{metrics['oof_auc_high']:.3f})",
            f"{metrics['apparent_auc']:.3f}",
            f"{metrics['threshold']:.3f}",
        )
    console.print(table)
    for older, newer in itertools.pairwise(records):
        console.print(f"[bold]{older.version} -> {newer.version}[/bold]")
        lost = [record.version for record in (older, newer) if not tracker.kept(record)]
        if lost:
            console.print(f"  not compared: the files of version {', '.join(lost)} are lost", soft_wrap=True)
            continue
        for line in differences(tracker, older, newer, summaries):
            console.print(f"  {shown(line)}", highlight=False, soft_wrap=True)
    for record in records:
        if said := tracker.promotion(record):
            console.print(f"[bold]{record.version}[/bold]  {shown(said)}", highlight=False, soft_wrap=True)
    console.print(
        "Compare them in MLflow: `tme ui`, then Models > rad-score. Train one again: `tme models reproduce N`."
    )


@models.command()
def reproduce(
    context: typer.Context, version: Annotated[str, typer.Argument(help="Version or alias, such as 1 or champion.")]
) -> None:
    """Train a version again from its table versions and report differences."""
    from tme_platform.tracking import open_tracker
    from tme_platform.tracking.registered import open_registry

    workspace = context.obj
    record = open_registry(workspace.state, workspace.tracking_uri).version(version)  # before anything heavy
    from tme_platform.radiomics import available_processors
    from tme_platform.steps.reproduce import reproduce as again

    tracker = open_tracker(workspace.state, workspace.tracking_uri)
    with console.status(f"training version {record.version} again"):
        found = again(tracker, workspace.lake, record, workers=workspace.workers or available_processors())
    tables = ", ".join(f"{name} version {number}" for name, number in found.tables.items())
    if found.identical:
        console.print(
            f"[green]identical[/green]  version {found.version} on {found.n_patients} patients, from {shown(tables)}"
        )
        return
    of = f"version {found.version} on {found.n_patients} patients, from {shown(tables)}"
    console.print(f"[red]not identical[/red]  {of}")
    for line in found.differences:
        console.print(f"  {shown(line)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def differences(
    tracker: Tracker, older: ModelRecord, newer: ModelRecord, summaries: dict[str, dict[str, Any]]
) -> list[str]:
    """What differs between two versions: data, settings, figures, and whether the AUCs differ by more than noise."""
    from tme_platform.signature import SignatureSettings, compare_versions
    from tme_platform.tracking.stored_settings import stored_settings

    before, after = summaries[older.version], summaries[newer.version]
    linear = any(stored_settings(tracker, record, "settings", SignatureSettings).linear for record in (older, newer))
    compared = compare_versions(
        tracker.read_table(older, "out_of_fold"), tracker.read_table(newer, "out_of_fold"), linear=linear
    )
    lines = [
        f"data: {compared.n_only_newer} patients new, {compared.n_only_older} gone, {compared.n_relabelled} with "
        f"another phenotype, {compared.n_common} in both; table versions {_versions(before)} -> {_versions(after)}"
    ]
    lines.append(f"settings: {_changed(before, after, chosen=False) or 'the same'}")
    lines.append(f"chosen by the search: {_changed(before, after, chosen=True) or 'the same'}")
    lines.append(compared.sentence())
    lines += [
        f"{name}: {before['metrics'][name]:.4f} -> {after['metrics'][name]:.4f}"
        for name in sorted({*before["metrics"]} & {*after["metrics"]})
        if name.endswith(".honest.auc") and abs(before["metrics"][name] - after["metrics"][name]) > _UNCHANGED_METRICS
    ]
    return lines


def _changed(before: dict[str, Any], after: dict[str, Any], *, chosen: bool) -> str:
    """Parameters that differ: those that were set, or those that the search chose."""
    return ", ".join(
        f"{name} {before['params'].get(name, 'none')} -> {after['params'].get(name, 'none')}"
        for name in sorted({*before["params"], *after["params"]})
        if name.startswith("best_") == chosen and before["params"].get(name) != after["params"].get(name)
    )


def _versions(summary: dict[str, Any]) -> str:
    recorded = json.loads(summary["tags"].get("tme.table_versions", "{}"))
    return ", ".join(f"{name} {number}" for name, number in sorted(recorded.items()))
