"""The one kind of asset there is: a function of a scope whose result becomes a table.

What all assets share stands here once: look whether anything changed, call the function, hold the frame against the
schema, commit, and tell Dagster what happened.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd

from tme_platform.lake import Commit, PartitionState
from tme_platform.orchestration.automation import WHEN_CONTENT_CHANGES
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.pictures import figure_metadata
from tme_platform.orchestration.progress import NOTHING_CHANGED, Progress
from tme_platform.orchestration.workspace import Workspace
from tme_platform.report import page_path
from tme_platform.steps.scope import Refresh, Scope, failure_counts
from tme_platform.tables import TableError, TableSchema, rejections
from tme_platform.tables.schema import CHECKS

OWNERS = ["team:radiogenomics"]
STAGES = (
    "cohorts",
    "expression",
    "phenotypes",
    "survival",
    "imaging",
    "radiomics",
    "signature",
    "evaluation",
    "catalog",
)


class RefreshConfig(dg.Config):
    """What is made: `stale` what changed, `failed` that and rows that failed, `missing` what never was, `all` all."""

    refresh: Refresh = "stale"


@dataclass(frozen=True)
class Finding:
    """The outcome of a check on a table's content, beyond its schema."""

    check: str
    passed: bool
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What an asset's function gives back."""

    frame: pd.DataFrame
    rejected: pd.DataFrame | None = None
    """Rows for `rejected_inputs`."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Key numbers, shown in Dagster and stored with the table."""


def nothing(scope: Scope, note: str) -> Made:
    """The table without rows, and why there are none."""
    columns = [column.name for column in scope.schema.columns]
    return Made(pd.DataFrame(columns=columns), details={"note": note})


def group_name(layer: str) -> str:
    """Group of a layer; numbered, because Dagster sorts groups by name and a study has an order."""
    return f"s{STAGES.index(layer) + 1}_{layer}"


