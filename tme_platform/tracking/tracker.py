"""One MLflow run per model content: logged whole or not at all, registered, found again by its key."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.location import file_uri, sqlite_path
from tme_platform.signature import StoredModelError
from tme_platform.tracking.artifacts import Artifacts
from tme_platform.tracking.contents import log_dataset, log_model, log_search, log_tables, register
from tme_platform.tracking.first_use import make_database, quiet_mlflow
from tme_platform.tracking.moved import follow_lake
from tme_platform.tracking.place import EXPERIMENT, artifacts_of, database_of, local_uri
from tme_platform.tracking.reach import check_reachable, translate_disk_errors, translate_errors
from tme_platform.tracking.records import ModelRecord, ModelRun
from tme_platform.tracking.stored_model import MODEL_FILE, load_stored_model

KEY_TAG = "tme.content_key"
EXPERIMENT_TAG = "tme.experiment_id"
_METRICS_PER_CALL = 1000
"""MLflow takes no more at once."""
_PICKLE = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
_MAX_DOCUMENT_BYTES = 16 << 20
_MAX_TABLE_BYTES = 256 << 20
_MAX_TABLE_CELLS = 50_000_000
CHAMPION = "champion"
"""Alias of the version that is used by default; given by the promotion rule only."""
FORGOTTEN_TAG = "tme.forgotten"
"""Tag of versions from whose files a patient's rows were removed."""
CHALLENGER = "challenger"
"""Alias of the newest version, as long as it is not the champion."""


