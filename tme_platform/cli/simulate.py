"""`tme simulate`: write the simulated study, or grow it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tme_platform.cli.console import console, shown
from tme_platform.environment import SIMULATED


def simulate(
    context: typer.Context,
    patients_scale: Annotated[float, typer.Option(help="Sizes as a share of the published ones.")] = 1.0,
    size: Annotated[list[str] | None, typer.Option(help="COHORT=N: patients of one cohort (may be repeated).")] = None,
    add: Annotated[
        list[str] | None, typer.Option(help="COHORT=N: add N patients to an existing cohort (may be repeated).")
    ] = None,
    effect: Annotated[
        float, typer.Option(min=0, help="Strength of the link between infiltration and images; 0: none.")
    ] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 2024,
    dicom: Annotated[
        list[str] | None, typer.Option(help="COHORT whose images are DICOM series with DICOM-SEG (may be repeated).")
    ] = None,
    features_only: Annotated[bool, typer.Option(help="Write finished feature tables instead of images.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one per processor.")] = 0,
    to: Annotated[Path | None, typer.Option(help="Folder for the cohorts.  [default: LAKE/landing]")] = None,
    replace: Annotated[bool, typer.Option(help="Overwrite cohorts generated with other settings.")] = False,
) -> None:
    """Write the simulated study: cohorts in the published sizes, with known truth.

    Existing patients are kept byte for byte when a cohort grows. Then `tme --study simulated run`.
    """
    from tme_platform.cli.progress import SimulationProgress
    from tme_platform.simulation import Simulation, grown_sizes, published_sizes, write_study

    _ = context.obj.state  # a lake that cannot be used is refused before anything is written into it
    landing = to or context.obj.landing
    made_by = Simulation(seed, effect, features_only, tuple(dicom or ()))
    sizes = published_sizes(patients_scale) | _counts(size or [])
    if add:
        sizes, made_by = grown_sizes(landing, _counts(add))
    with SimulationProgress(console) as progress:
        images = write_study(
            landing, sizes, made_by, workers=workers or None, replace_other=replace, on_progress=progress.update
        )
    for cohort, patients in sizes.items():
        console.print(f"[green]✓[/green] {cohort:<22} {patients:>5} patients, {images[cohort]} images written")
    console.print(
        f"Next: `tme --study {SIMULATED} --lake {shown(context.obj.lake_root)} --landing {shown(landing)} run`",
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
