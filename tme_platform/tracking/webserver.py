"""MLflow's server behind the guard: `MLFLOW_PORT=5000 mlflow server --app-name tme_platform`, with its own options.

`TME_UI_ADDRESSES` and `TME_UI_TOKEN` are those of `orchestration.webserver`. Clients send a token that is needed as
`MLFLOW_TRACKING_TOKEN`.
"""

from __future__ import annotations

import os

from tme_platform.serving import Guard, guarded

APP_NAME = "tme_platform"
"""Name of the entry point (group `mlflow.app`) by which MLflow's command finds `make_app`."""
PORT = "MLFLOW_PORT"
"""Environment variable: the port, which MLflow's command takes from here, too."""


def make_app() -> Guard:
    """MLflow's application behind the guard.

    Raises
    ------
    ValueError
        `MLFLOW_PORT` does not name the port, an address of `TME_UI_ADDRESSES` is none, or `TME_UI_TOKEN` can be
        guessed.
    """
    port = os.environ.get(PORT, "")
    if not port.isdigit():
        raise ValueError(f"name the port by {PORT}, not by --port: requests are compared with it")
    from mlflow.server.fastapi_app import app

    return guarded(app, int(port))