class Tracker:
    """The tracking store and model registry at one URI (SQLite in the lake, or a server's database)."""

    def __init__(self, uri: str, artifacts: Path, model_name: str = "rad-score") -> None:
        self.uri = uri
        self.artifacts = artifacts
        self.model_name = model_name

    @classmethod
    def of_lake(cls, state: Path, uri: str = "") -> Tracker:
        """The tracker of a lake: in its state folder, or at the server or database that `uri` names."""
        return cls(uri or local_uri(state), artifacts_of(state))

    def follow_lake(self) -> None:
        """Correct the addresses of artifacts if the lake was moved or copied; see `moved`."""
        if (database := self.own_database()) is not None:
            follow_lake(database, file_uri(self.artifacts), EXPERIMENT)

    def find(self, content_key: str) -> ModelRecord | None:
        """The newest registered model with this key whose files are there, or None."""
        # The search of versions knows no other run states, so a version whose run failed never gets its tag.
        return next(
            (one for one in reversed(self.versions()) if one.content_key == content_key and self.kept(one)), None
        )

    def kept(self, record: ModelRecord) -> bool:
        """Whether the file of a registered model is there."""
        with self._session() as mlflow:
            try:
                return MODEL_FILE in self._artifacts(mlflow).names(self._model_location(mlflow, record))
            except (OSError, mlflow.exceptions.MlflowException):
                return False

    def versions(self) -> list[ModelRecord]:
        """All versions, oldest first."""
        found = self._client().search_model_versions(f"name = '{self.model_name}'")
        return [
            self._record(v)
            for v in sorted(found, key=lambda version: int(version.version))
            if {KEY_TAG, EXPERIMENT_TAG} <= {*v.tags}
        ]

    def log(self, run: ModelRun) -> ModelRecord:
        """Log and register a model, or give back the one that has its key already."""
        if (known := self.find(run.content_key)) is not None:
            return known
        with self._session() as mlflow:
            experiment = self._experiment(mlflow)
            versions = json.dumps(dict(run.table_versions), sort_keys=True)
            tags = {KEY_TAG: run.content_key, "tme.table_versions": versions, **run.tags}
            with mlflow.start_run(
                experiment_id=experiment, run_name=f"rad-score {run.content_key[:8]}", tags=tags
            ) as active:
                mlflow.log_params({name: str(value) for name, value in run.params.items()})
                mlflow.log_metrics(dict(run.metrics))
                log_dataset(mlflow, run)
                log_tables(mlflow, run.tables)
                for name, document in run.documents.items():
                    mlflow.log_dict(document, f"documents/{name}.json")
                log_search(mlflow, experiment, run.search)
                info = log_model(mlflow, run)
            version = register(mlflow.MlflowClient(), self.model_name, info, active.info.run_id)
        client = self._client()
        client.update_run(active.info.run_id, name=f"version {version}")
        # Tagged last: only a version that is complete is ever found again.
        client.set_model_version_tag(self.model_name, version, EXPERIMENT_TAG, experiment)
        client.set_model_version_tag(self.model_name, version, KEY_TAG, run.content_key)
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
        return self.tag(record, "tme.promotion")

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
        StoredModelError
            It is no JSON, too large, or not in the lake.
        """
        try:
            return json.loads(self._run_file(record, f"documents/{name}.json", _MAX_DOCUMENT_BYTES))
        except FileNotFoundError as error:
            raise LookupError(f"version {record.version} of the signature has no {name}") from error
        except (ValueError, RecursionError) as error:
            if isinstance(error, StoredModelError):
                raise
            raise StoredModelError(f"{name} of version {record.version} of the signature is not JSON") from error

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

    def mark(self, record: ModelRecord, tags: Mapping[str, str]) -> None:
        """Tag a version."""
        client = self._client()
        for name, value in tags.items():
            client.set_model_version_tag(self.model_name, record.version, name, value)

    def tag(self, record: ModelRecord, name: str) -> str:
        """A tag of a version; "" where it has none of that name."""
        found = self._client().get_model_version(self.model_name, record.version)
        return str(found.tags.get(name, ""))

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
        """The fitted pipeline of a version.

        Raises
        ------
        LookupError
            Its files are no longer there.
        StoredModelError
            It is not as this platform stores models; nothing of it was run.
        """
        with self._session() as mlflow:
            location = self._model_location(mlflow, record)
            try:
                return load_stored_model(self._artifacts(mlflow), location)
            except FileNotFoundError as error:
                raise LookupError(
                    f"the files of version {record.version} of the signature are lost: `tme run` trains it again if it "
                    "is the current one"
                ) from error
            except StoredModelError as error:
                raise StoredModelError(
                    f"version {record.version} of the signature is not loaded, and nothing of it was run: {error}. "
                    f"Only models as tme_platform stores them are loaded. To train it again, delete {location!a} and "
                    "`tme run`"
                ) from error

    def read_table(self, record: ModelRecord, name: str) -> pd.DataFrame:
        """A table that was logged with a model.

        Raises
        ------
        LookupError
            The model has none of that name.
        StoredModelError
            It is no Parquet file, too large, or not in the lake.
        """
        import pyarrow as pa
        from pyarrow import parquet

        try:
            content = io.BytesIO(self._run_file(record, f"tables/{name}.parquet", _MAX_TABLE_BYTES))
            with parquet.ParquetFile(content) as file:
                if file.metadata.num_rows * file.metadata.num_columns > _MAX_TABLE_CELLS:
                    raise StoredModelError(f"table {name} of version {record.version} has more cells than any has")
                stored = file.read()
            if nested := [field.name for field in stored.schema if pa.types.is_nested(field.type)]:
                raise StoredModelError(f"table {name} of version {record.version} has lists in {nested[0]!a}")
            frame: pd.DataFrame = stored.to_pandas()
            return frame
        except FileNotFoundError as error:
            raise LookupError(f"version {record.version} of the signature has no table {name}") from error
        except (pa.ArrowException, OSError, TypeError, KeyError) as error:
            raise StoredModelError(
                f"table {name} of version {record.version} of the signature is no Parquet file, or is damaged"
            ) from error

    def aliases(self) -> dict[str, str]:
        """Alias -> version."""
        found = self._client().search_registered_models(f"name = '{self.model_name}'")
        return {alias: str(version) for model in found for alias, version in model.aliases.items()}

    def table_versions(self, record: ModelRecord) -> dict[str, int]:
        """The table versions that a model was trained on: table -> version."""
        recorded = self.run_summary(record)["tags"].get("tme.table_versions", "{}")
        try:
            return {str(name): int(version) for name, version in json.loads(recorded).items()}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise StoredModelError(
                f"version {record.version} of the signature does not say which table versions it was trained on"
            ) from error

    def run_summary(self, record: ModelRecord) -> dict[str, Any]:
        """Start, parameters, metrics and tags of a version's run."""
        run = self._client().get_run(record.run_id)
        return {
            "started": pd.Timestamp(run.info.start_time, unit="ms", tz="UTC"),
            "params": dict(run.data.params),
            "metrics": dict(run.data.metrics),
            "tags": dict(run.data.tags),
        }

    def _artifacts(self, mlflow: Any) -> Artifacts:
        return Artifacts(mlflow, self.artifacts if self.own_database() is not None else None)

    def own_database(self) -> Path | None:
        """The lake's own database; None where the operator named a server or another database."""
        database = sqlite_path(self.uri)
        return database if database is not None and database.parent == self.artifacts.parent else None

    def _model_location(self, mlflow: Any, record: ModelRecord) -> str:
        return str(mlflow.MlflowClient().get_model_version_download_uri(record.name, record.version))

    def _run_file(self, record: ModelRecord, path: str, limit: int) -> bytes:
        with self._session() as mlflow:
            try:
                location = mlflow.MlflowClient().get_run(record.run_id).info.artifact_uri
                return self._artifacts(mlflow).read(location, path, limit)
            except StoredModelError as error:
                raise StoredModelError(f"version {record.version} of the signature is not used: {error}") from error

    def _client(self) -> Any:
        with self._session() as mlflow:
            return mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """MLflow pointed at this store, and pointed back afterwards."""
        if (database := sqlite_path(self.uri)) is not None:
            with translate_disk_errors(self.uri):
                database.parent.mkdir(parents=True, exist_ok=True)
            self.follow_lake()
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # the seven of MLflow take four minutes
        check_reachable(self.uri)
        import mlflow

        quiet_mlflow()
        # A second lock: with it MLflow's own loaders run nothing, whatever the format. None of them is called here.
        allowed = os.environ.get(_PICKLE)
        os.environ[_PICKLE] = "false"
        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        try:
            with warnings.catch_warnings(), translate_errors(self.uri):
                warnings.simplefilter("ignore")
                if (own := self.own_database()) is not None:
                    with translate_disk_errors(self.uri):
                        make_database(own)
                yield mlflow
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])
            if allowed is None:
                os.environ.pop(_PICKLE, None)
            else:
                os.environ[_PICKLE] = allowed

    def _experiment(self, mlflow: Any) -> str:
        known = mlflow.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return str(known.experiment_id)
        # A server has a place of its own for artifacts, which may be on another machine.
        place = None if self.uri.startswith("http") else file_uri(self.artifacts)
        return str(mlflow.create_experiment(EXPERIMENT, artifact_location=place))

    @staticmethod
    def _record(version: Any) -> ModelRecord:
        experiment = version.tags[EXPERIMENT_TAG]
        return ModelRecord(version.name, str(version.version), version.run_id, version.tags[KEY_TAG], experiment)


def open_tracker(state: Path, uri: str = "") -> Tracker:
    """The model registry of a lake, by its state folder or by the address of a server.

    Raises
    ------
    LookupError
        No model was ever stored there.
    """
    if not uri and not database_of(state).exists():
        raise LookupError(f"no models in {state}: run `tme demo` or `tme run` first, or name another lake (--lake)")
    return Tracker.of_lake(state, uri)


def _server() -> str:
    return os.environ.get("TME_MLFLOW_URL", "http://127.0.0.1:5000").rstrip("/")
