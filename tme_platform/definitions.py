"""What Dagster loads (`workspace.yaml`)."""

from tme_platform.orchestration.build import build_definitions

defs = build_definitions()
