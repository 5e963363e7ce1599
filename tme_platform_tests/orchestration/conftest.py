"""A small study, run once for the tests that only look; tests that change something copy it."""

import dagster as dg
import pytest

from tme_platform.orchestration.run import Outcome
from tme_platform_tests.support.imaging_cohort import make_cohort
from tme_platform_tests.support.platform import Platform, Recorded, everything_logged
from tme_platform_tests.support.small_study import make_study


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, Outcome, Recorded]:
    """The small study and a cohort of DICOM after their first run. Read only."""
    root = tmp_path_factory.mktemp("finished")
    workspace = make_study(root, all_genes=True)
    make_cohort(workspace.landing / "scans")
    platform = Platform(workspace, dg.DagsterInstance.ephemeral())
    with everything_logged(root / "lake" / "everything.log"):
        return (platform, *platform.run())
