"""What Dagster loads: `dagster dev -m tme_platform.definitions`, `workspace.yaml`."""

from tme_platform.environment import keep_private
from tme_platform.orchestration.build import build_definitions

keep_private()  # the process that serves the code starts the runs
defs = build_definitions()
