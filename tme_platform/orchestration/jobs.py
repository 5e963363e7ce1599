"""Jobs that can be launched by hand from the UI or by a sensor."""

from typing import Any

import dagster as dg

from tme_platform.lake.tables import COHORT_FILES, TABLES
from tme_platform.orchestration.partitions import COHORTS

LOOK_AT_LANDING = "look_at_landing"


def make_jobs() -> list[Any]:
    """Make the jobs: look at a landing folder, and all tables of one cohort; the whole study is `tme run`'s."""
    landing = dg.AssetSelection.assets(COHORT_FILES.name)
    of_a_cohort = dg.AssetSelection.assets(*[schema.name for schema in TABLES.values() if schema.per_cohort])
    return [
        dg.define_asset_job(
            LOOK_AT_LANDING, landing, partitions_def=COHORTS, description="Hash what landed for a cohort."
        ),
        dg.define_asset_job(
            "cohort_tables", of_a_cohort, partitions_def=COHORTS, description="All tables of one cohort."
        ),
    ]