def table_asset(
    schema: TableSchema,
    *,
    code_version: str,
    deps: Sequence[TableSchema] = (),
    all_cohorts: Sequence[TableSchema] = (),
    checks: Mapping[str, str] | None = None,
    judge: Callable[[pd.DataFrame, Scope], Sequence[Finding]] | None = None,
    blocking: bool = True,
    kinds: frozenset[str] = frozenset(),
    pool: str | None = None,
) -> Callable[[Callable[[Scope], Made]], dg.AssetsDefinition]:
    """Make a function of a scope into the asset of a table.

    Parameters
    ----------
    schema
        The table.
    code_version
        To be raised when the function would give other values; then the table is made anew.
    deps
        Tables that are read; of the same cohort where both are kept per cohort.
    all_cohorts
        Tables of which other cohorts are read, too.
    checks, judge, blocking
        Names and descriptions of further checks, the function that gives their outcome from the committed frame, and
        whether a failure stops what comes after.
    """
    extra = dict(checks or {})

    def decorate(function: Callable[[Scope], Made]) -> dg.AssetsDefinition:
        @dg.asset(
            name=schema.name,
            deps=[*_deps(schema, deps), *_deps(schema, all_cohorts, every=True)],
            partitions_def=COHORTS if schema.per_cohort else None,
            group_name=group_name(schema.stage),
            description=_description(schema, function),
            kinds={"deltalake", "parquet", *kinds},
            owners=OWNERS,
            code_version=code_version,
            metadata={"dagster/column_schema": _column_schema(schema)},
            check_specs=[
                *(
                    dg.AssetCheckSpec(name, asset=schema.name, blocking=True, description=text)
                    for name, text in CHECKS.items()
                ),
                *(
                    dg.AssetCheckSpec(name, asset=schema.name, blocking=blocking, description=text)
                    for name, text in extra.items()
                ),
            ],
            automation_condition=WHEN_CONTENT_CHANGES,
            output_required=False,
            pool=pool,
        )
        def _asset(
            context: dg.AssetExecutionContext,
            config: RefreshConfig,
            workspace: Workspace,
            progress: dg.ResourceParam[Progress],
        ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
            cohort = context.partition_key if schema.per_cohort else None
            scope = workspace.scope(
                schema,
                cohort,
                run_tags={"dagster.run_id": context.run_id, "dagster.asset_key": schema.name},
                refresh=config.refresh,
                log=context.log,
                report=lambda text: progress.step(schema.name, cohort, text),
            )
            yield from _materialise(scope, function, code_version, judge=judge, progress=progress)

        return _asset

    return decorate


def _materialise(
    scope: Scope,
    function: Callable[[Scope], Made],
    code_version: str,
    *,
    judge: Callable[[pd.DataFrame, Scope], Sequence[Finding]] | None,
    progress: Progress,
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    schema, cohort = scope.schema, scope.cohort
    started = time.monotonic()
    try:
        state, frame, shown = _bring_up_to_date(scope, function, code_version)
    except TableError as error:
        for name in CHECKS:
            metadata = {"problem": error.problems[name]} if name in error.problems else {}
            yield dg.AssetCheckResult(passed=not metadata, check_name=name, metadata=metadata)
        raise dg.Failure(f"{error}. Nothing was written; the last version stands.", allow_retries=False) from error
    findings = judge(scope.lake.read(schema, cohort) if frame is None else frame, scope) if judge else ()
    progress.done(schema.name, cohort, shown, time.monotonic() - started)
    yield dg.MaterializeResult(
        metadata=_metadata(scope, state, shown) | (figure_metadata(scope) if shown != NOTHING_CHANGED else {}),
        data_version=dg.DataVersion(state.content),
        check_results=[
            *(dg.AssetCheckResult(passed=True, check_name=name) for name in CHECKS),
            *(
                dg.AssetCheckResult(
                    passed=finding.passed,
                    check_name=finding.check,
                    severity=dg.AssetCheckSeverity.ERROR,
                    description=finding.description,
                    metadata=dict(finding.metadata),
                )
                for finding in findings
            ),
        ],
    )


def _bring_up_to_date(
    scope: Scope, function: Callable[[Scope], Made], code_version: str
) -> tuple[PartitionState, pd.DataFrame | None, str]:
    """Look, make and commit while no other process does; who had to wait finds that nothing is left to do."""
    schema, cohort = scope.schema, scope.cohort
    with scope.lake.turn(schema, cohort, lambda: scope.report("another run is making this table; waiting")):
        reason = scope.why_run(code_version)
        if reason is None:
            state = scope.lake.state(schema, cohort)
            assert state is not None  # noqa: S101 (a table without a state has a reason to run)
            return state, None, NOTHING_CHANGED
        commit = _commit(scope, function(scope), code_version, reason)
    shown = f"{_counted(commit.state)} ({commit.state.reason})" if commit.written else NOTHING_CHANGED
    return commit.state, commit.frame, shown


def _commit(scope: Scope, made: Made, code_version: str, reason: str) -> Commit:
    schema, lake = scope.schema, scope.lake
    if made.rejected is not None:
        rejected = made.rejected.assign(step=schema.name)
        rejected["row_key"] = made.rejected.get("row_key")
        lake.commit(
            rejections(schema),
            rejected,
            cohort=scope.cohort,
            provenance=scope.provenance,
            reason=reason,
            details=failure_counts(rejected),
        )
    return lake.commit(
        schema,
        made.frame,
        cohort=scope.cohort,
        provenance=scope.provenance,
        code_version=code_version,
        reads=scope.reads,
        reason=reason,
        details=made.details,
    )


def _counted(state: PartitionState) -> str:
    return ", ".join(f"{count} {name}" for name, count in state.changes.items() if count) or "no rows"


def _metadata(scope: Scope, state: PartitionState, shown: str) -> dict[str, Any]:
    quiet = shown == NOTHING_CHANGED
    changes = {
        "new": 0,
        "changed": 0,
        "unchanged": sum(state.changes[k] for k in ("new", "changed", "unchanged")),
        "removed": 0,
    }
    return {
        "dagster/row_count": state.rows,
        "dagster/uri": scope.lake.uri(scope.schema),
        "columns": state.columns,
        "table_version": state.version,
        "content_hash": state.content,
        "reason": NOTHING_CHANGED if quiet else state.reason,
        "counted_by": scope.schema.counted_by,
        **(changes if quiet else state.changes),
        "provenance": scope.provenance,
        **_links(scope),
        **{name: _shown(value) for name, value in state.details.items()},
    }


def _links(scope: Scope) -> dict[str, Any]:
    """Where to read on: the study's report, and MLflow where the table is about the signature."""
    report = dg.MetadataValue.path(page_path(scope.lake.state_folder, scope.study.name))
    about_model = scope.schema.stage in ("signature", "evaluation")
    return {"report": report, **({"models": dg.MetadataValue.url(scope.tracker.model_link())} if about_model else {})}


def _shown(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return dg.MetadataValue.url(value)
    return dg.MetadataValue.json(value) if isinstance(value, dict | list) else value


def _description(schema: TableSchema, function: Callable[[Scope], Made]) -> str:
    """The table's description, then the function's docstring: what a clinician reads in the UI."""
    how = " ".join((function.__doc__ or "").split())
    return f"{schema.description}\n\n{how}".strip()


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


def _deps(schema: TableSchema, upstream: Sequence[TableSchema], *, every: bool = False) -> list[dg.AssetDep]:
    mapping = dg.AllPartitionMapping() if every and schema.per_cohort else None
    return [
        dg.AssetDep(table.name, partition_mapping=mapping if table.per_cohort and schema.per_cohort else None)
        for table in upstream
    ]
