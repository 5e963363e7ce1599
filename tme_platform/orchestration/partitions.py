"""The one partitioning: by cohort, and cohorts come and go with their landing folders."""

import dagster as dg

COHORTS = dg.DynamicPartitionsDefinition(name="cohort")


def register_cohorts(instance: dg.DagsterInstance, cohorts: list[str]) -> list[str]:
    """Make the cohorts known to Dagster; returns those that were not."""
    new = [name for name in cohorts if name not in set(instance.get_dynamic_partitions("cohort"))]
    if new:
        instance.add_dynamic_partitions("cohort", new)
    return new
