"""What every test may use: the bundled landing folders, the reference values, a small study that has run."""

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


def pytest_configure() -> None:
    """Let signals end the programs that tests start: a session in the background ignores and passes on some."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run whole studies first, so that no worker is left with a file of them at the end."""
    items.sort(key=lambda item: item.path.parent.name not in {"end_to_end", "orchestration"})


@pytest.fixture(autouse=True)
def _environment_as_found() -> Iterator[None]:
    """Commands that are called in the test's own process tell their children by variables where they work, and set the
    permissions of new files.
    """
    before = dict(os.environ)
    os.umask(0o022)
    yield
    os.umask(0o022)
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def landing() -> Path:
    """The committed landing folders of the bundled study (read only)."""
    return REPOSITORY / "data_lake" / "landing"


@pytest.fixture(scope="session")
def reference() -> Path:
    """Values from R, from publications and from other software, each folder with its PROVENANCE.md."""
    return REPOSITORY / "tme_platform_tests" / "reference"


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small study after its first run, which all workers share: to look at, and to copy."""
    from tme_platform_tests.support.small_study import run_once

    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with (place / "small_run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run_once(place / "small_run")
