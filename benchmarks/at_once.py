"""Several runs at once lose nothing and make nothing twice: `python benchmarks/at_once.py`.

An undisturbed run comes first; what it leaves is what the others must leave. Then four processes run four cohorts at
once in one lake, and one more makes what is left; and two processes run the whole study at once in another. Which study
runs is named as for `tme`: TME_STUDY, TME_LANDING.
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
    """Run, compare, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run_at_once(Path(folder)), indent=2))


def run_at_once(folder: Path) -> dict[str, object]:
    """Run in lakes of `folder`; raises AssertionError where anything was lost or a model made twice."""
    calm, four, two = (folder / name for name in ("calm", "four", "two"))
    alone = _together([start(calm)])
    expected, made_once = contents(Lake(calm)), commits(Lake(calm))
    cohorts = sorted({name.partition("/")[2] for name in expected} - {"*"})[:COHORTS]
    side_by_side = _together([start(four, "--cohort", cohort) for cohort in cohorts])
    _together([start(four)])
    same(expected, Lake(four))
    twice = _together([start(two), start(two)])
    same(expected, Lake(two))
    if (versions := len(Tracker.of_lake(two).versions())) != 1:
        raise AssertionError(f"two runs at once made {versions} versions of one model")
    found = commits(Lake(two))
    again = {name: (count, made_once[name]) for name, count in found.items() if count > made_once[name]}
    return {
        "cohorts run at once": cohorts,
        "parts equal to an undisturbed run's": len(expected),
        "tables with more commits when two ran the whole study (commits, of one run)": again,
        "seconds": {"one run": alone, "four at once": side_by_side, "two at once": twice},
    }


def _together(runs: list[object]) -> float:
    started = time.perf_counter()
    if sum(run.wait() != 0 for run in runs):  # a sum waits for all
        raise AssertionError("a run failed")
    return round(time.perf_counter() - started, 1)


if __name__ == "__main__":
    main()
