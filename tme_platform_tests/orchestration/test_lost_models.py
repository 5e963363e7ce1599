"""An MLflow folder that was lost, wholly or in part: the signature is trained again, and what rests on it is kept."""

import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tme_platform.orchestration.survey import survey
from tme_platform.tables.signature import RAD_SCORES, SIGNATURE, SIGNATURE_REVIEW
from tme_platform.tracking import Tracker
from tme_platform_tests.support.platform import Platform, copied_platform
from tme_platform_tests.support.servers import free_port
from tme_platform_tests.support.small_study import empty_mlflow

LOST = "its version is no longer in the registry"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    """The small study, with its registry where the copy lies. Read only."""
    return small_run


def lose_all(lake: Path) -> None:
    shutil.rmtree(lake / "mlflow")


def lose_artifacts(lake: Path) -> None:
    shutil.rmtree(lake / "mlflow" / "artifacts")


def lose_database(lake: Path) -> None:
    shutil.copy(empty_mlflow(), lake / "mlflow" / "mlflow.db")


def aliases_in(lake: Path) -> set[str]:
    """Read without MLflow, which would keep the database open that is about to be lost."""
    with contextlib.closing(sqlite3.connect(lake / "mlflow" / "mlflow.db")) as database:
        return {alias for (alias,) in database.execute("select alias from registered_model_aliases")}


def reasons(platform: Platform) -> dict[str, str]:
    found = survey(platform.workspace, platform.instance, write=False)
    return {part.asset: state.reason for part, state in found.state.items() if state.reason}


@pytest.mark.parametrize("lose", [lose_all, lose_artifacts, lose_database], ids=lambda lose: lose.__name__)
def test_a_lost_registry_heals(ran: Path, tmp_path: Path, lose) -> None:
    platform = copied_platform(ran, tmp_path)
    lake, tracker = platform.workspace.lake, platform.workspace.tracker
    assert reasons(platform) == {}
    before = lake.read(SIGNATURE)["content_key"].tolist(), lake.read(SIGNATURE_REVIEW)["decision"].tolist()
    scores = {part: state.version for part, state in lake.states(RAD_SCORES).items()}
    aliases = aliases_in(Path(platform.workspace.lake_root))
    lose(Path(platform.workspace.lake_root))
    assert reasons(platform) == {"signature": LOST, "signature_review": LOST}
    outcome, recorded = platform.run()
    assert outcome.success, outcome.failures
    built = {asset for asset, _ in recorded.made()}
    assert {"signature", "signature_review"} <= built <= {"signature", "signature_review", "study_report", "catalog"}
    assert any(LOST in text for asset, _, text in recorded.lines if asset == "signature")
    assert (lake.read(SIGNATURE)["content_key"].tolist(), lake.read(SIGNATURE_REVIEW)["decision"].tolist()) == before
    assert {part: state.version for part, state in lake.states(RAD_SCORES).items()} == scores
    assert set(tracker.aliases()) >= aliases - {"challenger"}
    newest = tracker.versions()[-1]
    assert tracker.load(newest) is not None
    assert any(".auc" in name for name in tracker.run_summary(newest)["metrics"]), "its evaluation is with it again"
    assert reasons(platform) == {}


def test_only_a_run_asks_a_server(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = copied_platform(ran, tmp_path)
    elsewhere = replace(platform.workspace, tracking_uri=f"http://127.0.0.1:{free_port()}")
    asked: list[str] = []
    monkeypatch.setattr(Tracker, "find", lambda _, key: asked.append(key))
    survey(elsewhere, platform.instance)
    assert asked == [], "the sensor and the schedule look like this, every half minute"
    survey(elsewhere, platform.instance, ask_server=True)
    assert asked
