"""Check that concurrent runs lose nothing and build nothing twice: `python benchmarks/at_once.py`.

A single run gives the expected tables. Then four processes run four cohorts concurrently in one lake, and a further run
builds the rest; in another lake, two processes run the whole study concurrently. TME_STUDY and TME_LANDING choose the
study, as for `tme`.
"""

import json
import tempfile
import time
from pathlib import Path

from lakes import commits, contents, same, start

from tme_platform.lake import Lake
from tme_platform.tracking import Tracker

COHORTS = 4


def main() -> None:
    """Run, compare and print the result."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run_at_once(Path(folder)), indent=2))


def run_at_once(folder: Path) -> dict[str, object]:
    """Run in lakes of `folder`; raise AssertionError if anything is lost or a model is trained twice."""
    single, four, two = (folder / name for name in ("single", "four", "two"))
    alone = _together([start(single)])
    expected, single_commits = contents(Lake(single)), commits(Lake(single))
    cohorts = sorted({name.partition("/")[2] for name in expected} - {"*"})[:COHORTS]
    side_by_side = _together([start(four, "--cohort", cohort) for cohort in cohorts])
    _together([start(four)])
    same(expected, Lake(four))
    twice = _together([start(two), start(two)])
    same(expected, Lake(two))
    if (versions := len(Tracker.of_lake(two).versions())) != 1:
        raise AssertionError(f"two concurrent runs registered {versions} versions of one model")
    found = commits(Lake(two))
    repeated = {name: (count, single_commits[name]) for name, count in found.items() if count > single_commits[name]}
    return {
        "cohorts run concurrently": cohorts,
        "partitions equal to those of a single run": len(expected),
        "tables with more commits after two concurrent runs (commits, commits of a single run)": repeated,
        "seconds": {"single run": alone, "four concurrent": side_by_side, "two concurrent": twice},
    }


def _together(runs: list[object]) -> float:
    started = time.perf_counter()
    if sum(run.wait() != 0 for run in runs):  # a sum waits for all
        raise AssertionError("a run failed")
    return round(time.perf_counter() - started, 1)


if __name__ == "__main__":
    main()
