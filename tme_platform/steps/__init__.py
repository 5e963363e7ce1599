"""What each asset does: read through a scope, call the science once, return rows. No Dagster here.

One module per group of assets; `STEPS` gathers every step by name. What a step may read is in `scope`, building and
storing a table in `materialise`, where a study runs in `workspace`.
"""
