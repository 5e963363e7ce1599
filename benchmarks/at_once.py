"""Check that concurrent runs lose nothing and build nothing twice: `python benchmarks/at_once.py [--runs 6]`.

A single run gives the expected tables. Then four processes run four cohorts concurrently in one lake, and a further run
builds the rest; in another lake, several processes run the whole study concurrently, while 200 queries are asked, eight
at a time. A run in that lake with another state folder and the same registry then has nothing to do. TME_STUDY and
TME_LANDING choose the study, as for `tme`.
"""

import argparse
import json
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lakes import commits, contents, failed, same, start

from tme_platform.lake import Lake, ask
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tracking import Tracker
from tme_platform.tracking.place import local_uri

COHORTS = 4
QUERIES, QUERIES_AT_ONCE = 200, 8


def main() -> None:
    """Run, compare and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run_at_once(Path(folder), options.runs), indent=2))


def run_at_once(folder: Path, number: int) -> dict[str, object]:
    """Run in lakes of `folder`; raise AssertionError if anything is lost or a model is trained twice."""
    single, four, several = (folder / name for name in ("single", "four", "several"))
    alone = _together([start(single)])
    expected, single_commits = contents(Lake(single)), commits(Lake(single))
    cohorts = sorted({name.partition("/")[2] for name in expected} - {"*"})[:COHORTS]
    side_by_side = _together([start(four, "--cohort", cohort) for cohort in cohorts])
    _together([start(four)])
    same(expected, Lake(four))
    started = [start(several) for _ in range(number)]
    _ask_beside(Lake(several), started[0])
    together = _together(started)
    same(expected, Lake(several))
    if (versions := len(Tracker.of_lake(several).versions())) != 1:
        raise AssertionError(f"concurrent runs registered {versions} versions of one model")
    found = commits(Lake(several))
    repeated = {name: (count, single_commits[name]) for name, count in found.items() if count > single_commits[name]}
    # models are in the state folder unless a registry is named; machines that share a lake share one
    registry = {"TME_TRACKING_URI": local_uri(several)}
    _together([start(several, environment={"TME_STATE": str(folder / "another_state"), **registry})])
    if written := sorted(name for name, count in commits(Lake(several)).items() if count != found[name]):
        raise AssertionError(f"a run with another state folder wrote to tables that are current: {', '.join(written)}")
    return {
        "cohorts run concurrently": cohorts,
        "partitions equal to those of a single run": len(expected),
        "whole runs at once": number,
        "queries beside them": QUERIES,
        "tables with more commits after concurrent runs (commits, commits of a single run)": repeated,
        "seconds": {"single run": alone, "four concurrent": side_by_side, "whole runs at once": together},
    }


def _ask_beside(lake: Lake, run: subprocess.Popen[bytes]) -> None:
    """Ask as soon as there is a table, while a run goes on; a query that fails raises its error."""
    while lake.table(PATIENTS) is None:
        if run.poll() is not None:
            raise failed(lake.root)
        time.sleep(1)
    with ThreadPoolExecutor(QUERIES_AT_ONCE) as threads:
        counts = threads.map(lambda _: len(ask(lake, "select count(*) from patients")), range(QUERIES))
        if set(counts) != {1}:
            raise AssertionError("a query gave no answer")


def _together(runs: list[subprocess.Popen[bytes]]) -> float:
    started = time.perf_counter()
    if sum(run.wait() != 0 for run in runs):  # a sum waits for all
        raise AssertionError("a run failed")
    return round(time.perf_counter() - started, 1)


if __name__ == "__main__":
    main()
