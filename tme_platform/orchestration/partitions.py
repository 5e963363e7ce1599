"""The only partitioning: by cohort. Cohorts are registered when their landing folders are first seen."""

import dagster as dg

COHORTS = dg.DynamicPartitionsDefinition(name="cohort")
