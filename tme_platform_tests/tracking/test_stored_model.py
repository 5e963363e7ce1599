"""Models that nobody vouches for: only what the platform stores itself is loaded, and nothing of the rest is run."""

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from tme_platform.signature import SKOPS_TRUSTED_TYPES, SignatureSettings, StoredModelError, read_pipeline
from tme_platform.signature.pipeline import build_pipeline
from tme_platform.tracking import Tracker
from tme_platform.tracking.records import ModelRun
from tme_platform_tests.support.planted_models import Writes
from tme_platform_tests.support.small_study import empty_mlflow

FEATURES = pd.DataFrame(np.random.default_rng(3).normal(size=(20, 3)), columns=["f0", "f1", "f2"])
HOT = np.arange(20) % 2


def fitted(model: str = "random_forest") -> object:
    return build_pipeline(SignatureSettings(model=model, n_trees=3, search_trees=2)).fit(FEATURES, HOT)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one version. Read only."""
    lake = tmp_path_factory.mktemp("models") / "lake"
    (lake / "mlflow").mkdir(parents=True)
    shutil.copy(empty_mlflow(), lake / "mlflow" / "mlflow.db")
    Tracker.of_lake(lake).log(
        ModelRun(
            content_key="key",
            model=fitted(),
            input_example=FEATURES.head(2),
            params={},
            metrics={"auc": 0.5},
            training_frame=FEATURES,
            trained_on=("signature_patients", 1, "0" * 16, "somewhere"),
            table_versions={"signature_patients": 1},
            tables={"out_of_fold": pd.DataFrame({"score": [1.0]})},
            documents={"settings": {"seed": 1}},
            trusted_types=SKOPS_TRUSTED_TYPES,
        )
    )
    return lake


@pytest.fixture
def lake(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Writes, "marker", tmp_path / "marker")
    shutil.copytree(original, tmp_path / "lake")
    return tmp_path / "lake"


def folder(lake: Path) -> Path:
    return next((lake / "mlflow" / "artifacts").rglob("MLmodel")).parent


def describe(lake: Path, **fields: object) -> None:
    file = folder(lake) / "MLmodel"
    said = yaml.safe_load(file.read_text())
    said["flavors"]["sklearn"] |= fields
    file.write_text(yaml.safe_dump(said))


def as_pickle(lake: Path) -> None:
    describe(lake, serialization_format="pickle")
    (folder(lake) / "model.skops").write_bytes(pickle.dumps(Writes()))


def as_cloudpickle(lake: Path) -> None:
    describe(lake, serialization_format="cloudpickle", pickled_model="model.pkl")
    (folder(lake) / "model.pkl").write_bytes(pickle.dumps(Writes()))


def pickle_called_skops(lake: Path) -> None:
    (folder(lake) / "model.skops").write_bytes(pickle.dumps(Writes()))


def with_code(lake: Path) -> None:
    (folder(lake) / "code").mkdir()
    describe(lake, code="code")


def with_code_said_only(lake: Path) -> None:
    describe(lake, code="code")


def own_trusted_types(lake: Path) -> None:
    name = f"{Writes.__module__}.Writes"
    describe(lake, skops_trusted_types=[*SKOPS_TRUSTED_TYPES, name])
    foreign(lake, Writes())


def foreign(lake: Path, thing: object) -> None:
    model = fitted()
    model.named_steps["classifier"].extra = thing
    (folder(lake) / "model.skops").write_bytes(skops.io.dumps(model))


def foreign_type(lake: Path) -> None:
    foreign(lake, Writes())


def command(lake: Path) -> None:
    file = folder(lake) / "model.skops"
    with zipfile.ZipFile(file) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    schema = json.loads(content["schema.json"])
    schema["content"]["content"]["steps"] = {
        "__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode", "__id__": 1,
        "attrs": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": []},
    }  # fmt: skip
    content["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)


def foreign_estimator(lake: Path) -> None:
    model = fitted()
    model.named_steps["classifier"].estimators_[0] = SVC().fit(FEATURES, HOT)
    (folder(lake) / "model.skops").write_bytes(skops.io.dumps(model))


def link_out(lake: Path) -> None:
    file = folder(lake) / "model.skops"
    file.rename(lake.parent / "elsewhere.skops")
    file.symlink_to(lake.parent / "elsewhere.skops")


def folder_linked_out(lake: Path) -> None:
    models = folder(lake).parent
    models.rename(lake.parent / "elsewhere")
    models.symlink_to(lake.parent / "elsewhere")


def another_file(lake: Path) -> None:
    (folder(lake) / "sitecustomize.py").write_text("")


PLANTED = {
    as_pickle: "serialization_format: pickle, not skops",
    as_cloudpickle: "more than a model of ours has: 'model.pkl'",
    pickle_called_skops: "not a skops file",
    with_code: "more than a model of ours has: 'code'",
    with_code_said_only: "says code: code, not none",
    own_trusted_types: "wants other types to be trusted: .*Writes",
    foreign_type: "types that no signature is made of: .*Writes",
    command: "types that no signature is made of: operator.methodcaller",
    foreign_estimator: "types that no signature is made of: sklearn.svm._classes.SVC",
    link_out: "symbolic link",
    folder_linked_out: "symbolic link",
    another_file: "more than a model of ours has: 'sitecustomize.py'",
}


def test_a_model_of_ours_is_loaded_also_after_mlflow_loaded_it(lake: Path) -> None:
    tracker = Tracker.of_lake(lake)
    (record,) = tracker.versions()
    (folder(lake) / "registered_model_meta").write_text("")
    np.testing.assert_array_equal(tracker.load(record).predict_proba(FEATURES), fitted().predict_proba(FEATURES))


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_model_is_refused_and_nothing_of_it_is_run(lake: Path, plant: Callable[[Path], None]) -> None:
    plant(lake)
    tracker = Tracker.of_lake(lake)
    (record,) = tracker.versions()
    with pytest.raises(
        StoredModelError, match=f"version 1 .* not loaded, and nothing of it was run: .*{PLANTED[plant]}"
    ):
        tracker.load(record)
    assert not Writes.marker.exists()


@pytest.mark.parametrize("model", ["random_forest", "gradient_boosting", "ridge", "logistic"])
def test_every_kind_of_signature_is_read(model: str) -> None:
    pipeline = fitted(model)
    read = read_pipeline(skops.io.dumps(pipeline))
    np.testing.assert_array_equal(read.predict_proba(FEATURES), pipeline.predict_proba(FEATURES))


@pytest.mark.parametrize(("field", "value"), [("left_child", 10**6), ("feature", 10**6), ("right_child", -7)])
def test_a_tree_that_leads_out_of_its_arrays_is_refused(field: str, value: int) -> None:
    """Scoring with one would read foreign memory or end the process."""
    pipeline = fitted()
    tree = pipeline.named_steps["classifier"].estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"][field][0] = value
    tree.__setstate__(state)
    with pytest.raises(StoredModelError, match=r"a tree (leads out|asks for)"):
        read_pipeline(skops.io.dumps(pipeline))


def lead_out(nodes: np.ndarray) -> np.ndarray:
    nodes["left"][nodes["is_leaf"] == 0] = 10**6
    return nodes


def ask_for_another_feature(nodes: np.ndarray) -> np.ndarray:
    nodes["feature_idx"][nodes["is_leaf"] == 0] = 10**6
    return nodes


def wrap_around(nodes: np.ndarray) -> np.ndarray:
    """scikit-learn casts other types by position: 256 would be no leaf."""
    wider = nodes.astype([(name, "u2" if name == "is_leaf" else kind) for name, kind in nodes.dtype.descr])
    wider["is_leaf"] = 256
    return wider


def swap_names(nodes: np.ndarray) -> np.ndarray:
    names = {"count": "left", "left": "count"}
    nodes.dtype.names = tuple(names.get(name, name) for name in nodes.dtype.names)
    return nodes


def categorical(nodes: np.ndarray) -> np.ndarray:
    nodes["is_categorical"] = 1
    return nodes


@pytest.mark.parametrize("change", [lead_out, ask_for_another_feature, wrap_around, swap_names, categorical])
def test_boosted_trees_are_checked_too(change: Callable[[np.ndarray], np.ndarray]) -> None:
    altered = io.BytesIO()
    rng = np.random.default_rng(5)
    features = pd.DataFrame(rng.normal(size=(120, 3)), columns=["f0", "f1", "f2"])
    pipeline = build_pipeline(SignatureSettings(model="gradient_boosting", n_trees=3, search_trees=2))
    pipeline.fit(features, (features["f0"] > 0).to_numpy(int))
    changed = 0
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(pipeline))) as before, zipfile.ZipFile(altered, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if content.startswith(b"\x93NUMPY") and (nodes := np.load(io.BytesIO(content))).dtype.names:
                np.save(packed := io.BytesIO(), change(nodes), allow_pickle=False)
                content = packed.getvalue()
                changed += int(len(nodes) > 1)
            after.writestr(name, content)
    assert changed
    with pytest.raises(StoredModelError, match=r"a tree (leads out|asks for|of its classifier)"):
        read_pipeline(altered.getvalue())


def test_something_else_than_a_signature_is_refused() -> None:
    with pytest.raises(StoredModelError, match="not a pipeline"):
        read_pipeline(skops.io.dumps(RandomForestClassifier(2).fit(FEATURES, HOT)))


def test_tables_and_documents_outside_the_lake_are_not_read(lake: Path) -> None:
    tracker = Tracker.of_lake(lake)
    (record,) = tracker.versions()
    run = next((lake / "mlflow" / "artifacts").rglob("documents")).parent
    (run / "documents" / "settings.json").unlink()
    (lake.parent / "secret.json").write_text("{}")
    (run / "documents" / "settings.json").symlink_to(lake.parent / "secret.json")
    with pytest.raises(StoredModelError, match="symbolic link"):
        tracker.read_document(record, "settings")
    (run / "tables" / "out_of_fold.parquet").write_bytes(b"no table")
    with pytest.raises(StoredModelError, match="no Parquet file"):
        tracker.read_table(record, "out_of_fold")
    with pytest.raises(LookupError, match="has no table"):
        tracker.read_table(record, "importance")
