"""`tme backup`: copy a lake, its models and its run history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tme_platform.cli.console import console


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A new folder, best on another disk.")],
) -> None:
    """Copy tables, models and run history into a new folder; runs may go on meanwhile. Landing folders are not copied.

    The copy is a lake: `tme --lake FOLDER status` works on it, and moving it to where the lake was restores it.
    """
    from tme_platform.orchestration.backup import back_up

    with console.status("copying") as shown:
        done = back_up(context.obj.lake, folder, lambda part: shown.update(f"copying {part}"))
    console.print(
        f"{done.tables} tables, {done.databases} databases, {done.files} files, {done.bytes / 1e6:.0f} MB in {folder}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    console.print("Landing folders are not in it: back them up with what your institution uses for source data.")
