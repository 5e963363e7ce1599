"""`tme score`: one new patient through a stored signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tme_platform.cli.console import console, errors, shown

if TYPE_CHECKING:
    from tme_platform.scoring import ScoringModel
    from tme_platform.steps.workspace import Workspace

_PACKAGED = "simulated"


def score(
    context: typer.Context,
    image: Annotated[Path, typer.Option(help="MR image: NIfTI, NRRD, MHA, or a DICOM folder.")],
    mask: Annotated[Path, typer.Option(help="Outline of the tumour: label map, DICOM-SEG or RTSTRUCT.")],
    model: Annotated[
        str,
        typer.Option(
            help="Version or alias; `simulated` for the packaged model, which shows how scoring works.  [default: the "
            "champion; the packaged model if no version of the study was trained on images]",
            show_default=False,
        ),
    ] = "",
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
    scoring = _scoring_model(context.obj, model)
    from tme_platform.scoring import score_case

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


def _scoring_model(workspace: Workspace, model: str) -> ScoringModel:
    """The version that was asked for; by default the champion, or the packaged model where images trained none."""
    if model == _PACKAGED:
        return _packaged("")
    from tme_platform.tracking import open_tracker
    from tme_platform.tracking.registered import from_images, open_registry
    from tme_platform.tracking.tracker import CHAMPION

    try:  # before anything heavy
        registry = open_registry(workspace.state, workspace.tracking_uri)
        record = registry.version(model or CHAMPION)
    except LookupError as error:
        if model or _trained_on_images(workspace):
            raise
        return _packaged(str(error))
    if not model and not from_images(registry, record):
        return _packaged(f"version {record.version} of the study was trained on a finished feature table")
    from tme_platform.tracking.scoring_model import load_scoring_model

    return load_scoring_model(open_tracker(workspace.state, workspace.tracking_uri), model or CHAMPION)


def _trained_on_images(workspace: Workspace) -> bool:
    """Whether any version was trained on features of images, so that one is to be chosen."""
    from tme_platform.tracking.registered import from_images, open_registry

    try:
        registry = open_registry(workspace.state, workspace.tracking_uri)
    except LookupError:
        return False
    return any(from_images(registry, record) for record in registry.versions())


def _packaged(why: str) -> ScoringModel:
    """The packaged model, with what it is worth on the terminal."""
    from tme_platform.scoring.packaged import packaged_model

    found = packaged_model()
    said = f"{why}. Scored by the packaged model `{_PACKAGED}` instead" if why else f"packaged model `{_PACKAGED}`"
    errors.print(f"[yellow]simulated[/yellow]  {shown(f'{said}: {found.label}.')}", highlight=False, soft_wrap=True)
    return found.scoring
