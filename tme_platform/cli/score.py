"""`tme score`: one new patient through a stored signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tme_platform.cli.console import console, errors, shown

if TYPE_CHECKING:
    from tme_platform.steps.workspace import Workspace


def score(
    context: typer.Context,
    image: Annotated[Path, typer.Option(help="MR image: NIfTI, NRRD, MHA, or a DICOM folder.")],
    mask: Annotated[Path, typer.Option(help="Outline of the tumour: label map, DICOM-SEG or RTSTRUCT.")],
    model: Annotated[str, typer.Option(help="Version or alias.")] = "champion",
    label: Annotated[int | None, typer.Option(help="Label of the tumour in the mask.")] = None,
    exclusion_mask: Annotated[Path | None, typer.Option(help="Mask of what to leave out of the ring.")] = None,
    series: Annotated[
        str | None, typer.Option(help="Number or UID of the DICOM series, if the folder holds several.")
    ] = None,
    phase: Annotated[int | None, typer.Option(help="Phase of a dynamic series, from 0.")] = None,
    minus: Annotated[int | None, typer.Option(help="Phase to subtract from it.")] = None,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="Read a DICOM series although images of it are missing.")
    ] = False,
    batch: Annotated[
        str | None, typer.Option(help="Scanner (or site) of the image, for a version on harmonised features.")
    ] = None,
) -> None:
    """Score one new patient: rad-score, hot or cold, and how far the case lies outside the training data."""
    from tme_platform.tracking import open_tracker
    from tme_platform.tracking.registered import open_registry

    workspace: Workspace = context.obj
    open_registry(workspace.state, workspace.tracking_uri).version(model)  # before anything heavy
    from tme_platform.scoring import score_case
    from tme_platform.tracking.scoring_model import load_scoring_model

    scoring = load_scoring_model(open_tracker(workspace.state, workspace.tracking_uri), model)
    case = score_case(
        scoring,
        image,
        mask,
        label=label,
        exclusion_mask=exclusion_mask,
        series=series,
        phase=phase,
        minus=minus,
        allow_incomplete=allow_incomplete,
        batch=batch,
    )
    console.print(f"rad-score [bold]{case.rad_score!r}[/bold]  (version {shown(case.model_version)})", highlight=False)
    console.print(
        f"probability of a hot tumour {case.probability:.2f}, where hot tumours are as frequent as in discovery",
        highlight=False,
    )
    console.print(f"{case.predicted} at the locked threshold {case.threshold:.4f}", highlight=False)
    console.print(
        f"further from the training patients than {case.distance_percentile:.0%} of these from one another; "
        f"{case.share_outside:.0%} of its features beyond their range, the furthest {shown(case.furthest_feature)} "
        f"({case.furthest_sd:+.1f} sd)",
        highlight=False,
    )
    for warning in case.warnings:
        errors.print(f"[yellow]caution[/yellow]  {shown(warning)}", highlight=False, soft_wrap=True)
    console.print("For research on cohorts; no decision about a patient may rest on it.")
