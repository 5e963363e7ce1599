"""`tme review`: look at the outlines of a cohort on one page, and store what a radiologist says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tme_platform.cli.console import console, errors, shown
from tme_platform.counted import counted


def review(
    context: typer.Context,
    cohort: Annotated[str, typer.Argument(help="Name of a cohort with images.")],
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with each outline on up to three slices, worst first.")
    ] = None,
    add: Annotated[
        Path | None, typer.Option("--add", help="Add the reviews of a file that was saved from the page.")
    ] = None,
    accept: Annotated[str, typer.Option("--accept", metavar="PATIENT", help="Accept the outline of a patient.")] = "",
    reject: Annotated[str, typer.Option("--reject", metavar="PATIENT", help="Reject the outline of a patient.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who reviews.")] = "",
    comment: Annotated[str, typer.Option(help="A comment; it stays in the landing folder.")] = "",
    series: Annotated[str, typer.Option(help="Series of the outline.")] = "1",
    reader: Annotated[str, typer.Option(help="Reader of the outline.")] = "1",
    session: Annotated[str, typer.Option(help="Session of the outline.")] = "1",
) -> None:
    """Review the outlines of a cohort: a page to look at, and decisions in `reviews.csv` of the landing folder.

    A rejected outline leaves the features at the next run, with the reason in `rejected_inputs`. Without an option, the
    outlines are listed, what needs a look first.
    """
    from tme_platform.cohorts import Review
    from tme_platform.steps.outline_review import outlines_of, store_review

    workspace = context.obj
    if cohort not in workspace.cohorts():
        raise LookupError(f"no cohort {cohort!r}; there are: {', '.join(workspace.cohorts()) or 'none'}")
    if accept and reject:
        raise ValueError("accept or reject one outline at a time")
    if accept or reject:
        said = Review(
            accept or reject, "accept" if accept else "reject", by, comment=comment, series=series, reader=reader,
            session=session,
        )  # fmt: skip
        store_review(workspace, cohort, outlines_of(workspace, cohort), said)
        console.print(f"{shown(accept or reject)}: {said.decision}ed by {shown(by)}. `tme run` follows it.")
    elif add is not None:
        _add(context, cohort, add)
    elif html is not None:
        _sheet(context, cohort, html)
    else:
        _list(context, cohort)


def _add(context: typer.Context, cohort: str, file: Path) -> None:
    from tme_platform.cohorts import REVIEWS_FILE, Rejections, Review, read_reviews
    from tme_platform.steps.outline_review import outlines_of, store_review

    if not file.is_file():
        raise ValueError(f"there is no file {file}: save it from the page first")
    rejected = Rejections(cohort)
    rows = read_reviews(file.parent, rejected, file.name)
    outlines, stored = outlines_of(context.obj, cohort), 0
    for row in rows.drop(columns="reviewed_at").fillna("").to_dict("records"):
        try:
            store_review(context.obj, cohort, outlines, Review(**{str(name): value for name, value in row.items()}))
            stored += 1
        except (LookupError, ValueError) as error:
            errors.print(f"[yellow]left out[/yellow]  {shown(str(error))}", soft_wrap=True, highlight=False)
    for message in rejected.frame()["message"]:
        errors.print(f"[yellow]left out[/yellow]  {shown(str(message))}", soft_wrap=True, highlight=False)
    if not stored:
        raise ValueError(f"no review of {file} could be added")
    console.print(f"{counted(stored, 'review')} added to {REVIEWS_FILE} of {shown(cohort)}. `tme run` follows it.")


def _sheet(context: typer.Context, cohort: str, file: Path) -> None:
    from tme_platform.cli.progress import SimulationProgress
    from tme_platform.report import contact_sheet, write_if_changed
    from tme_platform.steps.outline_review import outlines_to_review, shown_outlines

    workspace = context.obj
    outlines = outlines_to_review(workspace, cohort)
    declared = workspace.world().declared(cohort)
    with SimulationProgress(errors) as progress:
        cards = shown_outlines(workspace, cohort, outlines, lambda done, of: progress.update(cohort, done, of))
    page = contact_sheet(declared.title, cohort, cards, simulated=declared.provenance.kind == "simulated")
    write_if_changed(file, page.encode())
    console.print(f"{counted(len(cards), 'outline')} on {shown(file.resolve())}", soft_wrap=True, highlight=False)


def _list(context: typer.Context, cohort: str) -> None:
    from tme_platform.cli.frames import print_frame
    from tme_platform.steps.outline_review import outlines_to_review

    outlines = outlines_to_review(context.obj, cohort)
    names = ["patient_id", "series", "reader", "session", "volume_ml", "warnings", "decision", "reviewer"]
    print_frame(outlines[names], console)
