"""A run that cannot write or cannot reach MLflow fails and says why; the tables stand, and the next run completes."""

import errno
import io
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tme_platform.tables import TableSchema
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.signature import SIGNATURE
from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.platform import Platform, copied_platform
from tme_platform_tests.support.servers import free_port
from tme_platform_tests.support.trouble import no_file_larger_than, no_right_to_write


@pytest.fixture(scope="module")
def platform(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A small study that has run; after every test all of it is there again."""
    return copied_platform(small_run, tmp_path_factory.mktemp("outages"))


def fails_and_then_completes(
    platform: Platform,
    schema: TableSchema,
    cohort: str | None,
    says: str,
    trouble: AbstractContextManager[None] = nullcontext(),  # noqa: B008
    fails: str = "",
    **elsewhere: str,
) -> None:
    lake = platform.workspace.lake
    before, rows = lake.state(schema, cohort), lake.read(schema, cohort)
    asked = {"cohorts": [cohort] if cohort else None, "select": f'key:"{schema.name}"', "refresh": "all"}
    troubled = Platform(replace(platform.workspace, **elsewhere), platform.instance)
    with trouble:
        outcome, _ = troubled.run(**asked)
    assert (outcome.failures[0].asset, outcome.failures[0].cohort) == (fails or schema.name, cohort)
    assert {one.asset for one in outcome.failures} <= {fails or schema.name, "catalog"}
    for failure in outcome.failures:
        assert re.search(says, failure.message), failure.message
    assert lake.state(schema, cohort) == before
    assert lake.read(schema, cohort).equals(rows)
    outcome, _ = platform.run(**asked)
    assert outcome.success, outcome.failures
    assert len(lake.read(schema, cohort)) == len(rows)


def test_no_room_on_the_disk(platform: Platform) -> None:
    clinical = platform.workspace.landing / "reference" / "clinical.csv"
    clinical.write_text(clinical.read_text().replace(",pos", ",neg", 1))
    assert platform.run(cohorts=["reference"], select="cohort_files")[0].success
    fails_and_then_completes(platform, PATIENTS, "reference", "make room on the disk", no_file_larger_than(1_000))


def test_a_lake_that_is_read_only(platform: Platform) -> None:
    if os.geteuid() == 0 and not all(folder.stat().st_mode & 0o005 == 0o005 for folder in REPOSITORY.parents):
        pytest.skip("root becomes somebody else for this, who cannot read the repository where it lies")
    trouble = no_right_to_write(Path(platform.workspace.lake_root))
    fails_and_then_completes(platform, PATIENTS, "reference", "give this user the right to write", trouble, fails="run")


def test_a_lost_mlflow(platform: Platform) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    fails_and_then_completes(platform, SIGNATURE, None, "MLflow at .* does not answer", tracking_uri=gone)


@pytest.fixture
def copy(small_run: Path, tmp_path: Path) -> Platform:
    """A small study of one's own that has run."""
    return copied_platform(small_run, tmp_path)


def only_fails(platform: Platform, trouble: AbstractContextManager[None], asset: str, says: str) -> None:
    """One table fails with a sentence, another one that changed is built, and the next run completes."""
    clinical = platform.workspace.landing / "reference" / "clinical.csv"
    clinical.write_text(clinical.read_text().replace(",pos", ",neg", 1))
    before = platform.workspace.lake.state(PATIENTS, "reference")
    asked = {"select": f'key:"cohort_files" or key:"patients" or key:"{asset}"', "refresh": "all"}
    with trouble:
        outcome, _ = platform.run(**asked)
    (failure,) = outcome.failures
    assert failure.asset == asset
    assert re.search(says, failure.message), failure.message
    assert "\n" not in failure.message
    assert platform.workspace.lake.state(PATIENTS, "reference") != before
    outcome, _ = platform.run(**asked)
    assert outcome.success, outcome.failures


@contextmanager
def full(place: Path) -> Iterator[None]:
    """No file is made in a folder, as on a file system of its own that is full."""
    with pytest.MonkeyPatch.context() as patch:
        opened = io.open

        def guarded(file: object, mode: str = "r", *further: object, **options: object) -> object:
            if set(mode) & set("wxa+") and isinstance(file, str | os.PathLike) and place in Path(file).parents:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return opened(file, mode, *further, **options)

        patch.setattr("builtins.open", guarded)
        patch.setattr("io.open", guarded)
        yield


def test_no_room_for_the_report(copy: Platform) -> None:
    lake = Path(copy.workspace.lake_root)
    shutil.rmtree(lake / "report", ignore_errors=True)
    only_fails(
        copy, full(lake / "report"), "study_report", r"report/small\.html: No space left.*: make room on the disk"
    )
    assert not list(lake.glob("report/.*"))


def test_no_room_for_a_model(copy: Platform) -> None:
    mlflow = Path(copy.workspace.lake_root) / "mlflow"
    shutil.rmtree(mlflow / "artifacts")
    only_fails(copy, full(mlflow), "signature", "MLflow at .* no model .* stored: .*: make room on the disk")


def test_a_registry_that_is_broken(copy: Platform) -> None:
    database = Path(copy.workspace.lake_root) / "mlflow" / "mlflow.db"
    kept = database.read_bytes()

    @contextmanager
    def broken() -> Iterator[None]:
        database.write_bytes(b"this is no database" * 1000)
        yield
        database.write_bytes(kept)

    only_fails(copy, broken(), "signature", "MLflow at .* failed: .*not a database")
