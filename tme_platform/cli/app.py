"""The `tme` command. Each command says what a person needs next and exits non-zero on failure.

Heavy libraries are imported inside the commands that use them, so that `tme --help` is instant.
"""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tme_platform.cli.console import console, errors
from tme_platform.cli.group import PlaceAnywhere
from tme_platform.cli.housekeeping import housekeeping, status
from tme_platform.cli.models import models
from tme_platform.cli.report import report

if TYPE_CHECKING:
    import pandas as pd

    from tme_platform.orchestration.runner import Outcome
    from tme_platform.orchestration.workspace import Workspace
    from tme_platform.tracking import Tracker

app = typer.Typer(
    cls=PlaceAnywhere,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Immune phenotypes of breast tumours from RNA-seq, a rad-score from MRI, and how well it holds.",
)
app.add_typer(models, name="models")
app.command()(report)

SIMULATED = "simulated"
"""Name of the packaged study of simulated cohorts."""


class Refresh(StrEnum):
    """Which rows are made."""

    STALE = "stale"
    FAILED = "failed"
    MISSING = "missing"
    ALL = "all"


@dataclass(frozen=True)
class Where:
    """Where a command works: lake, state folder, landing folders, study, and where outlines are computed."""

    lake: str
    state: Path
    landing: Path
    study: str
    backend: str = "processes"

    def export(self) -> None:
        """Tell Dagster's own processes the same."""
        os.environ["TME_LAKE"] = self.lake
        os.environ["TME_STATE"] = str(self.state)
        os.environ["TME_LANDING"] = str(self.landing.resolve())
        os.environ["TME_STUDY"] = self.study
        os.environ["TME_BACKEND"] = self.backend

    def workspace(self) -> Workspace:
        """The Dagster resource for this place."""
        from tme_platform.orchestration.build import default_workspace

        self.export()
        return default_workspace()

    def tracker(self) -> Tracker:
        """The model registry that is there; a lake without one is an error."""
        from tme_platform.tracking.scoring_model import open_tracker

        return open_tracker(self.state, os.environ.get("TME_TRACKING_URI", ""))


@app.callback()
def _where(
    context: typer.Context,
    lake: Annotated[
        str,
        typer.Option(
            envvar="TME_LAKE",
            help="Root of the lake: a folder, or a prefix in an object store (s3://...).  "
            "[default: data_lake; data_lake_simulated for the simulated study]",
        ),
    ] = "",
    state: Annotated[
        str,
        typer.Option(
            envvar="TME_STATE",
            help="Folder for catalog, locks and local databases.  [default: LAKE, or data_lake/NAME of a bucket]",
        ),
    ] = "",
    landing: Annotated[
        Path | None,
        typer.Option(envvar="TME_LANDING", help="Folder with one folder per cohort.  [default: LAKE/landing]"),
    ] = None,
    study: Annotated[
        str, typer.Option(envvar="TME_STUDY", help="A packaged study or the path of a study file.")
    ] = "tcga_brca",
    backend: Annotated[
        str,
        typer.Option(
            envvar="TME_BACKEND", help="Where outlines are computed: processes, in_process, dask://HOST:PORT."
        ),
    ] = "processes",
) -> None:
    from tme_platform.lake.location import full_root, is_url, state_folder

    # What is simulated has a lake of its own, so that it is never mixed with what is real.
    simulated = study == SIMULATED or context.invoked_subcommand == "simulate"
    local = "data_lake_simulated" if simulated else "data_lake"
    lake = lake or local
    landed = landing or Path(local if is_url(lake) else lake) / "landing"
    context.obj = Where(full_root(lake), state_folder(lake, state), landed, study, backend)


@app.command()
def demo(context: typer.Context) -> None:
    """Run the whole study on the bundled real data and say what was found."""
    outcome = _run(context.obj, cohorts=None, select=None, refresh=Refresh.STALE)
    from tme_platform.cli.summary import print_summary

    print_summary(context.obj.workspace().lake, console)
    _finish(outcome)


@app.command()
def run(
    context: typer.Context,
    cohort: Annotated[list[str] | None, typer.Option(help="Only this cohort's tables (may be repeated).")] = None,
    select: Annotated[
        str | None, typer.Option(help="Dagster asset selection, e.g. 'group:s3_phenotypes' or 'cell_scores+'.")
    ] = None,
    refresh: Annotated[
        Refresh,
        typer.Option(
            help="stale: what changed; failed: that, and only the patients that failed; missing: what never was; "
            "all: everything."
        ),
    ] = Refresh.STALE,
) -> None:
    """Bring the study up to date; only what changed is computed."""
    _finish(_run(context.obj, cohorts=cohort, select=select, refresh=refresh))


app.command()(status)
app.command()(housekeeping)


