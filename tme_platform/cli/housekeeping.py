"""`tme housekeeping`: remove old table versions and runs."""

from __future__ import annotations

from typing import Annotated

import typer

from tme_platform.cli.console import console


def housekeeping(
    context: typer.Context,
    older_than_days: Annotated[
        int | None,
        typer.Option("--older-than-days", min=1, help="Minimum age.  [default: the study's, 30 days]"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be removed.")] = False,
) -> None:
    """Remove old table versions and runs; what a registered model was trained on is kept."""
    from tme_platform.orchestration.housekeeping import keep_house
    from tme_platform.orchestration.instance import open_instance

    workspace = context.obj
    days = older_than_days or workspace.study.housekeeping.keep_days
    with open_instance(workspace.state) as instance:
        done = keep_house(workspace, instance, older_than_days=days, dry_run=dry_run)
    for table in done.tables:
        console.print(f"  {table.table}: {len(table.files)} file(s) of old versions")
    verb = "would be removed" if dry_run else "removed"
    console.print(
        f"{done.files} file(s), {len(done.runs)} run(s), {len(done.hash_caches)} list(s) of hashes {verb}, "
        f"out of use for more than {days} days."
    )
    if done.commits:
        console.print(f"{done.commits} commit(s) {verb} that are older than the audit period.")
    for name, versions in done.kept_versions.items():
        console.print(f"kept for registered models: {name} version {', '.join(map(str, versions))}")
