"""`tme status`: print the plan, table by table, without writing anything."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from tme_platform.cli.console import console, errors, shown

if TYPE_CHECKING:
    from tme_platform.orchestration.plan import TableStatus
    from tme_platform.orchestration.survey import Survey
    from tme_platform.steps.workspace import Workspace

_WHOLE = "(whole study)"
_COLOURS = {"current": "green", "stale": "yellow", "missing": "yellow", "failed": "red"}


def status(
    context: typer.Context,
    cohort: Annotated[list[str] | None, typer.Option(help="Only this cohort's tables (may be repeated).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="A line for every table of every cohort.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, all tables.")] = False,
) -> None:
    """Show which tables are current, stale, missing or failed, and why. Nothing is written."""
    from tme_platform.yaml_file import nearest

    workspace = context.obj
    known = sorted({*workspace.cohorts(), *workspace.unreadable(), *workspace.being_copied()})
    if unknown := sorted(set(cohort or ()) - set(known)):
        near = nearest(unknown[0], known)
        raise ValueError(f"no cohort {', '.join(unknown)} in the study{near}; there are: {', '.join(known)}")
    from tme_platform.orchestration.survey import survey

    going = _may_be_going(workspace)  # before the lake: what ends in between counts as under way
    looked = survey(workspace, None, write=False)
    late = any(known.reason for known in looked.state.values())
    plan = (_with_runs(workspace, looked, late=late) if going or late else looked).plan()
    _note_other_study(workspace)
    found = [one for one in plan.statuses if not cohort or one.cohort in cohort]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    console.print(_listed(found) if everything else _counted(found))
    if not everything:
        _print_reasons(found)


def _note_other_study(workspace: Workspace) -> None:
    """Say so if the lake is another study's: all that follows would only say that its tables are missing or stale."""
    from tme_platform.tables.cohorts import COHORTS

    cohorts = sorted(name for name in workspace.lake.states(COHORTS) if name)
    last = next((entry.study for entry in workspace.lake.audit(COHORTS) if entry.study), None)
    study = workspace.study.name
    if last == study or not cohorts or (last is None and set(cohorts) & set(workspace.cohorts())):
        return
    errors.print(
        f"[yellow]another study's lake[/yellow]  {shown(workspace.lake_root)} was last built by "
        f"{shown(f'study {last}' if last else 'another study')} (cohorts {shown(', '.join(cohorts))}); shown is what "
        f"study {shown(study)} would have to build there. Name the lake's study (--study) or this study's lake "
        "(--lake).",
        soft_wrap=True,
        highlight=False,
    )


def _home(workspace: Workspace) -> Path:
    """Where Dagster's instance of the lake is, if it has one."""
    return Path(os.environ.get("DAGSTER_HOME") or workspace.state / "dagster")


def _may_be_going(workspace: Workspace) -> bool:
    from tme_platform.orchestration.run_states import UNDER_WAY, may_have

    return may_have(_home(workspace), UNDER_WAY)


def _with_runs(workspace: Workspace, looked: Survey, *, late: bool) -> Survey:
    """Add what Dagster says of failures and of runs under way, if it may say anything: importing it takes seconds."""
    from tme_platform.orchestration.run_states import FAILED, UNDER_WAY, may_have

    if not may_have(_home(workspace), UNDER_WAY | FAILED if late else UNDER_WAY):
        return looked
    with _recorded_runs(workspace) as instance:
        if instance is None:
            return looked
        from tme_platform.orchestration.attempts import parts_being_built

        return looked.with_runs(instance, parts_being_built(instance, workspace.state))


@contextlib.contextmanager
def _recorded_runs(workspace: Workspace) -> Iterator[Any]:
    """Dagster's instance of the lake, if it has one that can be opened; none is created."""
    home = _home(workspace)
    if "DAGSTER_HOME" not in os.environ and not home.is_dir():
        yield None
        return
    if not os.access(home, os.W_OK, effective_ids=True):  # Dagster writes to its databases when it opens them
        errors.print(
            f"[yellow]run history not read[/yellow]  this user cannot write to {shown(home)}, as Dagster has to. The "
            "states below come from the tables and the input alone: failed runs are not shown.",
            soft_wrap=True,
            highlight=False,
        )
        yield None
        return
    from tme_platform.orchestration.instance import open_instance

    with open_instance(workspace.state) as instance:
        yield instance


def _counted(found: list[TableStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("cohort")
    for heading in _COLOURS:
        table.add_column(heading, justify="right")
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.cohort or _WHOLE, Counter())[one.state] += 1
    for name, counted in sorted(counts.items(), key=lambda item: (item[0] == _WHOLE, item[0])):
        table.add_row(
            shown(name), *(_in_colour(state, str(counted[state])) if counted[state] else "" for state in _COLOURS)
        )
    return table


def _listed(found: list[TableStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("cohort", "table", "state", "why"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(shown(one.cohort or _WHOLE), one.asset, _in_colour(one.state, one.state), shown(one.reason))
    return table


def _print_reasons(found: list[TableStatus]) -> None:
    """Print what has a reason of its own; the rest waits for that."""
    late = [one for one in found if one.state != "current"]
    for one in late:
        if one.state == "failed" or not one.waiting_for:
            part = f"{one.asset} of {shown(one.cohort)}" if one.cohort else one.asset
            console.print(f"{_in_colour(one.state, one.state)}  {part}: ", end="")
            console.print(shown(one.reason), highlight=False, soft_wrap=True)
    if not late:
        console.print("[green]everything is current[/green]")
        return
    console.print(
        f"{sum(bool(one.waiting_for) for one in late)} of {len(late)} wait for tables before them: `--all` lists all."
    )
    console.print("`tme run` brings them up to date.")


def _in_colour(state: str, text: str) -> str:
    return f"[{_COLOURS[state]}]{text}[/{_COLOURS[state]}]"
