"""What every test may use: the bundled landing folders, the reference values, a small study that has run."""

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
_LONGEST = (
    *("test_growth.py", "test_graph.py"),  # the first makes `small_run`, the second `finished`: no worker waits
    *("test_agreement.py", "test_forget.py", "test_outages.py", "test_wheel.py", "test_lost_models.py"),
)


def pytest_configure(config: pytest.Config) -> None:
    """Set what all processes of the session inherit: workers, and the programs that tests start."""
    _let_signals_end_programs()
    # Every program would compile all that it imports, for seconds, unless `make setup` has done so.
    compiled = Path(importlib.util.cache_from_source(pytest.__file__)).exists()
    if sys.dont_write_bytecode and not compiled and config.pluginmanager.hasplugin("cacheprovider"):
        kept = config.cache.mkdir("bytecode")
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(kept)
        os.environ.update(PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(kept))
    # Workers already use all cores: threads of linear algebra would wait for each other.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Events of a step are stored together, as they are by the command.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")


def _let_signals_end_programs() -> None:
    """A session in the background ignores some signals and passes that on."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run whole studies first, and the longest files before all, so that no worker is left with one at the end."""
    longest = {name: at for at, name in enumerate(_LONGEST)}
    studies = {"end_to_end", "orchestration"}
    items.sort(key=lambda item: (longest.get(item.path.name, len(longest)), item.path.parent.name not in studies))


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
    from tme_platform_tests.support.shared import made_once
    from tme_platform_tests.support.small_study import run_small

    return made_once(tmp_path_factory, "small_run", run_small)
