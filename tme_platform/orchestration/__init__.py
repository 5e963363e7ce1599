"""Dagster, and nothing but Dagster: which asset calls which function of the science, when, and where the result goes.

Deliberately without import-time wiring; `build.build_definitions` makes everything.
"""
