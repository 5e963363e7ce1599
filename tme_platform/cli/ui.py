"""`tme ui`: serve Dagster and MLflow on this machine until stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tme_platform.cli.console import console
from tme_platform.cli.private import close_to_others
from tme_platform.location import file_uri

HOST = "127.0.0.1"  # the open-source servers know no login, so nobody else may reach them
_PATIENCE_SECONDS = 120


def ui(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of Dagster.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Port of MLflow.")] = 5000,
) -> None:
    """Serve Dagster and MLflow on this machine (127.0.0.1) until Ctrl-C."""
    context.obj.export()
    close_to_others(context.obj.state)
    raise typer.Exit(serve(context.obj.state, port, mlflow_port, console))


def serve(state: Path, port: int, mlflow_port: int, console: Console) -> int:
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
    # A plain `kill` must stop the servers like Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    logs = state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    environment = _environment(state, mlflow_port)
    with contextlib.ExitStack() as stack:
        children = {
            name: stack.enter_context(_child(command, logs / f"{name}.log", environment))
            for name, command in _commands(state, port, mlflow_port).items()
        }
        console.print("starting Dagster and MLflow ...")
        try:
            waiting = {f"http://{HOST}:{port}/server_info", f"http://{HOST}:{mlflow_port}/health"}
            if not _wait(waiting, children):
                console.print(f"[red]error[/red]  a server did not come up; its log is in {logs}")
                return 1
            console.print(f"[bold]Dagster[/bold]  http://{HOST}:{port}/asset-groups   (tables, checks, runs)")
            console.print(f"[bold]MLflow[/bold]   http://{HOST}:{mlflow_port}           (model versions)")
            landing = os.environ.get("TME_LANDING", state / "landing")
            console.print(f"Sensors keep up with {landing}; logs are in {logs}. Ctrl-C stops.")
            while all(child.poll() is None for child in children.values()):
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print("stopping")
            return 0
        ended = next(name for name, child in children.items() if child.poll() is not None)
        console.print(f"[red]error[/red]  {ended} ended by itself; see {logs / ended}.log")
        return 1


def _environment(state: Path, mlflow_port: int) -> dict[str, str]:
    """The environment of the servers; tables in Dagster link to `TME_MLFLOW_URL`."""
    from tme_platform.orchestration.instance import dagster_home

    return {
        "DAGSTER_HOME": str(dagster_home(state)),
        "TME_MLFLOW_URL": f"http://{HOST}:{mlflow_port}",
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _commands(state: Path, port: int, mlflow_port: int) -> dict[str, list[str]]:
    from tme_platform.tracking import Tracker

    Tracker.of_lake(state).follow_lake()  # before its server reads it
    binaries = Path(sys.executable).parent
    module = ["-m", "tme_platform.definitions"]
    return {
        "dagster-webserver": [str(binaries / "dagster-webserver"), *module, "-h", HOST, "-p", str(port)],
        "dagster-daemon": [str(binaries / "dagster-daemon"), "run", *module],
        "mlflow": [
            *(str(binaries / "mlflow"), "server"),
            *("--backend-store-uri", Tracker.local_uri(state)),
            *("--default-artifact-root", file_uri(state / "mlflow" / "artifacts")),
            *("--host", HOST, "--port", str(mlflow_port), "--workers", "1"),
        ],
    }


@contextlib.contextmanager
def _child(command: list[str], log: Path, environment: dict[str, str]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """A process in a group of its own, so that what it started ends with it."""
    with log.open("ab") as sink:
        process = subprocess.Popen(  # noqa: S603 (our own command line)
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                if number is signal.SIGTERM:
                    break


def _wait(urls: set[str], children: dict[str, subprocess.Popen[bytes]]) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    left = set(urls)
    while left and time.monotonic() < deadline:
        if any(child.poll() is not None for child in children.values()):
            return False
        left = {url for url in left if not _answers(url)}
        time.sleep(0.3)
    return not left


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (always our own http address)
            return bool(answer.status == 200)
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


def _interrupt() -> None:
    raise KeyboardInterrupt
