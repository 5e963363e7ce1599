"""The registry of a lake, read from its database: the answers are those of MLflow, and a broken one is a sentence."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform import lake, tracking
from tme_platform.tracking import Tracker, TrackingError
from tme_platform.tracking.registered import LakeRegistry, open_registry
from tme_platform_tests.support.small_study import copy_study


@pytest.fixture(scope="module")
def both(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tracker, Tracker]:
    """MLflow's way to the models of a small study that was copied, and the way without MLflow."""
    workspace = copy_study(small_run, tmp_path_factory.mktemp("registered"))
    return workspace.tracker, open_registry(workspace.state)


def test_the_answers_are_those_of_mlflow(both: tuple[Tracker, Tracker]) -> None:
    by_mlflow, looked = both
    assert isinstance(looked, LakeRegistry)
    assert looked.versions() == by_mlflow.versions()
    assert looked.aliases() == by_mlflow.aliases() == {"challenger": "1"}
    record = looked.version("challenger")
    assert record == by_mlflow.version("1")
    assert looked.promotion(record) == by_mlflow.promotion(record) != ""
    assert looked.tag(record, "none") == by_mlflow.tag(record, "none") == ""
    assert looked.run_summary(record) == by_mlflow.run_summary(record)
    assert looked.kept(record)
    assert looked.table_versions(record) == by_mlflow.table_versions(record)
    assert looked.read_document(record, "settings") == by_mlflow.read_document(record, "settings")
    pd.testing.assert_frame_equal(looked.read_table(record, "out_of_fold"), by_mlflow.read_table(record, "out_of_fold"))


def test_a_version_whose_files_are_lost_is_not_kept(small_run: Path, tmp_path: Path) -> None:
    workspace = copy_study(small_run, tmp_path)
    for model in (Path(workspace.lake_root) / "mlflow" / "artifacts").rglob("model.skops"):
        model.unlink()
    looked = open_registry(workspace.state)
    assert not looked.kept(looked.version("1"))


def test_a_registry_that_cannot_be_read_is_a_sentence(small_run: Path, tmp_path: Path) -> None:
    workspace = copy_study(small_run, tmp_path)
    (workspace.state / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(TrackingError, match=r"MLflow at .* failed: file is not a database"):
        open_registry(workspace.state).versions()
    with pytest.raises(LookupError, match="run `tme demo`"):
        open_registry(tmp_path / "nowhere")


def test_a_server_is_asked_by_mlflow(tmp_path: Path) -> None:
    assert type(open_registry(tmp_path, "http://127.0.0.1:9")) is Tracker


def test_everything_that_the_packages_name_is_there() -> None:
    for package in (lake, tracking):
        assert [name for name in package.__all__ if getattr(package, name).__class__.__name__ == "module"] == []
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = package.nothing
