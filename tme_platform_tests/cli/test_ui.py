"""`tme ui` prints the address of each page as it answers; the servers themselves are tested from end to end."""

import contextlib
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tme_platform.cli import ui
from tme_platform.serving import Token
from tme_platform_tests.support.servers import free_port


class Running:
    """Stands in for the programs: one of them has ended when a test says so."""

    def __init__(self) -> None:
        self.gone: str | None = None

    def ended(self) -> str | None:
        return self.gone


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def answering(port: int) -> Iterator[None]:
    with http.server.HTTPServer(("127.0.0.1", port), Ready) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_each_address_is_printed_as_its_server_answers(tmp_path: Path) -> None:
    dagster, mlflow = free_port(), free_port()
    children, said = Running(), io.StringIO()
    before: list[str] = []

    with contextlib.ExitStack() as stack:
        stack.enter_context(answering(dagster))

        def start_the_rest() -> None:
            before.append(said.getvalue())
            stack.enter_context(answering(mlflow))
            threading.Timer(1.0, setattr, (children, "gone", "mlflow")).start()

        pages = ui._pages(dagster, mlflow, Token("0123456789abcdef"))
        code = ui._watch(children, tmp_path, pages, Console(file=said, width=200), on_dagster=start_the_rest)
    assert f"Dagster   http://127.0.0.1:{dagster}/" in before[0]
    assert "MLflow  " not in before[0], "it does not answer yet"
    assert f"MLflow    http://127.0.0.1:{mlflow}/" in said.getvalue()
    assert said.getvalue().count("0123456789abcdef") == 2
    assert "Sensors keep up" in said.getvalue()
    assert "mlflow ended by itself" in said.getvalue()
    assert code == 1


def test_a_server_that_does_not_come_up_is_named(tmp_path: Path) -> None:
    children, said = Running(), io.StringIO()
    children.gone = "dagster-code"
    pages = ui._pages(free_port(), free_port(), None)
    assert ui._watch(children, tmp_path, pages, Console(file=said, width=200), on_dagster=pytest.fail) == 1
    assert "Dagster and MLflow did not come up" in said.getvalue()
