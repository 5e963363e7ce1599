"""`tme ui`: serve Dagster and MLflow on this machine until stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from tme_platform.cli.children import Children
from tme_platform.cli.console import console
from tme_platform.cli.private import close_to_others
from tme_platform.environment import UI_TOKEN
from tme_platform.location import file_uri
from tme_platform.serving import Token, places, taken_token

HOST = "127.0.0.1"  # the open-source servers know no login, so nobody else may reach them
_WEBSERVER = "tme_platform.orchestration.webserver"
_PATIENCE_SECONDS = 120
_STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ui(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of Dagster.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Port of MLflow.")] = 5000,
    token: Annotated[
        bool,
        typer.Option(
            "--token",
            help="The pages open only by links with a token: TME_UI_TOKEN if that is set, or a new one. "
            "For machines with other users: without it, each of them can start and delete runs and models.",
        ),
    ] = False,
) -> None:
    """Serve Dagster and MLflow on this machine (127.0.0.1) until Ctrl-C.

    Both answer only their own pages: TME_UI_ADDRESSES names the addresses at which people reach them otherwise, such as
    https://tme.example.org. With TME_UI_TOKEN or --token both need a token; MLflow's clients send it as
    MLFLOW_TRACKING_TOKEN, other scripts as "Authorization: Bearer TOKEN".
    """
    context.obj.export()
    close_to_others(context.obj.state)
    needed = taken_token() or (Token.random() if token else None)
    raise typer.Exit(serve(context.obj.state, port, mlflow_port, console, needed))


def serve(state: Path, port: int, mlflow_port: int, console: Console, token: Token | None = None) -> int:
    """Start Dagster's webserver and daemon and MLflow, wait until they answer, and serve until Ctrl-C or SIGTERM.

    Returns
    -------
    Exit code: 0 after a stop that was asked for, 1 where a part could not start or ended by itself.
    """
    for name, wanted in {"Dagster": port, "MLflow": mlflow_port}.items():
        if not _free(wanted):
            option = "--port" if name == "Dagster" else "--mlflow-port"
            console.print(f"[red]error[/red]  port {wanted} for {name} is taken; name another with {option}")
            return 1
    logs = state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    environment = _environment(state, mlflow_port)
    from tme_platform.lake.locks import locked

    with locked(state / "locks", "ui", on_wait=_refuse), _interrupted_by_signals():
        try:
            _end_gone_runs(state)
            with Children() as children:
                for name, command in _commands(state, port, mlflow_port).items():
                    children.start(name, command, logs / f"{name}.log", _with_token(name, environment, token))
                return _watch(children, state, port, mlflow_port, console, token)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # the terminal may be closed
                console.print("stopped")
            return 0
        finally:
            _end_gone_runs(state)


def _watch(children: Children, state: Path, port: int, mlflow_port: int, console: Console, token: Token | None) -> int:
    """Wait until the servers answer, and then for as long as they run; the exit code if one of them ends."""
    logs = state / "logs"
    console.print("starting Dagster and MLflow ...")
    waiting = {f"http://{HOST}:{port}/server_info", f"http://{HOST}:{mlflow_port}/health"}
    if not _wait(waiting, children):
        console.print(f"[red]error[/red]  a server did not come up; its log is in {logs}")
        return 1
    pages = [f"http://{HOST}:{port}/asset-groups", f"http://{HOST}:{mlflow_port}/"]
    dagster, mlflow = map(token.link, pages) if token else pages
    console.print(f"[bold]Dagster[/bold]  {dagster}   (tables, checks, runs)", soft_wrap=True)
    console.print(f"[bold]MLflow[/bold]   {mlflow}   (model versions)", soft_wrap=True)
    landing = os.environ.get("TME_LANDING", state / "landing")
    console.print(f"Sensors keep up with {landing}; logs are in {logs}. Ctrl-C stops.")
    while (ended := children.ended()) is None:
        time.sleep(0.5)
    console.print(f"[red]error[/red]  {ended} ended by itself; see {logs / ended}.log")
    return 1


def _end_gone_runs(state: Path) -> None:
    """Record the end of runs that processes of an earlier `tme ui`, or of this one, left under way."""
    from tme_platform.orchestration.alive import end_gone_runs
    from tme_platform.orchestration.instance import open_instance

    with open_instance(state) as instance:
        end_gone_runs(instance, state, start_seconds=0)  # nobody is left who would start what was requested


def _refuse() -> None:
    raise ValueError("another `tme ui` serves this lake: use its addresses, or stop it first")


def _environment(state: Path, mlflow_port: int) -> dict[str, str]:
    """The environment of the servers; tables in Dagster link to `TME_MLFLOW_URL`."""
    from tme_platform.orchestration.instance import served_home
    from tme_platform.tracking.webserver import PORT

    return {
        "DAGSTER_HOME": str(served_home(state)),
        "TME_MLFLOW_URL": f"http://{HOST}:{mlflow_port}",
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        PORT: str(mlflow_port),
    }


def _with_token(name: str, environment: dict[str, str], token: Token | None) -> dict[str, str]:
    """The environment of one server; only pages get the token, and never on a command line, which all see."""
    return environment | {UI_TOKEN: token.secret} if token and name != "dagster-daemon" else environment


def _commands(state: Path, port: int, mlflow_port: int) -> dict[str, list[str]]:
    from tme_platform.tracking import Tracker
    from tme_platform.tracking.webserver import APP_NAME

    Tracker.of_lake(state).follow_lake()  # before its server reads it
    binaries = Path(sys.executable).parent
    module = ["-m", "tme_platform.definitions"]
    ours = places(mlflow_port)
    return {
        "dagster-webserver": [sys.executable, "-m", _WEBSERVER, *module, "-h", HOST, "-p", str(port)],
        "dagster-daemon": [str(binaries / "dagster-daemon"), "run", *module],
        "mlflow": [
            *(str(binaries / "mlflow"), "server", "--app-name", APP_NAME),
            *("--backend-store-uri", Tracker.local_uri(state)),
            *("--default-artifact-root", file_uri(state / "mlflow" / "artifacts"), "--no-serve-artifacts"),
            *("--host", HOST, "--workers", "1"),  # and MLFLOW_PORT
            "--uvicorn-opts=--no-access-log",  # it would show the token of the link
            # The guard is stricter; by default MLflow takes requests under any name that begins like a private address.
            *("--allowed-hosts", ",".join(sorted(ours.hosts))),
            *("--cors-allowed-origins", ",".join(sorted(ours.origins))),
        ],
    }


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """A plain `kill`, and the end of the terminal, stop the servers like Ctrl-C does."""
    numbers = [number for number in _STOPPED_BY if signal.getsignal(number) is not signal.SIG_IGN]  # as with nohup
    handlers = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _wait(urls: set[str], children: Children) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    left = set(urls)
    while left and time.monotonic() < deadline:
        if children.ended() is not None:
            return False
        left = {url for url in left if not _answers(url)}
        time.sleep(0.3)
    return not left


def _answers(url: str) -> bool:
    """Whether a page is served; the token is not sent, because another user may have been first at the port."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (always our own http address)
            return bool(answer.status == HTTPStatus.OK)
    except urllib.error.HTTPError as refused:
        return refused.code == HTTPStatus.FORBIDDEN  # by the guard, which stands before a page that is ready
    except OSError:
        return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
