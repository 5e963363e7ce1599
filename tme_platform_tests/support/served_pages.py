"""A page of ours that asks for a token, and the page of another site."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SECRET = "0123456789abcdef-of-a-test"  # noqa: S105
JSON = {"Content-Type": "application/json"}


class Served:
    """A page on a port of this machine, behind the guard with the token `SECRET`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """An answer to somebody who has the token, unless `headers` say otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {
            "Authorization": f"Bearer {SECRET}",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        with contextlib.closing(connection):
            connection.request(method, path, body if isinstance(body, str | None) else json.dumps(body), given)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


class _Attack(BaseHTTPRequestHandler):
    """Another site's page."""

    html = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.html.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def another_site(html: str) -> Iterator[str]:
    """Serve a page from another port under another name; gives its address."""
    handler = type("Handler", (_Attack,), {"html": html})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
