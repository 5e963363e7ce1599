"""`tme forget`: remove a patient who left the study from everything that the lake still keeps of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tme_platform.cli.console import console, errors, shown

if TYPE_CHECKING:
    from tme_platform.orchestration.forget import Forgetting


def forget(
    context: typer.Context,
    patient: Annotated[str, typer.Argument(help="Name (patient_id) as in the table `patients`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a patient from old table versions, models, run history, pages and logs. This cannot be undone.

    First remove the patient from the landing folders and call `tme run`, which takes them out of the current tables and
    trains a new signature without them.
    """
    from tme_platform.lake.forgotten import forgotten
    from tme_platform.orchestration.forget import forget as remove
    from tme_platform.orchestration.forget import named
    from tme_platform.orchestration.instance import open_instance

    workspace = context.obj
    if not dry_run and not yes:
        typer.confirm(
            "Models that were trained with the patient cannot be trained again afterwards. Go on?", abort=True
        )
    person = named(workspace, patient)
    before = next((line for line in forgotten(workspace.state) if line.is_of(patient)), None)
    with open_instance(workspace.state) as instance, console.status("searching") as status:
        done = remove(workspace, instance, person, dry_run=dry_run, say=lambda part: status.update(f"searching {part}"))
    if done.found:
        _print_done(done, dry_run)
    elif before is not None:
        console.print(f"forgotten on {before.time[:10]}; nothing names the patient any more")
    else:
        raise LookupError(f"nothing in the lake names patient {patient}; the view `patients` lists the current ones")
    if done.left:
        raise typer.Exit(1)


def _print_done(done: Forgetting, dry_run: bool) -> None:
    verb = "would be removed or rewritten" if dry_run else "removed or rewritten"
    for what, count in done.counts().items():
        if count:
            console.print(f"  {count:,} {what} {verb}")
    for table in done.tables:
        console.print(f"    {table.table}: {table.files} files, {table.commits} commits", highlight=False)
    if done.models.versions:
        console.print(f"  versions of the signature that cannot be trained again: {', '.join(done.models.versions)}")
    for path in done.left:
        errors.print(f"[red]still names the patient[/red]  {shown(path)}", soft_wrap=True, highlight=False)
    if not dry_run:
        console.print("Backups and copies of this lake, and exported reports, are not touched.")