@app.command()
def ui(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of Dagster.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Port of MLflow.")] = 5000,
) -> None:
    """Serve Dagster and MLflow on this machine (127.0.0.1) until Ctrl-C."""
    from tme_platform.cli.serve import serve

    where: Where = context.obj
    where.export()
    raise typer.Exit(serve(where.state, port, mlflow_port, console))


@app.command()
def check(context: typer.Context, cohort: Annotated[str, typer.Argument(help="Name of a landing folder.")]) -> None:
    """Validate a landing folder: what would be read, what rejected and why. Nothing is written."""
    from tme_platform.cohorts import check_cohort

    report = check_cohort(context.obj.landing / cohort)
    console.print(f"[bold]{cohort}[/bold]  {report.title or ''}")
    for name, count in report.counts.items():
        console.print(f"  {name}: {count:,}")
    for problem in report.problems:
        errors.print(f"[red]problem[/red]  {problem}", soft_wrap=True, highlight=False)
    if len(report.rejected):
        _print_rejected(report.rejected)
    if report.problems:
        errors.print("Mend the problems above; until then the tables they belong to are not made.")
        raise typer.Exit(1)
    console.print("[green]ready[/green]: `tme run --cohort " + cohort + "` reads it.")


@app.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help='A query, e.g. "select cohort, count(*) from tme_phenotypes group by 1".')],
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, all rows.")] = False,
) -> None:
    """Ask the tables a question in SQL (DuckDB); `select * from lake_tables` lists them."""
    import duckdb

    from tme_platform.lake import query as ask

    try:
        answer = ask(context.obj.state, sql)
    except (FileNotFoundError, duckdb.Error) as error:
        _fail(str(error))
    if csv:
        typer.echo(answer.to_csv(index=False), nl=False)
    else:
        _print_frame(answer)


@app.command()
def score(
    context: typer.Context,
    image: Annotated[Path, typer.Option(help="MR image: NIfTI, NRRD, MHA, or a DICOM folder.")],
    mask: Annotated[Path, typer.Option(help="Outline of the tumour: label map, DICOM-SEG or RTSTRUCT.")],
    model: Annotated[str, typer.Option(help="Version or alias.")] = "champion",
    label: Annotated[int | None, typer.Option(help="Label of the tumour in the mask.")] = None,
    exclusion_mask: Annotated[Path | None, typer.Option(help="What is left out of the ring.")] = None,
    series: Annotated[str | None, typer.Option(help="DICOM series, if the folder holds several.")] = None,
    phase: Annotated[int | None, typer.Option(help="Phase of a dynamic series, from 0.")] = None,
    minus: Annotated[int | None, typer.Option(help="Phase to subtract from it.")] = None,
    batch: Annotated[
        str | None, typer.Option(help="Scanner (or site) of the image, for a version on harmonised features.")
    ] = None,
) -> None:
    """Score one new patient: rad-score, hot or cold, and how far the case lies outside the training data."""
    from tme_platform.scoring import score_case
    from tme_platform.tracking.scoring_model import load_scoring_model

    where: Where = context.obj
    scoring = load_scoring_model(where.tracker(), model)
    case = score_case(
        scoring,
        image,
        mask,
        label=label,
        exclusion_mask=exclusion_mask,
        series=series,
        phase=phase,
        minus=minus,
        batch=batch,
    )
    console.print(f"rad-score [bold]{case.rad_score!r}[/bold]  (version {case.model_version})", highlight=False)
    console.print(f"{case.predicted} at the locked threshold {case.threshold:.4f}", highlight=False)
    console.print(
        f"further from the training patients than {case.distance_percentile:.0%} of these from one another; "
        f"{case.share_outside:.0%} of its features beyond their range, the furthest {case.furthest_feature} "
        f"({case.furthest_sd:+.1f} sd)",
        highlight=False,
    )
    for warning in case.warnings:
        errors.print(f"[yellow]caution[/yellow]  {warning}", highlight=False, soft_wrap=True)
    console.print("For research on cohorts; no decision about a patient may rest on it.")


