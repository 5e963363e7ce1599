"""`tme init`: draft the cohort file of a landing folder. What is drafted, and how, is in `cohorts.drafting`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from tme_platform.cli.console import console, shown
from tme_platform.counted import counted


def init(
    context: typer.Context,
    cohort: Annotated[str, typer.Argument(help="Name of a landing folder that holds the files.")],
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a cohort.yaml, or imaging.csv, that exists.")
    ] = False,
    show: Annotated[bool, typer.Option("--print", help="Only print the draft; write nothing.")] = False,
) -> None:
    """Draft cohort.yaml, and imaging.csv if there are images, from the files in a landing folder.

    Recognised columns are mapped, units, coding and roles guessed; every guess is marked with "guessed". Cells of the
    tables are not quoted in the draft, except words such as "alive" that name no one.
    """
    from tme_platform.cohorts import COHORT_FILE, COHORT_NAME
    from tme_platform.cohorts.drafting import MANIFEST, draft_cohort
    from tme_platform.whole_file import write_if_changed

    folder = context.obj.landing / cohort
    if not re.fullmatch(COHORT_NAME, cohort):
        raise ValueError(
            f"{cohort!r} is not a valid name of a cohort: a lower-case letter first, then lower-case letters, digits, _"
        )
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}: create it, and put the files of the cohort there")
    if (folder / COHORT_FILE).exists() and not (force or show):
        raise ValueError(f"{folder / COHORT_FILE} exists: --force overwrites it, --print shows the draft only")
    with console.status("looking at the files"):
        draft = draft_cohort(folder)
    if show:
        typer.echo(draft.text, nl=False)
        return
    if draft.manifest is not None and (folder / MANIFEST).exists() and not force:
        raise ValueError(f"{folder / MANIFEST} exists and is no list of images and outlines: --force overwrites it")
    for line in draft.found:
        console.print(f"  {shown(line)}", soft_wrap=True, highlight=False)
    if draft.manifest is not None:
        write_if_changed(folder / MANIFEST, draft.manifest.encode())
        console.print(f"[green]✓[/green] {shown(folder / MANIFEST)}", soft_wrap=True, highlight=False)
    write_if_changed(folder / COHORT_FILE, draft.text.encode())
    guesses = counted(draft.guesses, "line is a guess", "lines are guesses")
    console.print(f"[green]✓[/green] {shown(folder / COHORT_FILE)} ({guesses})", soft_wrap=True, highlight=False)
    console.print(f"Next: look at the guesses, fill in title, source and licence, then `tme check {cohort}`.")
