"""`tme report`: the page of the study, and the folder of tables and figures for a manuscript."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tme_platform.cli.console import console, shown


def report(
    context: typer.Context,
    to: Annotated[
        Path | None,
        typer.Option(help="Also write the folder for a manuscript: tables as CSV, figures as PDF, SVG, PNG and CSV."),
    ] = None,
) -> None:
    """Write the study report from the current tables; nothing is recomputed."""
    with console.status("reading the tables"):
        from tme_platform.report import (
            make_report,
            page_path,
            remembered_figures,
            render_page,
            write_folder,
            write_if_changed,
        )
        from tme_platform.steps.study_facts import study_facts
        from tme_platform.tables.cohorts import COHORTS
        from tme_platform.tables.report import STUDY_REPORT

        workspace = context.obj
        if workspace.lake.read(COHORTS).empty:
            raise ValueError(
                f"no tables in {workspace.lake_root}: run `tme demo` or `tme run` first, or name another lake (--lake)"
            )
        scope = workspace.scope(STUDY_REPORT, None)
        made = make_report(
            study_facts(scope),
            figures=to is not None or scope.study.report.figures,
            remembered=remembered_figures(workspace.state, scope.study.name),
        )
    with console.status("setting the page"):
        page = page_path(workspace.state, scope.study.name)
        changed = write_if_changed(page, render_page(made).encode())
    console.print(f"{shown(page)}{'' if changed else ' (as it was)'}", soft_wrap=True, highlight=False)
    if to is not None:
        with console.status("drawing the figures for print"):
            files = write_folder(made, to)
        console.print(
            f"{len(files)} files for the manuscript in {shown(to.resolve())}", soft_wrap=True, highlight=False
        )
