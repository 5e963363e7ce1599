"""The version of the platform: the only place that says it. Imports nothing, so that any module may use it."""

__version__ = "0.1.0"
