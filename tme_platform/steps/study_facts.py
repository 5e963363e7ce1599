"""Gathering what a report is made from: tables through a scope, so that they are traced, and versions from the lake."""

from __future__ import annotations

import importlib.metadata

import pandas as pd

from tme_platform.expression import CHECKPOINT_GENES
from tme_platform.report import StudyFacts, tables_needed
from tme_platform.steps.scope import Scope
from tme_platform.study import Study
from tme_platform.tables import TABLES, TableSchema
from tme_platform.tables.cohorts import EXPRESSION
from tme_platform.version import __version__

REPORTED = [TABLES[name] for name in tables_needed()]
_LIBRARIES = (
    "pyradiomics-bhklab",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "lifelines",
    "gseapy",
    "mlflow",
    "dagster",
)
_BLOCKS_WITHOUT_EFFECT_ON_RESULTS = ("name", "title", "cohorts", "report")


def study_facts(scope: Scope) -> StudyFacts:
    """Everything the report states, as the lake has it now."""
    tables = {schema.name: reported(scope, schema) for schema in REPORTED}
    blocks = [name for name in Study.model_fields if name not in _BLOCKS_WITHOUT_EFFECT_ON_RESULTS]
    settings = {name: getattr(scope.study, name).model_dump(mode="json") for name in blocks}
    return StudyFacts(
        name=scope.study.name,
        title=scope.study.title,
        settings=settings,
        tables=tables,
        versions=_versions(scope),
        software={"tme_platform": __version__, **{name: importlib.metadata.version(name) for name in _LIBRARIES}},
    )


def reported(scope: Scope, schema: TableSchema) -> pd.DataFrame:
    """A table as figures take it; of the expression only the checkpoint genes: no figure shows another."""
    return scope.read(schema, rows={"gene": CHECKPOINT_GENES} if schema is EXPRESSION else None)


def _versions(scope: Scope) -> pd.DataFrame:
    """Table by table, and by cohort where it is kept so: which version, and of what content."""
    rows = [
        {
            "table": schema.name,
            "cohort": cohort or "",
            "version": state.version,
            "rows": state.rows,
            "step_version": state.code_version,
            "content": state.content[:16],
        }
        for schema in REPORTED
        for cohort, state in sorted(scope.recorded_parts(schema).items(), key=lambda item: item[0] or "")
    ]
    return pd.DataFrame(rows, columns=["table", "cohort", "version", "rows", "step_version", "content"])
