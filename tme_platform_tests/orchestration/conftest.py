"""A small study, run once for the tests that only look; tests that change something copy it."""

import pytest

from tme_platform.orchestration.run import Outcome
from tme_platform_tests.support.finished_study import open_finished, run_finished
from tme_platform_tests.support.platform import Platform, Recorded
from tme_platform_tests.support.shared import made_once


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, Outcome, Recorded]:
    """The small study and a cohort of DICOM after their first run, which all workers share. Read only."""
    return open_finished(made_once(tmp_path_factory, "finished", run_finished))