@app.command()
def simulate(
    context: typer.Context,
    patients_scale: Annotated[float, typer.Option(help="Sizes as a share of the published ones.")] = 1.0,
    size: Annotated[list[str] | None, typer.Option(help="COHORT=N: patients of one cohort (may be repeated).")] = None,
    add: Annotated[
        list[str] | None, typer.Option(help="COHORT=N: grow a cohort that is there by N patients (may be repeated).")
    ] = None,
    effect: Annotated[float, typer.Option(min=0, help="How strongly images follow the infiltration; 0: not.")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 2024,
    dicom: Annotated[
        list[str] | None, typer.Option(help="COHORT whose images are DICOM series with DICOM-SEG (may be repeated).")
    ] = None,
    features_only: Annotated[bool, typer.Option(help="Finished feature tables in place of images.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one per processor.")] = 0,
    to: Annotated[Path | None, typer.Option(help="Folder for the cohorts.  [default: LAKE/landing]")] = None,
    replace: Annotated[bool, typer.Option(help="Make cohorts anew that were made otherwise.")] = False,
) -> None:
    """Write the simulated study: cohorts in the published sizes whose true answer is known.

    Patients that are there stay as they are, byte for byte, when a cohort grows. Then `tme --study simulated run`.
    """
    from tme_platform.cli.progress import SimulationProgress
    from tme_platform.simulation import Simulation, grown_sizes, published_sizes, write_study

    landing = to or context.obj.landing
    made_by = Simulation(seed, effect, features_only, tuple(dicom or ()))
    sizes = published_sizes(patients_scale) | _counts(size or [])
    if add:
        sizes, made_by = grown_sizes(landing, _counts(add))
    with SimulationProgress(console) as progress:
        images = write_study(
            landing, sizes, made_by, workers=workers or None, replace_other=replace, on_progress=progress.told
        )
    for cohort, patients in sizes.items():
        console.print(f"[green]✓[/green] {cohort:<22} {patients:>5} patients, {images[cohort]} images written")
    console.print(
        f"Next: `tme --study {SIMULATED} --lake {context.obj.lake} --landing {landing} run`",
        highlight=False,
        soft_wrap=True,
    )


def _counts(given: list[str]) -> dict[str, int]:
    """COHORT=N as a mapping."""
    pairs = [text.partition("=") for text in given]
    for name, _, number in pairs:
        if not number.isdecimal():
            raise typer.BadParameter(f"{name} needs a number of patients, as in {name}=40")
    return {name: int(number) for name, _, number in pairs}


def main() -> None:
    """Entry point."""
    try:
        app()
    except (
        ValueError,
        LookupError,
        RuntimeError,
    ) as error:  # settings, a model that is not there, or a lake or server out of reach
        errors.print(f"[red]error[/red]  {error}", soft_wrap=True, highlight=False)
        raise SystemExit(1) from None
    except OSError as error:
        errors.print(f"[red]error[/red]  {error.filename or ''}: {error.strerror or error}", soft_wrap=True)
        raise SystemExit(1) from None


def _run(where: Where, *, cohorts: list[str] | None, select: str | None, refresh: Refresh) -> Outcome:
    from tme_platform.cli.progress import TerminalProgress

    with TerminalProgress(console) as progress:
        progress.say("starting")
        from tme_platform.orchestration.runner import open_instance, run_study

        workspace = where.workspace()
        if not workspace.cohorts():
            raise ValueError(
                f"no cohort of study {where.study} has landed in {workspace.landing}: "
                "put a folder with a cohort.yaml there, or name another place (--landing)"
            )
        gc.freeze()  # what was imported stays: the collector need not go through it again and again
        try:
            with open_instance(where.state) as instance:
                return run_study(workspace, instance, progress, cohorts=cohorts, select=select, refresh=refresh.value)
        finally:
            gc.unfreeze()  # until the end, when DuckDB wants to see it go


def _finish(outcome: Outcome) -> None:
    for failure in outcome.failures:
        place = f" of {failure.cohort}" if failure.cohort else ""
        errors.print(f"[red]failed[/red]  {failure.asset}{place}: {failure.message}", soft_wrap=True, highlight=False)
    if outcome.skipped:
        names = sorted({asset if cohort is None else f"{asset} of {cohort}" for asset, cohort in outcome.skipped})
        errors.print(
            f"[yellow]not made because of that[/yellow]  {', '.join(names)}; the last good versions stand.",
            soft_wrap=True,
        )
    if not outcome.success:
        raise typer.Exit(1)


def _print_rejected(rejected: pd.DataFrame, most: int = 20) -> None:
    table = Table(title=f"{len(rejected)} rejected", title_justify="left")
    for heading in ("rule", "patient", "file", "what to do"):
        table.add_column(heading, overflow="fold")
    for row in rejected.head(most).itertuples():
        table.add_row(str(row.rule), _blank(row.patient_id), _blank(row.file), f"{row.message} ({row.action})")
    console.print(table)
    if len(rejected) > most:
        console.print(f"... and {len(rejected) - most} more")


def _blank(value: object) -> str:
    import pandas as pd

    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _print_frame(frame: pd.DataFrame, most: int = 100) -> None:
    """Print a table for reading: numbers to six digits (`--csv` has all of them)."""
    table = Table(box=None, header_style="bold")
    for name in frame.columns:
        table.add_column(str(name), overflow="fold", justify="right" if frame[name].dtype.kind in "if" else "left")
    for row in frame.head(most).itertuples(index=False):
        table.add_row(
            *(f"{value:.6g}" if isinstance(value, float) and value == value else _blank(value) for value in row)
        )
    console.print(table)
    console.print(f"{len(frame)} row(s)" + (f", {most} shown; --csv prints all" if len(frame) > most else ""))


def _fail(message: str) -> None:
    errors.print(f"[red]error[/red]  {message}", soft_wrap=True, highlight=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
