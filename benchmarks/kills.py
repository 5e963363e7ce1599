"""Kill runs of a study at random times and check that nothing is lost: `python benchmarks/kills.py [--kills 30]`.

An uninterrupted run in a separate lake gives the expected tables. Then runs in another lake are killed (SIGKILL of the
command alone), each within a quarter of the time of an uninterrupted run, so that a lake is filled over several kills.
After each kill, no process of the run may be left after ten seconds, every table must open, and each partition must
have the rows that its last commit recorded. When a run completes, the lake is compared with the expected tables, no run
may be under way in Dagster, and the next series starts with an empty lake. TME_STUDY and TME_LANDING choose the study,
as for `tme`. Needs Linux.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock
from uuid import uuid4

import dagster as dg
from lakes import contents, failed, parts, same, start

from tme_platform.lake import Lake, ask
from tme_platform.orchestration.alive import UNDER_WAY
from tme_platform.orchestration.instance import open_instance
from tme_platform.tables import TABLES


def main() -> None:
    """Run, kill, check and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(kill_often(Path(folder), options.kills, options.seed), indent=2))


def kill_often(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill runs in `folder` and return counts and times; raise AssertionError if a lake is damaged."""
    uninterrupted, killed = folder / "uninterrupted", folder / "killed"
    started = time.perf_counter()
    if start(uninterrupted).wait():
        raise failed(uninterrupted)
    duration = time.perf_counter() - started
    expected = contents(Lake(uninterrupted))
    generator = random.Random(seed)  # noqa: S311 (times, not secrets)
    partitions: list[int] = []
    completed = 0
    while len(partitions) < kills:
        if _ends_within(killed, generator.uniform(0, duration / 4)):
            completed += 1
            _complete(expected, killed)
            shutil.rmtree(killed)
            continue
        partitions.append(_count_partitions(Lake(killed)))
        print(
            f"kill {len(partitions)} of {kills}: {partitions[-1]} of {len(expected)} partitions built", file=sys.stderr
        )
    _ends_within(killed, None)
    _complete(expected, killed)
    return {
        "kills that hit a run": len(partitions),
        "lakes completed from empty": completed + 1,
        "partitions built at each kill": sorted(partitions),
        "partitions equal to an uninterrupted run, in each lake": len(expected),
        "seconds of an uninterrupted run": round(duration, 1),
    }


def _ends_within(lake: Path, seconds: float | None) -> bool:
    """Run, and kill the run after `seconds`; return whether it ended before."""
    mark = f"TME_KILLS={uuid4().hex}"
    process = start(lake, environment=dict([mark.split("=")]))
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        _wait_for_orphans(mark)
        return False
    if code:
        raise failed(lake)
    return True


def _wait_for_orphans(mark: str) -> None:
    deadline = time.monotonic() + 10
    while left := list(_processes_with(mark.encode())):
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(left)} processes of a killed run are left")
        time.sleep(0.2)


def _processes_with(mark: bytes) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if mark in (process / "environ").read_bytes().split(b"\0"):
                yield process


def _complete(expected: Mapping[str, str], folder: Path) -> None:
    lake = Lake(folder)
    same(expected, lake)
    if (rows := len(ask(lake, "select * from patients"))) == 0:
        raise AssertionError(f"the catalog shows {rows} patients")
    with mock.patch.dict(os.environ), open_instance(folder) as instance:
        under_way = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
    if under_way:
        raise AssertionError(f"{len(under_way)} runs are under way in Dagster, and nothing runs")


def _count_partitions(lake: Lake) -> int:
    """Count the table partitions in the lake, and check each against the row count of its last commit."""
    count = 0
    for schema in TABLES.values():
        for part, frame in parts(lake, schema).items():
            recorded = lake.states(schema)[part].rows
            if len(frame) != recorded:
                raise AssertionError(f"{schema.name} of {part}: {len(frame)} rows, {recorded} recorded")
            count += 1
    return count


if __name__ == "__main__":
    main()
