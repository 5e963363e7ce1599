"""Runs of the study in lakes of their own, and whether two lakes hold the same; for the benchmarks beside it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tme_platform.lake import Lake, content_hash
from tme_platform.tables import TABLES, TableSchema

TME = Path(sys.executable).with_name("tme")
OF_THE_RUN = ["mlflow_run_id", "model_version"]
"""Columns that name the run that made a row, and so differ between any two."""


def start(lake: Path | str, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `tme run` in a lake, as a process group of its own. Which study is said as for `tme`: TME_STUDY, ..."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"TME_STATE", "DAGSTER_HOME"}}
    return subprocess.Popen(
        [TME, "--lake", lake, "run", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env={**inherited, **(environment or {})},
        start_new_session=True,
    )


def parts(lake: Lake, schema: TableSchema) -> dict[str | None, pd.DataFrame]:
    """The parts of a table as they are."""
    return {part: lake.read(schema, part) for part in lake.states(schema)}


def contents(lake: Lake) -> dict[str, str]:
    """Hash of each part of each table, without what names the run that made it.

    Columns are taken by name: a table has them in the order in which its cohorts brought them.
    """
    return {
        f"{schema.name}/{part or '*'}": content_hash(frame[sorted(frame.columns.difference(OF_THE_RUN))])
        for schema in TABLES.values()
        for part, frame in parts(lake, schema).items()
    }


def same(expected: dict[str, str], lake: Lake) -> None:
    """Raise AssertionError where a lake holds anything else."""
    found = contents(lake)
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if different:
        raise AssertionError(f"other than after an undisturbed run: {', '.join(different)}")


def commits(lake: Lake) -> dict[str, int]:
    """Commits of each table that wrote rows."""
    return {
        schema.name: sum("tme" in commit for commit in table.history())
        for schema in TABLES.values()
        if (table := lake.table(schema)) is not None
    }
