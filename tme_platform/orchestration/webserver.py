"""Dagster's webserver behind the guard: `python -m tme_platform.orchestration.webserver`, with the options of its own.

`TME_CODE_SOCKET` names the socket of a code server that is being started: it is waited for before the page is made, so
that the page has the tables from the start. `TME_UI_ADDRESSES` names the addresses, separated by spaces or commas, at
which people reach the page besides `http://127.0.0.1:PORT` and `http://localhost:PORT`; `TME_UI_TOKEN` the token that
they need.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import click
from dagster_webserver import cli

from tme_platform.environment import CODE_SOCKET
from tme_platform.serving import Guard, places, taken_token

_NAME = "python -m tme_platform.orchestration.webserver"
_HELP = """Before the page stands a guard, which answers http://127.0.0.1:PORT, http://localhost:PORT and the addresses
of TME_UI_ADDRESSES, and refuses what pages of other sites send. With TME_UI_TOKEN every request needs that token."""
_CODE_SECONDS = 120
_MAKE_APP = "create_app_from_workspace_process_context"  # by which Dagster's command makes its application


def main() -> None:
    """Run Dagster's command `dagster-webserver` with the guard before its application.

    It ends with a message where an address of `TME_UI_ADDRESSES` is none, or `TME_UI_TOKEN` can be guessed.
    """
    try:
        token, _ = taken_token(), places(0)  # whatever the port will be
    except ValueError as wrong:
        sys.exit(f"error: {wrong}")
    _wait_for_code()
    make_app = getattr(cli, _MAKE_APP)

    def guarded(*arguments: Any, **options: Any) -> Guard:
        port = click.get_current_context().params["port"]
        if port is None:
            raise click.UsageError("name the port with --port: requests are compared with it")
        return Guard(make_app(*arguments, **options), places(port), token)

    setattr(cli, _MAKE_APP, guarded)
    cli.cli.epilog = _HELP
    cli.cli(prog_name=_NAME, auto_envvar_prefix="DAGSTER_WEBSERVER")


def _wait_for_code() -> None:
    """Wait until the code server has its socket, which it makes when it has loaded the code."""
    socket = os.environ.get(CODE_SOCKET)
    deadline = time.monotonic() + _CODE_SECONDS
    while socket and not Path(socket).exists() and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
