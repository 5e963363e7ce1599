"""Start runs in separate lakes and compare lakes; shared by the other benchmarks."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tme_platform.lake import Lake, content_hash
from tme_platform.tables import TABLES, TableSchema

TME = Path(sys.executable).with_name("tme")
RUN_COLUMNS = ["mlflow_run_id", "model_version"]
"""Columns that name the run that wrote a row, and so differ between runs."""


def start(lake: Path | str, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `tme run` in a lake, in a new process group. The environment chooses the study, as for `tme`.

    What it prints is in a file beside the lake.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in {"TME_STATE", "DAGSTER_HOME"}}
    with printed(lake).open("ab") as output:
        return subprocess.Popen(
            [TME, "--lake", lake, "run", *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **(environment or {})},
            start_new_session=True,
        )


def printed(lake: Path | str) -> Path:
    """The file in which `start` keeps what the runs of a lake print."""
    return Path(f"{lake}.log")


def failed(lake: Path | str) -> AssertionError:
    """The error to raise if a run failed, with the end of what runs of this lake printed."""
    last = printed(lake).read_text(errors="replace").splitlines()[-60:]
    return AssertionError("\n".join([f"a run in {lake} failed", *last]))


def parts(lake: Lake, schema: TableSchema) -> dict[str | None, pd.DataFrame]:
    """Return the current partitions of a table."""
    return {part: lake.read(schema, part) for part in lake.states(schema)}


def contents(lake: Lake) -> dict[str, str]:
    """Return the hash of each partition of each table, without the columns that name the run."""
    return {
        f"{schema.name}/{part or '*'}": content_hash(frame.drop(columns=RUN_COLUMNS, errors="ignore"))
        for schema in TABLES.values()
        for part, frame in parts(lake, schema).items()
    }


def same(expected: Mapping[str, str], lake: Lake) -> None:
    """Raise AssertionError if a lake has other contents."""
    found = contents(lake)
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if different:
        raise AssertionError(f"partitions differ from the expected ones: {', '.join(different)}")


def commits(lake: Lake) -> dict[str, int]:
    """Return the number of commits of each table that wrote rows."""
    return {
        schema.name: sum("tme" in commit for commit in table.history())
        for schema in TABLES.values()
        if (table := lake.table(schema)) is not None
    }
