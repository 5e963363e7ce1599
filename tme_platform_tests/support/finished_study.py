"""The small study with a cohort of DICOM after its first run, in a folder from which every worker opens it."""

import pickle
from pathlib import Path

import dagster as dg

from tme_platform.orchestration.run import Outcome
from tme_platform_tests.support.imaging_cohort import make_cohort
from tme_platform_tests.support.platform import Platform, Recorded, everything_logged
from tme_platform_tests.support.small_study import make_study, workspace_in

_SAID = "said.pickle"


def run_finished(root: Path) -> None:
    """Make the study and run it, with a history that other processes can open."""
    workspace = make_study(root, all_genes=True)
    make_cohort(workspace.landing / "scans")
    with everything_logged(root / "lake" / "everything.log"), _history(root) as instance:
        said = Platform(workspace, instance).run()
    (root / _SAID).write_bytes(pickle.dumps(said))


def open_finished(root: Path) -> tuple[Platform, Outcome, Recorded]:
    """The study, what its run came to and what it recorded."""
    outcome, recorded = pickle.loads((root / _SAID).read_bytes())  # noqa: S301 (written above)
    return Platform(workspace_in(root), _history(root)), outcome, recorded


def _history(root: Path) -> dg.DagsterInstance:
    folder = root / "history"
    folder.mkdir(exist_ok=True)
    return dg.DagsterInstance.local_temp(str(folder))
