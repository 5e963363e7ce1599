"""One MLflow run per model content: logged whole or not at all, registered, found again by its key."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform import __version__
from tme_platform.csv_text import csv_text
from tme_platform.location import file_uri, sqlite_path, sqlite_uri
from tme_platform.tracking.moved import follow_lake
from tme_platform.tracking.reach import check_reachable, translate_errors

_KEY = "tme.content_key"
_EXPERIMENT_ID = "tme.experiment_id"
_EXPERIMENT = "rad-score"
_METRICS_PER_CALL = 1000
"""MLflow takes no more at once."""
CHAMPION = "champion"
"""Alias of the version that is used by default; given by the promotion rule only."""
CHALLENGER = "challenger"
"""Alias of the newest version, as long as it is not the champion."""


@dataclass(frozen=True)
class ModelRun:
    """All that is logged of one trained model.

    Attributes
    ----------
    content_key
        Hash of what the model was made from; an equal key is the same model and adds no run.
    training_frame, trained_on
        The table it was trained on, and its (name, version, content hash, uri).
    table_versions
        Table (or table/cohort) -> version of everything that went in, so that it can be trained again.
    tables
        Frames logged as Parquet and CSV artifacts.
    documents
        JSON documents logged as artifacts: name -> content.
    search
        The search over the classifier's settings, one row per candidate and fold (candidate, its settings, fold, auc):
        each candidate becomes a run inside this one.
    trusted_types
        Types that skops may load again; everything else in the file is refused.
    """

    content_key: str
    model: Any
    input_example: pd.DataFrame
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    training_frame: pd.DataFrame
    trained_on: tuple[str, int, str, str]
    table_versions: Mapping[str, int]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    search: pd.DataFrame = field(default_factory=pd.DataFrame)
    tags: Mapping[str, str] = field(default_factory=dict)
    trusted_types: Sequence[str] = ()


@dataclass(frozen=True)
class ModelRecord:
    """A model in the registry."""

    name: str
    version: str
    run_id: str
    content_key: str
    experiment_id: str


class Tracker:
    """The tracking store and model registry at one URI (SQLite in the lake, or a server's database)."""

    def __init__(self, uri: str, artifacts: Path, model_name: str = "rad-score") -> None:
        self.uri = uri
        self.artifacts = artifacts
        self.model_name = model_name

    @classmethod
    def of_lake(cls, state: Path, uri: str = "") -> Tracker:
        """The tracker of a lake: in its state folder, or at the server or database that `uri` names."""
        return cls(uri or cls.local_uri(state), state.resolve() / "mlflow" / "artifacts")

    @staticmethod
    def local_uri(state: Path) -> str:
        """URI of the SQLite store in a lake's state folder (MLflow 3.17 refuses plain `file:` stores)."""
        return sqlite_uri(state / "mlflow" / "mlflow.db")

    def follow_lake(self) -> None:
        """Correct the addresses of artifacts if the lake was moved or copied; see `moved`."""
        database = sqlite_path(self.uri)
        if database is not None and database.parent == self.artifacts.parent:  # the lake's own, not a shared one
            follow_lake(database, file_uri(self.artifacts), _EXPERIMENT)

    def find(self, content_key: str) -> ModelRecord | None:
        """The registered model with this key, or None."""
        client = self._client()
        # The search of versions knows no other run states, so a version whose run failed never gets its tag.
        found = client.search_model_versions(f"name = '{self.model_name}' AND tag.`{_KEY}` = '{content_key}'")
        return self._record(max(found, key=lambda version: int(version.version))) if found else None

    def versions(self) -> list[ModelRecord]:
        """All versions, oldest first."""
        found = self._client().search_model_versions(f"name = '{self.model_name}'")
        return [self._record(v) for v in sorted(found, key=lambda version: int(version.version)) if _KEY in v.tags]

    def log(self, run: ModelRun) -> ModelRecord:
        """Log and register a model, or give back the one that has its key already."""
        if (known := self.find(run.content_key)) is not None:
            return known
        with self._session() as mlflow:
            experiment = self._experiment(mlflow)
            versions = json.dumps(dict(run.table_versions), sort_keys=True)
            tags = {_KEY: run.content_key, "tme.table_versions": versions, **run.tags}
            with mlflow.start_run(
                experiment_id=experiment, run_name=f"rad-score {run.content_key[:8]}", tags=tags
            ) as active:
                mlflow.log_params({name: str(value) for name, value in run.params.items()})
                mlflow.log_metrics(dict(run.metrics))
                self._log_dataset(mlflow, run)
                self._log_tables(mlflow, run.tables)
                for name, document in run.documents.items():
                    mlflow.log_dict(document, f"documents/{name}.json")
                self._log_search(mlflow, experiment, run.search)
                info = self._log_model(mlflow, run)
            version = self._register(mlflow.MlflowClient(), info, active.info.run_id)
        client = self._client()
        # Tagged last: only a version that is complete is ever found again.
        client.set_model_version_tag(self.model_name, version, _EXPERIMENT_ID, experiment)
        client.set_model_version_tag(self.model_name, version, _KEY, run.content_key)
        return ModelRecord(self.model_name, version, active.info.run_id, run.content_key, experiment)

    def nominate(self, record: ModelRecord) -> None:
        """Make a version the `challenger`, unless it is the champion."""
        client, aliases = self._client(), self.aliases()
        if aliases.get(CHAMPION) == record.version:
            if CHALLENGER in aliases:
                client.delete_registered_model_alias(self.model_name, CHALLENGER)
        elif aliases.get(CHALLENGER) != record.version:
            client.set_registered_model_alias(self.model_name, CHALLENGER, record.version)

    def promote(self, record: ModelRecord, why: str) -> None:
        """Make a version the `champion` and note why; the promotion rule decides, not this."""
        client = self._client()
        client.set_model_version_tag(self.model_name, record.version, "tme.promotion", why)
        client.set_registered_model_alias(self.model_name, CHAMPION, record.version)
        self.nominate(record)

    def refuse(self, record: ModelRecord, why: str) -> None:
        """Note why a version was not promoted."""
        self._client().set_model_version_tag(self.model_name, record.version, "tme.promotion", why)

    def promotion(self, record: ModelRecord) -> str:
        """What the promotion rule said of a version; "" where it was not asked yet."""
        found = self._client().get_model_version(self.model_name, record.version)
        return str(found.tags.get("tme.promotion", ""))

    def version(self, name: str) -> ModelRecord:
        """A version by its number or alias.

        Raises
        ------
        LookupError
            There is none; the message says which there are.
        """
        records, aliases = {record.version: record for record in self.versions()}, self.aliases()
        record = records.get(aliases.get(name, name))
        if record is not None:
            return record
        if name == CHAMPION and records:
            newest = list(records)[-1]
            raise LookupError(
                "no version has been promoted to champion (table `signature_review` says why). "
                f"To use a version all the same, name it (versions: {', '.join(records)}; the newest is {newest})"
            )
        known = ", ".join([*records, *aliases]) or "none yet: run `tme run` first"
        raise LookupError(f"there is no version {name!r} of the signature; there are: {known}")

    def champion(self) -> ModelRecord | None:
        """The champion, if there is one."""
        return self.version(CHAMPION) if CHAMPION in self.aliases() else None

    def read_document(self, record: ModelRecord, name: str) -> Any:
        """A JSON document that was logged with a model.

        Raises
        ------
        LookupError
            The model has none of that name.
        """
        with self._session() as mlflow:
            try:
                return mlflow.artifacts.load_dict(f"runs:/{record.run_id}/documents/{name}.json")
            except (OSError, mlflow.exceptions.MlflowException) as error:
                raise LookupError(f"version {record.version} of the signature has no {name}") from error

    def attach(self, record: ModelRecord, files: Mapping[str, bytes]) -> None:
        """Add files to a model's run, such as figures: path within the run -> content; what is there is replaced."""
        with self._session() as mlflow, tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            mlflow.MlflowClient().log_artifacts(record.run_id, folder)

    def describe(self, record: ModelRecord, text: str) -> None:
        """Set what the registry says of a version (Markdown)."""
        self._client().update_model_version(self.model_name, record.version, description=text)

    def link(self, record: ModelRecord, tags: Mapping[str, str]) -> None:
        """Tag the run of a model, for instance with the Dagster run that made it."""
        client = self._client()
        for name, value in tags.items():
            client.set_tag(record.run_id, name, value)

    def run_link(self, record: ModelRecord) -> str:
        """Address of the run in the MLflow UI (`TME_MLFLOW_URL`, by default where `tme ui` serves it)."""
        return f"{_server()}/#/experiments/{record.experiment_id}/runs/{record.run_id}"

    def model_link(self) -> str:
        """Address of the model with all its versions in the MLflow UI."""
        return f"{_server()}/#/models/{self.model_name}"

    def log_metrics(self, record: ModelRecord, metrics: Mapping[str, float]) -> None:
        """Add metrics to a model's run (the figures per cohort, which come after training)."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        entities = [Metric(name, float(value), now, 0) for name, value in metrics.items()]
        client = self._client()
        for start in range(0, len(entities), _METRICS_PER_CALL):
            client.log_batch(record.run_id, metrics=entities[start : start + _METRICS_PER_CALL])

    def load(self, record: ModelRecord) -> Any:
        """The fitted pipeline of a version."""
        with self._session() as mlflow:
            return mlflow.sklearn.load_model(f"models:/{record.name}/{record.version}")

    def read_table(self, record: ModelRecord, name: str) -> pd.DataFrame:
        """A table that was logged with a model."""
        with self._session() as mlflow, tempfile.TemporaryDirectory() as folder:
            path = mlflow.artifacts.download_artifacts(
                run_id=record.run_id, artifact_path=f"tables/{name}.parquet", dst_path=folder
            )
            return pd.read_parquet(path)

    def aliases(self) -> dict[str, str]:
        """Alias -> version."""
        found = self._client().search_registered_models(f"name = '{self.model_name}'")
        return {alias: str(version) for model in found for alias, version in model.aliases.items()}

    def table_versions(self, record: ModelRecord) -> dict[str, int]:
        """The table versions that a model was trained on: table -> version."""
        recorded = self.run_summary(record)["tags"].get("tme.table_versions", "{}")
        return {str(name): int(version) for name, version in json.loads(recorded).items()}

    def run_summary(self, record: ModelRecord) -> dict[str, Any]:
        """Start, parameters, metrics and tags of a version's run."""
        run = self._client().get_run(record.run_id)
        return {
            "started": pd.Timestamp(run.info.start_time, unit="ms", tz="UTC"),
            "params": dict(run.data.params),
            "metrics": dict(run.data.metrics),
            "tags": dict(run.data.tags),
        }

    def _client(self) -> Any:
        with self._session() as mlflow:
            return mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """MLflow pointed at this store, and pointed back afterwards."""
        if (database := sqlite_path(self.uri)) is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
            self.follow_lake()
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # the seven of MLflow take four minutes
        check_reachable(self.uri)
        import mlflow

        for noisy in ("mlflow", "alembic"):  # after the import, which sets levels of its own
            logging.getLogger(noisy).setLevel(logging.ERROR)
        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        try:
            with warnings.catch_warnings(), translate_errors(self.uri):
                warnings.simplefilter("ignore")
                yield mlflow
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])

    def _experiment(self, mlflow: Any) -> str:
        known = mlflow.get_experiment_by_name(_EXPERIMENT)
        if known is not None:
            return str(known.experiment_id)
        # A server has a place of its own for artifacts, which may be on another machine.
        place = None if self.uri.startswith("http") else file_uri(self.artifacts)
        return str(mlflow.create_experiment(_EXPERIMENT, artifact_location=place))

    @staticmethod
    def _log_dataset(mlflow: Any, run: ModelRun) -> None:
        name, version, content, uri = run.trained_on
        dataset = mlflow.data.from_pandas(
            run.training_frame, source=f"{uri}?version={version}", name=name, digest=content[:16]
        )
        mlflow.log_input(dataset, context="training", tags={"table_version": str(version), "content_hash": content})

    @staticmethod
    def _log_tables(mlflow: Any, tables: Mapping[str, pd.DataFrame]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, table in tables.items():
                mixed = table.select_dtypes("object").columns  # Parquet columns hold one type
                frame = table.astype(dict.fromkeys(mixed, "string"))
                frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
                (Path(folder) / f"{name}.csv").write_text(csv_text(frame), encoding="utf-8")
            mlflow.log_artifacts(folder, artifact_path="tables")

    @staticmethod
    def _log_search(mlflow: Any, experiment: str, search: pd.DataFrame) -> None:
        """One run per candidate inside the model's run, so that MLflow shows the search as it knows it."""
        if search.empty:
            return
        settings = [name for name in search.columns if name not in ("candidate", "fold", "auc")]
        for candidate, rows in search.groupby("candidate"):
            with mlflow.start_run(
                experiment_id=experiment, run_name=f"candidate {candidate}", nested=True, tags={"tme.kind": "candidate"}
            ):
                mlflow.log_params({name: str(rows[name].iloc[0]) for name in settings})
                mlflow.log_metrics({"cv_auc": float(rows["auc"].mean()), "cv_auc_sd": float(rows["auc"].std(ddof=1))})
                for row in rows.to_dict("records"):
                    mlflow.log_metric("fold_auc", float(row["auc"]), step=int(row["fold"]))

    def _log_model(self, mlflow: Any, run: ModelRun) -> Any:
        output = run.model.predict_proba(run.input_example)
        return mlflow.sklearn.log_model(
            run.model,
            name="model",
            serialization_format="skops",
            skops_trusted_types=list(run.trusted_types),
            signature=mlflow.models.infer_signature(run.input_example, output),
            input_example=run.input_example,
            # Named here because MLflow would otherwise find them out by loading the model in another process.
            pip_requirements=[
                *(
                    f"{name}=={importlib.metadata.version(name)}"
                    for name in ("scikit-learn", "numpy", "pandas", "skops")
                ),
                f"tme-platform=={__version__}",
            ],
        )

    def _register(self, client: Any, info: Any, run_id: str) -> str:
        if not client.search_registered_models(f"name = '{self.model_name}'"):
            client.create_registered_model(
                self.model_name, description="Signature of hot against cold tumours from MRI."
            )
        version = client.create_model_version(self.model_name, info.model_uri, run_id, model_id=info.model_id)
        return str(version.version)

    @staticmethod
    def _record(version: Any) -> ModelRecord:
        experiment = version.tags[_EXPERIMENT_ID]
        return ModelRecord(version.name, str(version.version), version.run_id, version.tags[_KEY], experiment)


def open_tracker(state: Path, uri: str = "") -> Tracker:
    """The model registry of a lake, by its state folder or by the address of a server.

    Raises
    ------
    LookupError
        No model was ever stored there.
    """
    if not uri and not (state / "mlflow" / "mlflow.db").exists():
        raise LookupError(f"no models in {state}: run `tme demo` or `tme run` first, or name another lake (--lake)")
    return Tracker.of_lake(state, uri)


def _server() -> str:
    return os.environ.get("TME_MLFLOW_URL", "http://127.0.0.1:5000").rstrip("/")
