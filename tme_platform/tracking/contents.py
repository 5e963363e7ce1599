"""The contents of a model's run in MLflow: training data, tables, the search, and the model itself.

When they are logged, and under which name, belongs in `tracker`.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.csv_text import csv_text
from tme_platform.tracking.records import ModelRun
from tme_platform.version import __version__


def log_dataset(mlflow: Any, run: ModelRun) -> None:
    """The table that the model was trained on, by version and content."""
    name, version, content, uri = run.trained_on
    dataset = mlflow.data.from_pandas(
        run.training_frame, source=f"{uri}?version={version}", name=name, digest=content[:16]
    )
    mlflow.log_input(dataset, context="training", tags={"table_version": str(version), "content_hash": content})


def log_tables(mlflow: Any, tables: Mapping[str, pd.DataFrame]) -> None:
    """Frames as Parquet and CSV files in `tables/`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            mixed = table.select_dtypes("object").columns  # Parquet columns hold one type
            frame = table.astype(dict.fromkeys(mixed, "string"))
            frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
            (Path(folder) / f"{name}.csv").write_text(csv_text(frame), encoding="utf-8")
        mlflow.log_artifacts(folder, artifact_path="tables")


def log_search(mlflow: Any, experiment: str, search: pd.DataFrame) -> None:
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


def log_model(mlflow: Any, run: ModelRun) -> Any:
    """The fitted pipeline in skops' format, with the types of its table; returns what MLflow knows of it."""
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
            *(f"{name}=={importlib.metadata.version(name)}" for name in ("scikit-learn", "numpy", "pandas", "skops")),
            f"tme-platform=={__version__}",
        ],
    )


def register(client: Any, name: str, info: Any, run_id: str) -> str:
    """Make a logged model a version of a registered one, which is created first if need be; returns its number."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description="Signature of hot against cold tumours from MRI.")
    version = client.create_model_version(name, info.model_uri, run_id, model_id=info.model_id)
    return str(version.version)
