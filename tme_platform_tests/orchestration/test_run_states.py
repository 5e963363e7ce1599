"""Whether Dagster's run history can have something to say, without importing Dagster."""

from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration.alive import UNDER_WAY as STATES_UNDER_WAY
from tme_platform.orchestration.instance import open_instance
from tme_platform.orchestration.run_states import FAILED, UNDER_WAY, may_have


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def noted(home: Path, status: dg.DagsterRunStatus) -> None:
    """A run in this state."""
    job = dg.define_asset_job("nothing")
    asset = dg.asset(name="one")(lambda: None)
    definitions = dg.Definitions(assets=[asset], jobs=[job])
    with open_instance(home) as instance:
        instance.create_run_for_job(definitions.resolve_job_def("nothing"), status=status)


def test_only_states_that_are_there_count(home: Path) -> None:
    noted(home, dg.DagsterRunStatus.SUCCESS)
    assert not may_have(home, UNDER_WAY | FAILED)
    noted(home, dg.DagsterRunStatus.FAILURE)
    assert may_have(home, FAILED)
    assert not may_have(home, UNDER_WAY)
    noted(home, dg.DagsterRunStatus.STARTED)
    assert may_have(home, UNDER_WAY)


def test_what_cannot_be_known_may_be(home: Path) -> None:
    assert may_have(home, FAILED), "no database"
    noted(home, dg.DagsterRunStatus.SUCCESS)
    assert not may_have(home, FAILED)
    (home / "dagster.yaml").write_text("storage: {postgres: {postgres_url: somewhere}}\n")
    assert may_have(home, FAILED), "a server"
    (home / "dagster.yaml").write_text("[")
    assert may_have(home, FAILED), "a file that cannot be read"
    (home / "dagster.yaml").unlink()
    (home / "history" / "runs.db").write_bytes(b"nonsense" * 1000)
    assert may_have(home, FAILED), "a database that cannot be read"


def test_the_states_are_those_of_dagster() -> None:
    known = {status.value for status in dg.DagsterRunStatus}
    assert known >= UNDER_WAY >= {status.value for status in STATES_UNDER_WAY}
    assert known - UNDER_WAY - FAILED == {"SUCCESS", "SUSPENDED"}, "of which none has a failure to tell"
