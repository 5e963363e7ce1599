"""`tme demo` and `tme run`: carry out the plan and report what failed."""

from __future__ import annotations

import gc
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tme_platform.cli.console import console, errors, shown, shown_lines
from tme_platform.stopping import Stop, stoppable

if TYPE_CHECKING:
    from tme_platform.orchestration.run import Outcome
    from tme_platform.steps.workspace import Workspace


class Refresh(StrEnum):
    """What is rebuilt."""

    STALE = "stale"
    FAILED = "failed"
    MISSING = "missing"
    ALL = "all"


Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="A line for each table with the whole reason, examples of rejected input."),
]


def demo(context: typer.Context, verbose: Verbose = False) -> None:
    """Run the whole study on the bundled real data and print what was found."""
    outcome = _stoppable(context.obj, cohorts=None, select=None, refresh=Refresh.STALE, verbose=verbose)
    from tme_platform.cli.summary import print_summary

    print_summary(context.obj.lake, console, verbose=verbose)
    _finish(outcome)


def run(
    context: typer.Context,
    cohort: Annotated[list[str] | None, typer.Option(help="Only this cohort's tables (may be repeated).")] = None,
    select: Annotated[
        str | None,
        typer.Option(
            help="Only these tables, e.g. 'cell_scores or signature', 'cell_scores+' (and what depends on it), "
            "'+signature' (and what it is built from), 'group:s3_phenotypes'."
        ),
    ] = None,
    refresh: Annotated[
        Refresh,
        typer.Option(
            help="stale: what changed; failed: that, and the patients that failed; missing: what was never built; "
            "all: everything."
        ),
    ] = Refresh.STALE,
    verbose: Verbose = False,
) -> None:
    """Bring the study up to date; only what changed is computed.

    Cohorts with a file `.copying` in their landing folder wait; that is no failure. A run of the whole study that
    changed something ends with the findings.
    """
    _check_names(context.obj, cohort or [], select)
    outcome = _stoppable(context.obj, cohorts=cohort, select=select, refresh=refresh, verbose=verbose)
    if outcome.built and not cohort and select is None:
        from tme_platform.cli.summary import print_findings

        print_findings(context.obj.lake, console)
    _finish(outcome)


def _check_names(workspace: Workspace, cohorts: list[str], select: str | None) -> None:
    """Check what was typed before Dagster is imported."""
    if select is not None:
        from tme_platform.orchestration.selection import check_selection

        check_selection(select)
    if cohorts:
        from tme_platform.cohorts import check_landed

        check_landed(workspace.landing, cohorts)


def _stoppable(workspace: Workspace, **chosen: Any) -> Outcome:
    with stoppable() as stop:
        try:
            return _run(workspace, stop, **chosen)
        except KeyboardInterrupt:
            errors.print("stopped; what was finished is kept, and `tme run` goes on from there", soft_wrap=True)
            raise typer.Exit(stop.exit_code) from None


def _run(
    workspace: Workspace,
    stop: Stop,
    *,
    cohorts: list[str] | None,
    select: str | None,
    refresh: Refresh,
    verbose: bool,
) -> Outcome:
    from tme_platform.cli.private import close_to_others
    from tme_platform.cli.progress import TerminalProgress

    with TerminalProgress(console, verbose=verbose) as progress:
        progress.say("starting")
        from tme_platform.orchestration.instance import open_instance
        from tme_platform.orchestration.run import Outcome, run_study

        workspace.export()
        close_to_others(workspace.state)
        if not workspace.cohorts():
            if waiting := workspace.being_copied():
                return Outcome(waiting=waiting)
            raise ValueError(
                f"no cohort of study {workspace.study_name} has landed in {workspace.landing}: "
                "put a folder with a cohort.yaml there, or name another folder (--landing)"
            )
        gc.freeze()  # what was imported stays: the collector need not go through it again and again
        try:
            with open_instance(workspace.state) as instance:
                return run_study(
                    *(workspace, instance, progress),
                    cohorts=cohorts,
                    select=select,
                    refresh=refresh.value,
                    stop=stop,
                )
        finally:
            gc.unfreeze()  # until the end, when DuckDB wants to see it go


def _finish(outcome: Outcome) -> None:
    for failure in outcome.failures:
        part = f" of {shown(failure.cohort)}" if failure.cohort else ""
        errors.print(
            f"[red]failed[/red]  {failure.asset}{part}: {shown_lines(failure.message)}", soft_wrap=True, highlight=False
        )
    for message in outcome.waiting.values():
        errors.print(f"[yellow]waits[/yellow]  {shown(message)}", soft_wrap=True, highlight=False)
    if outcome.skipped:
        errors.print(
            f"[yellow]skipped because of the failure[/yellow]  {', '.join(map(str, outcome.skipped))}; "
            "previous versions are kept.",
            soft_wrap=True,
        )
    if not outcome.success:
        raise typer.Exit(1)
