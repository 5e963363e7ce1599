"""`tme status` and `tme housekeeping`: how the tables stand, and what may go."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from tme_platform.cli.console import console

if TYPE_CHECKING:
    from tme_platform.orchestration.status import Standing

_WHOLE = "(whole study)"
_COLOURS = {"current": "green", "stale": "yellow", "missing": "yellow", "failed": "red"}


def status(
    context: typer.Context,
    cohort: Annotated[list[str] | None, typer.Option(help="Only this cohort's tables (may be repeated).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="A line for every table of every cohort.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, all tables.")] = False,
) -> None:
    """Say how every table stands: current, stale and why, missing, or failed. Nothing is written."""
    from tme_platform.orchestration.status import standings

    workspace = context.obj.workspace()
    if unknown := sorted(set(cohort or ()) - set(workspace.cohorts())):
        raise ValueError(f"no cohort {', '.join(unknown)} in the study; there are: {', '.join(workspace.cohorts())}")
    with _recorded_runs(context) as instance:
        found = [one for one in standings(workspace, instance) if not cohort or one.cohort in cohort]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    console.print(_listed(found) if everything else _counted(found))
    if not everything:
        _print_reasons(found)


def housekeeping(
    context: typer.Context,
    older_than_days: Annotated[
        int | None,
        typer.Option("--older-than-days", min=1, help="How old it has to be.  [default: the study's, 30 days]"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove old table versions and runs; what a registered model was trained on stays."""
    from tme_platform.orchestration.housekeeping import keep_house
    from tme_platform.orchestration.runner import open_instance

    workspace = context.obj.workspace()
    days = older_than_days or workspace.study.housekeeping.keep_days
    with open_instance(context.obj.state) as instance:
        done = keep_house(workspace, instance, older_than_days=days, dry_run=dry_run)
    for table in done.tables:
        console.print(f"  {table.table}: {len(table.files)} file(s) of old versions")
    verb = "would be removed" if dry_run else "removed"
    console.print(
        f"{done.files} file(s), {len(done.runs)} run(s), {len(done.hash_caches)} list(s) of hashes {verb}, "
        f"out of use for more than {days} days."
    )
    for name, versions in done.kept_versions.items():
        console.print(f"kept for registered models: {name} version {', '.join(map(str, versions))}")


@contextlib.contextmanager
def _recorded_runs(context: typer.Context) -> Iterator[Any]:
    """Dagster's instance of the lake where it has one; a look makes none."""
    if "DAGSTER_HOME" not in os.environ and not (context.obj.state / "dagster").is_dir():
        yield None
        return
    from tme_platform.orchestration.runner import open_instance

    with open_instance(context.obj.state) as instance:
        yield instance


def _counted(found: list[Standing]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("cohort")
    for heading in _COLOURS:
        table.add_column(heading, justify="right")
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.cohort or _WHOLE, Counter())[one.state] += 1
    for name, counted in sorted(counts.items(), key=lambda item: (item[0] == _WHOLE, item[0])):
        table.add_row(name, *(_in_colour(state, str(counted[state])) if counted[state] else "" for state in _COLOURS))
    return table


def _listed(found: list[Standing]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("cohort", "table", "state", "why"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.cohort or _WHOLE, one.asset, _in_colour(one.state, one.state), one.reason)
    return table


def _print_reasons(found: list[Standing]) -> None:
    """What has a reason of its own; the rest only waits for that."""
    late = [one for one in found if one.state != "current"]
    for one in late:
        if one.state == "failed" or not one.behind:
            place = f"{one.asset} of {one.cohort}" if one.cohort else one.asset
            shown = _in_colour(one.state, one.state)
            console.print(f"{shown}  {place}: ", end="")
            console.print(one.reason, highlight=False, soft_wrap=True, markup=False)
    if not late:
        console.print("[green]everything is current[/green]")
        return
    console.print(
        f"{sum(bool(one.behind) for one in late)} of {len(late)} wait for those before them: `--all` lists all."
    )
    console.print("`tme run` brings them up to date.")


def _in_colour(state: str, text: str) -> str:
    return f"[{_COLOURS[state]}]{text}[/{_COLOURS[state]}]"
