"""Kills runs of a study at random moments and shows that nothing is lost: `python benchmarks/kills.py [--kills 30]`.

An undisturbed run comes first, in a lake of its own; its time says within which span the kills fall, and its tables are
what the disturbed lake must end with. After each SIGKILL (of the whole process group) every table must open, and each
part's rows must be those that its last commit recorded. Which study runs is named as for `tme`: TME_STUDY, TME_LANDING.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from tme_platform.lake import TABLES, Lake, TableSchema, content_hash

TME = Path(sys.executable).with_name("tme")
OF_THE_RUN = ["mlflow_run_id", "model_version"]
"""Columns that name the run that made a row, and so differ between any two."""


def main() -> None:
    """Run, kill, look, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(kill_often(Path(folder), options.kills, options.seed), indent=2))


def kill_often(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill runs in `folder`; returns counts and times, and raises AssertionError where the lake is not whole."""
    calm, disturbed = folder / "calm", folder / "disturbed"
    started = time.perf_counter()
    if _run(calm).wait():
        raise AssertionError("the undisturbed run failed")
    whole = time.perf_counter() - started
    chance = random.Random(seed)  # noqa: S311 (moments, not secrets)
    landed = finished = 0
    for _ in range(kills):
        process = _run(disturbed)
        try:
            # Later runs have less to do: the span shrinks with what is done, so that most kills still fall into one.
            process.wait(timeout=chance.uniform(0, max(whole * (1 - landed / (kills + 1)), 3)))
            finished += 1
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            landed += 1
        _whole(Lake(disturbed))
    if _run(disturbed).wait():
        raise AssertionError("the run after the last kill failed; `tme run` on that lake says why")
    expected, found = (_contents(Lake(root)) for root in (calm, disturbed))
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if different:
        raise AssertionError(f"other than after an undisturbed run: {', '.join(different)}")
    return {
        "kills that hit a run": landed,
        "runs that ended before their kill": finished,
        "parts of tables equal": len(expected),
        "seconds of an undisturbed run": round(whole, 1),
    }


def _run(lake: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in {"TME_STATE", "DAGSTER_HOME"}}
    return subprocess.Popen(
        [TME, "--lake", lake, "run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def _parts(lake: Lake, schema: TableSchema) -> dict[str | None, pd.DataFrame]:
    return {part: lake.read(schema, part) for part in lake.states(schema)}


def _whole(lake: Lake) -> None:
    for schema in TABLES.values():
        for part, frame in _parts(lake, schema).items():
            recorded = lake.states(schema)[part].rows
            if len(frame) != recorded:
                raise AssertionError(f"{schema.name} of {part}: {len(frame)} rows, {recorded} recorded")


def _contents(lake: Lake) -> dict[str, str]:
    return {
        f"{schema.name}/{part or '*'}": content_hash(frame.drop(columns=OF_THE_RUN, errors="ignore"))
        for schema in TABLES.values()
        for part, frame in _parts(lake, schema).items()
    }


if __name__ == "__main__":
    main()
