"""`tme check`: validate landing folders and the study without writing anything. What is found is in `cohorts.check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from tme_platform.cli.console import console, errors, shown
from tme_platform.counted import counted

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

    from tme_platform.cohorts import CohortReport
    from tme_platform.steps.study_check import Look, StudyReport
    from tme_platform.steps.workspace import Workspace
    from tme_platform.study import Study

_EXAMPLES = 3
"""Rejections of one rule that are shown."""


def check(
    context: typer.Context,
    cohort: Annotated[
        str, typer.Argument(help="Name of a landing folder; every cohort and the study without it.")
    ] = "",
    file: Annotated[
        str, typer.Option(help="Print the path of the file that tables and messages name so (f-3fa2b1c9d0e1.nii.gz).")
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Do not open images and outlines.")] = False,
) -> None:
    """Say what every file and column would be taken for, what is rejected and why. Nothing is written.

    Images and outlines are opened, and regions delineated, as a run does; --quick leaves that out.

    Without a name, all cohorts of the study are checked, and the study with them. Cells of the files are quoted here
    and nowhere else. A cohort that is being copied (a file `.copying` in its folder) waits, which is no problem.
    """
    from tme_platform.cohorts import showing_cells

    if file:
        _print_path(context, cohort, file)
        return
    with showing_cells():
        _check(context, cohort, quick=quick)


def _print_path(context: typer.Context, cohort: str, file: str) -> None:
    from tme_platform.cohorts import KEY_FILE, CohortError, PathNames, path_key, read_cohort
    from tme_platform.environment import PATH_KEY

    folder = context.obj.landing / cohort
    try:
        if not cohort:
            raise CohortError("name the cohort as well: `tme check COHORT --file f-...`.", rule="cohort_file_missing")
        key = path_key(context.obj.landing, context.obj.state, write=False)
        path = PathNames(folder, read_cohort(folder), key).path(file)
    except (CohortError, OSError) as error:
        _print_problems([str(error)])
        raise typer.Exit(1) from None
    if not path.exists():
        _print_problems(
            [
                f"nothing in {folder} is stored as {file}. Its file was removed, renamed or moved since (`tme run` "
                f"stores what is there now), it belongs to another cohort, or {KEY_FILE} or {PATH_KEY} is another one."
            ]
        )
        raise typer.Exit(1)
    console.print(shown(str(path)), soft_wrap=True, highlight=False)


def _check(context: typer.Context, cohort: str, *, quick: bool) -> None:
    from tme_platform.study import Study, StudyError

    try:
        study = context.obj.study
    except StudyError as error:
        _print_problems([str(error)])
        if not cohort:
            raise typer.Exit(1) from None
        study = None
    from tme_platform.cohorts import list_cohorts
    from tme_platform.steps.study_check import check_all, check_names, checked, settings_problems

    landing = context.obj.landing
    if cohort:
        seen = study or Study(name="none", title="none")
        with _Looking(context.obj, seen, quick=quick) as look:
            report, kept = checked(seen, landing, cohort, look=look)
        _print_cohort(report)
        _print_warnings(check_names(report, study, landing, kept.names) if study is not None else [])
        problems = [*report.problems, *(settings_problems(study, landing) if study else ["the study file (see above)"])]
        if study is not None:
            _print_problems(problems[len(report.problems) :])
        outside = study is not None and study.cohorts is not None and cohort not in study.cohorts
        where = " with a study that has it among its `cohorts` (--study)" if outside else ""
        _end(len(problems), "" if report.waits else f"`tme run --cohort {cohort}` reads it{where}.")
        return
    names = list_cohorts(landing) if study.cohorts is None else [n for n in study.cohorts if (landing / n).is_dir()]
    with _Looking(context.obj, study, quick=quick) as look:
        reports, found = check_all(study, landing, names, look=look)
    for report in reports:
        _print_cohort(report)
        console.print()
    _print_study(study.title, found)
    _print_overview(reports)
    waiting = ", ".join(report.name for report in reports if report.waits)
    next_step = f"`tme run` reads them{f', except {waiting}' if waiting else ''}."
    _end(len(found.problems) + sum(len(report.problems) for report in reports), next_step)


class _Looking:
    """Looks at the images of cohorts, with a bar for each cohort that has any; nothing with `--quick`."""

    def __init__(self, workspace: Workspace, study: Study, *, quick: bool) -> None:
        from tme_platform.cli.progress import SimulationProgress

        self._workspace, self._study, self._quick = workspace, study, quick
        self._progress = SimulationProgress(errors)

    def __enter__(self) -> Look | None:
        if self._quick:
            return None
        self._progress.__enter__()
        return self._look

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._quick:
            self._progress.__exit__(kind, value, trace)

    def _look(self, report: CohortReport) -> CohortReport:
        from tme_platform.steps.image_check import with_images

        return with_images(
            report,
            self._workspace.landing / report.name,
            self._study.extraction,
            workers=self._workspace.workers or None,
            on_image=self._progress.update,
        )


def _end(problems: int, next_step: str) -> None:
    if problems:
        errors.print("Fix the problems above; until then the tables that they affect are not built.")
        raise typer.Exit(1)
    if next_step:
        console.print(f"[green]ready[/green]: {next_step}", highlight=False)


def _print_cohort(report: CohortReport) -> None:
    console.print(f"[bold]{shown(report.name)}[/bold]  {shown(report.title or '')}")
    if report.content is None and report.title is None:
        _print_problems(report.problems)
        if report.waits:
            errors.print(f"[yellow]waits[/yellow]  {shown(report.waits)}", soft_wrap=True, highlight=False)
        return
    counts = {name: count for name, count in report.counts.items() if count or name == "patients"}
    megabytes = counts.pop("bytes", 0) / 1e6
    listed = ", ".join(counted(count, _singular(name), name) for name, count in counts.items())
    console.print(f"  {shown(listed)} ({megabytes:,.1f} MB)", soft_wrap=True, highlight=False)
    _print_files(report)
    _print_columns(report)
    _print_endpoints(report)
    _print_overlaps(report)
    _print_notes(report.notes)
    _print_rejected(report.rejected)
    _print_problems(report.problems)
    _print_warnings(report.warnings)


def _singular(name: str) -> str:
    """`patients with survival` for one of them."""
    noun, joint, more = name.partition(" with ")
    return f"{noun.removesuffix('s')}{joint}{more}"


def _print_files(report: CohortReport) -> None:
    if not report.files:
        return
    console.print("\n  [bold]Files[/bold]")
    for use in report.files:
        style = "yellow" if use.taken_for == "not used" else "cyan"
        console.print(
            f"  {shown(use.file)}: [{style}]{shown(use.taken_for)}[/{style}]", soft_wrap=True, highlight=False
        )
        for fact in use.facts:
            console.print(f"      {shown(fact)}", soft_wrap=True, highlight=False)


def _print_columns(report: CohortReport) -> None:
    if not report.columns:
        return
    console.print("\n  [bold]Clinical columns[/bold]")
    for line in (line for column in report.columns for line in column.lines):
        console.print(f"  {shown(line)}", soft_wrap=True, highlight=False)


def _print_endpoints(report: CohortReport) -> None:
    if not report.endpoints:
        return
    console.print("\n  [bold]Endpoints[/bold]")
    for endpoint in report.endpoints:
        event = "with the event" if endpoint.timed else "positive"
        console.print(
            f"  {shown(endpoint.name)} ({shown(endpoint.title)}): {counted(endpoint.n, 'patient')}, "
            f"{endpoint.n_positive:,} {event}",
            soft_wrap=True,
            highlight=False,
        )


def _print_overlaps(report: CohortReport) -> None:
    if not report.overlaps:
        return
    console.print("\n  [bold]Patients in common[/bold]")
    for overlap in report.overlaps:
        smaller = min(overlap.n_first, overlap.n_second)
        style = "red" if not overlap.n_both else "yellow" if overlap.share < 0.5 else "default"
        console.print(
            f"  {shown(overlap.first)} and {shown(overlap.second)}: "
            f"[{style}]{overlap.n_both:,} of {smaller:,}[/{style}]",
            soft_wrap=True,
            highlight=False,
        )


def _print_notes(notes: Iterable[str]) -> None:
    for number, note in enumerate(notes):
        heading = "" if number else "\n  [bold]Notes[/bold]\n"
        console.print(f"{heading}  {shown(note)}", soft_wrap=True, highlight=False)


def _print_rejected(rejected: pd.DataFrame) -> None:
    """Rejections by rule, with their number and a few examples."""
    if rejected.empty:
        return
    console.print(f"\n  [bold]Left out or changed[/bold] ({counted(len(rejected), 'row')} of rejected_inputs)")
    groups = rejected.fillna({"file": ""}).groupby(["rule", "action", "file"], sort=False)
    for (rule, action, file), rows in groups:
        where = f" in {file}" if file else ""
        console.print(f"  {len(rows):,} x {rule}{shown(where)}: {shown(action)}", soft_wrap=True, highlight=False)
        for row in rows.head(_EXAMPLES).itertuples():
            who = f"{row.patient_id}: " if isinstance(row.patient_id, str) else ""
            console.print(f"      {shown(who + str(row.message))}", soft_wrap=True, highlight=False)
        if len(rows) > _EXAMPLES:
            console.print(f"      ... and {len(rows) - _EXAMPLES:,} more")


def _print_problems(problems: Iterable[str]) -> None:
    for problem in problems:
        errors.print(f"[red]problem[/red]  {shown(problem)}", soft_wrap=True, highlight=False)


def _print_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        errors.print(f"[yellow]look[/yellow]  {shown(warning)}", soft_wrap=True, highlight=False)


def _print_study(title: str, found: StudyReport) -> None:
    console.print(f"[bold]Study[/bold]  {shown(title)}")
    for note in found.notes:
        console.print(f"  {shown(note)}", soft_wrap=True, highlight=False)
    _print_problems(found.problems)
    _print_warnings(found.warnings)


def _print_overview(reports: list[CohortReport]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("cohort", "patients", "problems", "to look at", "left out or changed"):
        table.add_column(heading, justify="left" if heading == "cohort" else "right")
    for report in reports:
        numbers = (len(report.problems), len(report.warnings), len(report.rejected))
        table.add_row(
            shown(report.name), f"{report.counts.get('patients', 0):,}", *(f"{number:,}" for number in numbers)
        )
    console.print(table)
    _print_rules(reports)


def _print_rules(reports: list[CohortReport]) -> None:
    """What is left out or changed, by rule, most frequent first: how often, and in which cohorts."""
    found: dict[str, Counter[str]] = {}
    for report in reports:
        for rule in report.rejected["rule"]:
            found.setdefault(rule, Counter())[report.name] += 1
    for rule, by_cohort in sorted(found.items(), key=lambda item: (-item[1].total(), item[0])):
        where = ", ".join(f"{name} {count:,}" for name, count in by_cohort.items())
        console.print(f"  {by_cohort.total():,} x {rule}: {shown(where)}", soft_wrap=True, highlight=False)
