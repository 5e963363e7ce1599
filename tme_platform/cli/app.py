"""The `tme` command: its options, its commands in the order of the help text, and how errors are printed.

Heavy libraries are imported inside the commands that use them, so that `tme --help` is instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tme_platform.cli.backup import backup
from tme_platform.cli.check import check
from tme_platform.cli.console import errors, shown_lines
from tme_platform.cli.forget import forget
from tme_platform.cli.group import OptionsAnywhere
from tme_platform.cli.housekeeping import housekeeping
from tme_platform.cli.init import init
from tme_platform.cli.models import models
from tme_platform.cli.query import query
from tme_platform.cli.report import report
from tme_platform.cli.review import review
from tme_platform.cli.run import demo, run
from tme_platform.cli.score import score
from tme_platform.cli.simulate import simulate
from tme_platform.cli.status import status
from tme_platform.cli.storage_errors import of_database
from tme_platform.cli.ui import ui
from tme_platform.disk import of_system
from tme_platform.environment import SIMULATED, VARIABLES, keep_private
from tme_platform.steps.workspace import Workspace
from tme_platform.version import __version__

_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    cls=OptionsAnywhere,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=_HELP_OPTIONS,
    help="Immune phenotypes of breast tumours from RNA-seq, a rad-score from MRI, and how well it holds.",
)
for command in (
    demo,
    run,
    ui,
    status,
    init,
    check,
    review,
    query,
    report,
    score,
    simulate,
    housekeeping,
    backup,
    forget,
):
    app.command()(command)
app.add_typer(models, name="models")


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def workspace(
    context: typer.Context,
    lake: Annotated[
        str,
        typer.Option(
            envvar=VARIABLES["lake_root"],
            help="Root of the lake: a folder, or a prefix in an object store (s3://...).  "
            "[default: data_lake; data_lake_simulated for the simulated study]",
        ),
    ] = "",
    state: Annotated[
        str,
        typer.Option(
            envvar=VARIABLES["state_root"],
            help="Folder for catalog, locks and local databases.  [default: LAKE, or data_lake/NAME of a bucket]",
        ),
    ] = "",
    landing: Annotated[
        Path | None,
        typer.Option(
            envvar=VARIABLES["landing_root"], help="Folder with a folder per cohort.  [default: LAKE/landing]"
        ),
    ] = None,
    study: Annotated[
        str, typer.Option(envvar=VARIABLES["study_name"], help="A packaged study or the path of a study file.")
    ] = "tcga_brca",
    backend: Annotated[
        str,
        typer.Option(
            envvar=VARIABLES["backend"], help="Where outlines are computed: processes, in_process, dask://HOST:PORT."
        ),
    ] = "processes",
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Describe the workspace that the command works in."""
    if context.invoked_subcommand == "simulate":
        study = SIMULATED
    context.obj = Workspace.from_environment(
        lake_root=lake, state_root=state, landing_root=str(landing or ""), study_name=study, backend=backend
    )


def main() -> None:
    """Entry point."""
    try:
        keep_private()
        app()
    except Exception as error:
        said = _sentence(error)
        if said is None:
            raise
        errors.print(f"[red]error[/red]  {shown_lines(said)}", soft_wrap=True, highlight=False)
        raise SystemExit(1) from None


def _sentence(error: Exception) -> str | None:
    """What is said of an error that the user can do something about; None if it is a fault of the program."""
    if isinstance(error, OSError):
        return of_system(error)
    if isinstance(error, ValueError | LookupError | RuntimeError):  # settings, a lake or server out of reach: our words
        return str(error)
    return of_database(error)


if __name__ == "__main__":
    main()
