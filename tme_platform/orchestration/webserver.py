"""Dagster's webserver behind the guard: `python -m tme_platform.orchestration.webserver`, with the options of its own.

`TME_UI_ADDRESSES` names the addresses, separated by spaces or commas, at which people reach the page besides
`http://127.0.0.1:PORT` and `http://localhost:PORT`; `TME_UI_TOKEN` the token that they need.
"""

from __future__ import annotations

import sys
from typing import Any

import click
from dagster_webserver import cli

from tme_platform.serving import Guard, places, taken_token

_NAME = "python -m tme_platform.orchestration.webserver"
_HELP = """Before the page stands a guard, which answers http://127.0.0.1:PORT, http://localhost:PORT and the addresses
of TME_UI_ADDRESSES, and refuses what pages of other sites send. With TME_UI_TOKEN every request needs that token."""
_MAKE_APP = "create_app_from_workspace_process_context"  # by which Dagster's command makes its application


def main() -> None:
    """Run Dagster's command `dagster-webserver` with the guard before its application.

    It ends with a message where an address of `TME_UI_ADDRESSES` is none, or `TME_UI_TOKEN` can be guessed.
    """
    try:
        token, _ = taken_token(), places(0)  # whatever the port will be
    except ValueError as wrong:
        sys.exit(f"error: {wrong}")
    make_app = getattr(cli, _MAKE_APP)

    def guarded(*arguments: Any, **options: Any) -> Guard:
        port = click.get_current_context().params["port"]
        if port is None:
            raise click.UsageError("name the port with --port: requests are compared with it")
        return Guard(make_app(*arguments, **options), places(port), token)

    setattr(cli, _MAKE_APP, guarded)
    cli.cli.epilog = _HELP
    cli.cli(prog_name=_NAME, auto_envvar_prefix="DAGSTER_WEBSERVER")


if __name__ == "__main__":
    main()
