"""Check that the study gives the same tables on servers as in a folder: `python benchmarks/elsewhere.py`.

Three lakes are compared: a folder with the default SQLite databases; a folder with Dagster and MLflow on PostgreSQL
and the settings of the team deployment; and an S3 store with the same. Servers are started on loopback from their
wheels, as in the tests. Each study runs twice, the second time with nothing to do. TME_STUDY and TME_LANDING choose
the study, as for `tme`.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from lakes import contents, same, start

from tme_platform.lake import Lake
from tme_platform.tracking import Tracker
from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.servers import object_store, postgres


def main() -> None:
    """Run on each, compare and print the result."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run_elsewhere(Path(folder)), indent=2))


def run_elsewhere(root: Path) -> dict[str, object]:
    """Run in lakes of `root`; raise AssertionError if a lake differs from the first."""
    found: dict[str, object] = {}
    with (
        postgres("dagster", "mlflow", "dagster_s3", "mlflow_s3") as database,
        object_store("lake") as store,
    ):
        os.environ.update(store)  # for the comparison in this process
        plain = root / "plain"
        found["in a folder"] = twice(str(plain), {})
        expected = contents(Lake(plain))
        for name, lake, suffix in (("on PostgreSQL", str(root / "sql"), ""), ("in S3", "s3://lake/study", "_s3")):
            home, state = root / f"dagster{suffix}", root / f"state{suffix}"
            home.mkdir()
            shutil.copy(REPOSITORY / "deploy" / "dagster.yaml", home)
            tracking = f"{database}/mlflow{suffix}"
            environment = {
                "DAGSTER_HOME": str(home),
                "DAGSTER_POSTGRES_URL": f"{database}/dagster{suffix}",
                "DAGSTER_LOGS": str(root / f"logs{suffix}"),
                "TME_STATE": str(state),
                "TME_TRACKING_URI": tracking,
            }
            found[name] = twice(lake, environment)
            same(expected, Lake(lake, str(state)))
            if (versions := len(Tracker.of_lake(state, tracking).versions())) != 1:
                raise AssertionError(f"MLflow on PostgreSQL has {versions} versions of the signature instead of 1")
    return {"table partitions, equal in all lakes": len(expected), "seconds of the first and second run": found}


def twice(lake: str, environment: Mapping[str, str]) -> list[float]:
    """Return the seconds of a first run and of one with nothing to do."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        if start(lake, environment=environment).wait():
            raise AssertionError(f"a run in {lake} failed")
        seconds.append(round(time.perf_counter() - started, 1))
    print(f"{lake}: {seconds}", file=sys.stderr)
    return seconds


if __name__ == "__main__":
    main()
