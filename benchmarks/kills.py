"""Kills runs of a study at random moments and shows that nothing is lost: `python benchmarks/kills.py [--kills 30]`.

An undisturbed run comes first, in a lake of its own: its tables are what the disturbed lake must end with. Then runs of
another lake are killed (SIGKILL of the whole process group), each within the first fourth of an undisturbed run's time,
so that several kills fall into one way from the empty lake to the full one. After each kill every table must open, and
each part's rows must be those that its last commit recorded. A run that ends before its kill has made the lake whole:
it is compared, and the next way begins with an empty lake. Which study runs is named as for `tme`: TME_STUDY,
TME_LANDING.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lakes import contents, parts, same, start

from tme_platform.lake import Lake
from tme_platform.tables import TABLES


def main() -> None:
    """Run, kill, look, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(kill_often(Path(folder), options.kills, options.seed), indent=2))


def kill_often(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill runs in `folder`; returns counts and times, and raises AssertionError where a lake is not whole."""
    calm, disturbed = folder / "calm", folder / "disturbed"
    started = time.perf_counter()
    if start(calm).wait():
        raise AssertionError("the undisturbed run failed")
    whole = time.perf_counter() - started
    expected = contents(Lake(calm))
    chance = random.Random(seed)  # noqa: S311 (moments, not secrets)
    stood_at: list[int] = []
    ways = 0
    while len(stood_at) < kills:
        if _ends_within(disturbed, chance.uniform(0, whole / 4)):
            ways += 1
            same(expected, Lake(disturbed))
            shutil.rmtree(disturbed)
            continue
        stood_at.append(_whole(Lake(disturbed)))
        print(f"kill {len(stood_at)} of {kills}: {stood_at[-1]} of {len(expected)} parts stand", file=sys.stderr)
    _ends_within(disturbed, None)
    same(expected, Lake(disturbed))
    return {
        "kills that hit a run": len(stood_at),
        "ways from an empty lake to a whole one": ways + 1,
        "parts of tables that stood at the kills": sorted(stood_at),
        "parts equal to an undisturbed run's, each way": len(expected),
        "seconds of an undisturbed run": round(whole, 1),
    }


def _ends_within(lake: Path, seconds: float | None) -> bool:
    """Run; whether the run ended by itself. Else it was killed after so many seconds."""
    process = start(lake)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    if code:
        raise AssertionError("a run after a kill failed; `tme run` on that lake says why")
    return True


def _whole(lake: Lake) -> int:
    """Number of parts of tables in the lake, each with the rows that its last commit recorded."""
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
