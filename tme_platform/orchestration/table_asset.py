"""A step as a Dagster asset: its partitions, checks and metadata, and the events of a materialisation."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from tme_platform.disk import disk_trouble
from tme_platform.lake import PartitionState
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.pictures import figure_metadata
from tme_platform.orchestration.progress import Progress
from tme_platform.orchestration.requests import started_by
from tme_platform.report import page_path
from tme_platform.steps.materialise import NOTHING_CHANGED, Materialised, materialise
from tme_platform.steps.scope import RUN_ID, Refresh, Scope
from tme_platform.steps.step import Step, UnusableInputError
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import SCHEMA_CHECK, Stage, TableError, TableSchema

OWNERS = ["team:radiogenomics"]


class RefreshConfig(dg.Config):
    """What is rebuilt.

    `stale`: what changed; `failed`: that, and rows that failed; `missing`: what was never built; `all`: everything.
    """

    refresh: Refresh = "stale"


def table_asset(step: Step) -> dg.AssetsDefinition:
    """Make the asset of a step."""
    schema = step.schema

    @dg.asset(
        name=schema.name,
        deps=_deps(step),
        partitions_def=COHORTS if schema.per_cohort else None,
        group_name=schema.stage.group,
        description=step.description,
        kinds={"deltalake", "parquet", *step.kinds},
        owners=OWNERS,
        code_version=step.version,
        metadata={"dagster/column_schema": _column_schema(schema)},
        check_specs=[
            dg.AssetCheckSpec(SCHEMA_CHECK, asset=schema.name, blocking=True, description=_SCHEMA_CHECK_TEXT),
            *(
                dg.AssetCheckSpec(check.name, asset=schema.name, blocking=check.blocking, description=check.description)
                for check in step.checks
            ),
        ],
        output_required=False,
        pool=step.pool,
    )
    def _asset(
        context: dg.AssetExecutionContext,
        config: RefreshConfig,
        workspace: dg.ResourceParam[Workspace],
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        cohort = context.partition_key if schema.per_cohort else None
        scope = workspace.scope(
            schema,
            cohort,
            run_tags={RUN_ID: context.run_id, "dagster.asset_key": schema.name},
            via=started_by(context.op_execution_context.run_tags),
            refresh=config.refresh,
            log=context.log,
            report=lambda text: progress.step(schema.name, cohort, text),
            withhold=lambda text: progress.withheld(schema.name, cohort, text),
        )
        yield from _materialised(step, scope, progress)

    return _asset


_SCHEMA_CHECK_TEXT = "Columns, types and values are as the schema says, keys are unique, no number is infinite."


def _materialised(
    step: Step, scope: Scope, progress: Progress
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    started = time.monotonic()
    try:
        made = materialise(step, scope)
    except TableError as error:
        yield dg.AssetCheckResult(passed=False, check_name=SCHEMA_CHECK, metadata={"problem": str(error)})
        raise dg.Failure(f"{error}. Nothing was written; the previous version is kept.", allow_retries=False) from error
    except UnusableInputError as error:
        raise dg.Failure(f"{error} Nothing was written; the previous version is kept.", allow_retries=False) from error
    except OSError as error:
        if (said := disk_trouble(error)) is None:
            raise
        raise dg.Failure(f"{said}. The previous version is kept.", allow_retries=False) from error
    took, why = time.monotonic() - started, made.state.reason if made.written else NOTHING_CHANGED
    progress.done(step.name, scope.cohort, made.summary, took, why, made.state.changes if made.written else {})
    figures = figure_metadata(scope) if made.written else {}
    yield dg.MaterializeResult(
        metadata=_metadata(scope, made) | figures,
        data_version=dg.DataVersion(made.state.content),
        check_results=[
            dg.AssetCheckResult(passed=True, check_name=SCHEMA_CHECK),
            *(_check_result(name, found) for name, found in made.state.checks.items()),
        ],
    )


def _check_result(name: str, found: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=found["passed"],
        check_name=name,
        severity=dg.AssetCheckSeverity.ERROR,
        description=found["description"],
        metadata=dict(found["metadata"]),
    )


def _metadata(scope: Scope, made: Materialised) -> dict[str, Any]:
    state = made.state
    return {
        "dagster/row_count": state.rows,
        "dagster/uri": scope.uri(scope.schema),
        "columns": state.columns,
        "table_version": state.version,
        "content_hash": state.content,
        "reason": state.reason if made.written else NOTHING_CHANGED,
        "counted_by": scope.schema.counted_by,
        **(state.changes if made.written else _unchanged(state)),
        "provenance": scope.provenance,
        **_links(scope),
        **{name: _shown(value) for name, value in state.details.items()},
    }


def _unchanged(state: PartitionState) -> dict[str, int]:
    kept = sum(state.changes[name] for name in ("new", "changed", "unchanged"))
    return {"new": 0, "changed": 0, "unchanged": kept, "removed": 0}


def _links(scope: Scope) -> dict[str, Any]:
    """The study's report, and MLflow where the table is about the signature."""
    report = dg.MetadataValue.path(page_path(scope.state_folder, scope.study.name))
    about_model = scope.schema.stage in (Stage.SIGNATURE, Stage.EVALUATION)
    return {"report": report, **({"models": dg.MetadataValue.url(scope.tracker.model_link())} if about_model else {})}


def _shown(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return dg.MetadataValue.url(value)
    return dg.MetadataValue.json(value) if isinstance(value, dict | list) else value


def _column_schema(schema: TableSchema) -> dg.TableSchema:
    columns = [
        dg.TableColumn(
            column.name,
            column.dtype,
            description=column.description,
            constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=schema.key == (column.name,)),
        )
        for column in schema.all_columns
    ]
    if schema.wide is not None:
        columns.append(dg.TableColumn("…", "float64", description=f"{schema.wide} One column each."))
    return dg.TableSchema(columns=columns)


def _deps(step: Step) -> list[dg.AssetDep]:
    per_cohort = step.schema.per_cohort
    own = [dg.AssetDep(table.name) for table in step.reads]
    every = [
        dg.AssetDep(table.name, partition_mapping=dg.AllPartitionMapping() if table.per_cohort and per_cohort else None)
        for table in step.reads_all_cohorts
    ]
    return [*own, *every]
