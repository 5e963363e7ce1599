"""`tme ui`: serve Dagster and MLflow on this machine until stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from tme_platform.cli.children import Children
from tme_platform.cli.console import console
from tme_platform.cli.private import close_to_others
from tme_platform.environment import CODE_SOCKET, UI_TOKEN
from tme_platform.location import file_uri
from tme_platform.serving import Token, places, taken_token

HOST = "127.0.0.1"  # the open-source servers know no login, so nobody else may reach them
_WEBSERVER = "tme_platform.orchestration.webserver"
_DEFINITIONS = "tme_platform.definitions"
_DAEMON = "dagster-daemon"
_PAGES = ("dagster-webserver", "mlflow")
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
    """Start Dagster and MLflow, print the address of each as soon as it answers, serve until Ctrl-C or SIGTERM.

    The code is loaded once, by a server of its own for Dagster's page and daemon, while the page imports what it needs.
    The daemon, which nobody waits for, is started when the page answers.

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
            # A socket in a folder that only we can enter: whoever reaches the code server can run code.
            with tempfile.TemporaryDirectory(prefix="tme-ui-") as folder, Children() as children:
                commands = _commands(state, port, mlflow_port, Path(folder) / "code")
                environment[CODE_SOCKET] = str(Path(folder) / "code")

                def start(name: str) -> None:
                    children.start(name, commands[name], logs / f"{name}.log", _with_token(name, environment, token))

                for name in commands.keys() - {_DAEMON}:
                    start(name)
                pages = _pages(port, mlflow_port, token)
                return _watch(children, state, pages, console, on_dagster=lambda: start(_DAEMON))
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # the terminal may be closed
                console.print("stopped")
            return 0
        finally:
            _end_gone_runs(state)


@dataclass(frozen=True)
class _Page:
    """What is served: where it says that it is ready, its address for people, and what is there."""

    ready: str
    address: str
    shows: str


def _pages(port: int, mlflow_port: int, token: Token | None) -> dict[str, _Page]:
    dagster, mlflow = f"http://{HOST}:{port}", f"http://{HOST}:{mlflow_port}"
    link = token.link if token else str
    return {
        "Dagster": _Page(f"{dagster}/server_info", link(f"{dagster}/asset-groups"), "tables, checks, runs"),
        "MLflow": _Page(f"{mlflow}/health", link(f"{mlflow}/"), "model versions"),
    }


def _watch(
    children: Children, state: Path, pages: dict[str, _Page], console: Console, on_dagster: Callable[[], None]
) -> int:
    """Print each address when it answers, and serve as long as all servers run; the exit code if one of them ends."""
    logs = state / "logs"
    console.print("starting Dagster and MLflow ...")
    for name in _answering(pages, children):
        page = pages[name]
        console.print(f"{f'[bold]{name}[/bold]':<23}{page.address}   ({page.shows})", soft_wrap=True)
        if name == "Dagster":
            on_dagster()
        pages = {other: left for other, left in pages.items() if other != name}
    if pages:
        console.print(f"[red]error[/red]  {' and '.join(pages)} did not come up; logs are in {logs}")
        return 1
    landing = os.environ.get("TME_LANDING", state / "landing")
    console.print(f"Sensors keep up with {landing}; logs are in {logs}. Ctrl-C stops.")
    while (ended := children.ended()) is None:
        time.sleep(0.5)
    console.print(f"[red]error[/red]  {ended} ended by itself; see {logs / ended}.log")
    return 1


def _end_gone_runs(state: Path) -> None:
    """Record the end of runs that processes of an earlier `tme ui`, or of this one, left under way."""
    from tme_platform.orchestration.run_states import UNDER_WAY, may_have

    if not may_have(Path(os.environ.get("DAGSTER_HOME") or state / "dagster"), UNDER_WAY):
        return  # as nearly always; importing Dagster takes seconds
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
    return environment | {UI_TOKEN: token.secret} if token and name in _PAGES else environment


def _commands(state: Path, port: int, mlflow_port: int, code: Path) -> dict[str, list[str]]:
    """The command lines of the servers by name; `code` is the socket of the code server, beside its workspace file."""
    import yaml

    from tme_platform.tracking.first_use import make_database
    from tme_platform.tracking.place import artifacts_of, database_of, follow_state, local_uri
    from tme_platform.tracking.webserver import APP_NAME

    make_database(database_of(state))
    follow_state(state)  # before its server reads it
    binaries = Path(sys.executable).parent
    workspace = code.with_suffix(".yaml")
    # The name under which Dagster has known the code since it was loaded as a module: sensors are remembered by it.
    server = {"socket": str(code), "location_name": _DEFINITIONS}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    ours = places(mlflow_port)
    return {
        "dagster-code": [str(binaries / "dagster"), "api", "grpc", "-m", _DEFINITIONS, "--socket", str(code)],
        "dagster-webserver": [
            *(sys.executable, "-m", _WEBSERVER, "-w", str(workspace), "-h", HOST, "-p", str(port)),
        ],
        _DAEMON: [str(binaries / "dagster-daemon"), "run", "-w", str(workspace)],
        "mlflow": [
            *(str(binaries / "mlflow"), "server", "--app-name", APP_NAME),
            *("--backend-store-uri", local_uri(state)),
            *("--default-artifact-root", file_uri(artifacts_of(state)), "--no-serve-artifacts"),
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


def _answering(pages: dict[str, _Page], children: Children) -> Iterator[str]:
    """The names of the pages in the order in which they answer, as long as all servers run, and for two minutes."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    left = dict(pages)
    while left and time.monotonic() < deadline and children.ended() is None:
        for name in [name for name, page in left.items() if _answers(page.ready)]:
            del left[name]
            yield name
        time.sleep(0.2)


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
