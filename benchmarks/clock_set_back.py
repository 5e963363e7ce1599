"""Check that a clock that is set back hides no change: `python benchmarks/clock_set_back.py [--hours 26]`.

Two lakes are filled from two copies of the landing folder, and in both copies the same patient gets another survival
time. The first lake is brought up to date with the clock as it is, the second with the clock set back (libfaketime, of
Debian's package `faketime`), so that the edited file and all commits are in the future. Both must end with the same
tables; a further run in each, with the clock as it is, must write nothing. TME_STUDY and TME_LANDING choose the study,
as for `tme`; the first cohort whose declaration names a clinical table with a column for `os_days` is edited.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml
from lakes import commits, contents, failed, same, start

from tme_platform.lake import Lake

LIBRARIES = Path("/usr/lib")
DAYS_LONGER = 10


def main() -> None:
    """Run, compare and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=int, default=26, help="by how much the clock is set back")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(set_back(Path(folder), Path(os.environ["TME_LANDING"]), options.hours), indent=2))


def set_back(folder: Path, landing: Path, hours: int) -> dict[str, object]:
    """Run in lakes of `folder`; raise AssertionError if a change is missed, or something is built that is current."""
    found, written = {}, {}
    for name, clock in (("steady", {}), ("set_back", _clock(hours, folder / "python"))):
        lake, copy = folder / name, folder / f"{name}_landing"
        shutil.copytree(landing, copy)
        own = {"TME_LANDING": str(copy)}
        _run(lake, own)
        before = commits(Lake(lake))
        edited = _edit(copy)
        _run(lake, own | clock)
        after = commits(Lake(lake))
        _run(lake, own)
        if (last := commits(Lake(lake))) != after:
            raise AssertionError(
                f"{name}: a run with nothing to do wrote {sorted(t for t in last if last[t] != after[t])}"
            )
        found[name] = contents(Lake(lake))
        written[name] = sorted(table for table in after if after[table] != before.get(table))
    same(found["steady"], Lake(folder / "set_back"))
    return {
        "hours": hours,
        "edited": edited,
        "partitions": len(found["steady"]),
        "tables written after the edit": written,
    }


def _run(lake: Path, environment: Mapping[str, str]) -> None:
    if start(lake, environment=environment).wait():
        raise failed(lake)


def _edit(landing: Path) -> str:
    """Lengthen the survival of one patient; return cohort and file."""
    for declaration in sorted(landing.glob("*/cohort.yaml")):
        clinical = yaml.safe_load(declaration.read_text()).get("clinical") or {}
        for table in clinical if isinstance(clinical, list) else [clinical]:
            column = (table.get("columns") or {}).get("os_days")
            if isinstance(column, str):
                path = declaration.parent / table["file"]
                rows = pd.read_csv(path, sep=None, engine="python", dtype=str, keep_default_na=False)
                number = float(rows.loc[0, column]) + DAYS_LONGER
                rows.loc[0, column] = f"{number:g}"
                rows.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
                return f"{declaration.parent.name}/{path.name}"
    raise SystemExit("no cohort has a clinical table with a column for os_days")


def _clock(hours: int, folder: Path) -> dict[str, str]:
    library = next(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        raise SystemExit("needs libfaketime: install Debian's package faketime")
    # libfaketime 0.9.10 leaves the monotonic clock alone, but not the sleep that Python counts on it
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds) and None\n"
    )
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"-{hours}h",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",  # the times of files are those of the disk: in the future
        "PYTHONPATH": path,
    }


if __name__ == "__main__":
    main()
