"""The DuckDB catalog as an asset: built after all tables."""

from typing import Any

import dagster as dg

from tme_platform.lake import build_catalog, catalog_path
from tme_platform.orchestration.table_asset import OWNERS
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES, Stage


@dg.asset(
    deps=[dg.AssetDep(name) for name in TABLES],
    group_name=Stage.CATALOG.group,
    kinds={"duckdb"},
    owners=OWNERS,
    description="One DuckDB view per table over its current Parquet files (`tme query`), swapped in whole.",
)
def catalog(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """Rebuild the catalog."""
    listing = build_catalog(workspace.lake)
    shown = listing[["table_name", "stage", "version", "rows", "cohorts"]]
    return dg.MaterializeResult(
        metadata={
            "dagster/uri": str(catalog_path(workspace.state)),
            "views": len(listing),
            "rows": int(listing["rows"].sum()),
            "tables": dg.MetadataValue.md(shown.to_markdown(index=False)),
        }
    )
