"""The guard before an application in memory: what reaches it and what does not."""

import asyncio
from typing import Any

import pytest

from tme_platform.serving import Guard, Places, Token, TokenError, loopback

HOST = "127.0.0.1:3000"
OURS = f"http://{HOST}"
SECRET = "0123456789abcdef-ours"  # noqa: S105
JSON = {"content-type": "application/json"}


class Page:
    """An application that remembers what reached it, behind a guard."""

    def __init__(self, token: Token | None = None, **options: int) -> None:
        self.bodies: list[bytes] = []
        self.sockets: list[dict[str, Any]] = []
        self.guard = Guard(self._serve, Places([*loopback(3000), "https://tme.example.org"]), token, **options)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            while message["type"] != "websocket.disconnect":
                message = await receive()
                self.sockets.append(message)
            return
        self.bodies.append(message["body"])
        given = [(b"X-Frame-Options", b"ALLOWALL"), (b"content-security-policy", b"object-src 'none'")]
        await send({"type": "http.response.start", "status": 200, "headers": given})
        await send({"type": "http.response.body", "body": b"ours"})

    def ask(self, method: str, path: str, headers: Any = (), parts: tuple[bytes, ...] = (b"",)) -> "Given":
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        if not any(name == "host" for name, _ in pairs):
            pairs.append(("host", HOST))
        place, _, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": place, "query_string": query.encode()}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in pairs]
        incoming = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        incoming[-1]["more_body"] = False
        sent = self._run(scope, incoming)
        return Given(sent[0]["status"], [(n.decode().lower(), v.decode()) for n, v in sent[0]["headers"]])

    def connect(self, headers: dict[str, str], *texts: str, path: str = "/graphql") -> list[str]:
        given = {"host": HOST, **headers}
        scope = {"type": "websocket", "path": path, "query_string": b""}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]
        incoming: list[dict[str, Any]] = [{"type": "websocket.connect"}]
        incoming += [{"type": "websocket.receive", "text": text} for text in texts]
        return [message["type"] for message in self._run(scope, [*incoming, {"type": "websocket.disconnect"}])]

    def _run(self, scope: Any, incoming: list[dict[str, Any]]) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return incoming.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.guard(scope, receive, send))
        return sent


class Given:
    """An answer."""

    def __init__(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self.headers = headers

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        ("localhost:3000", 200),
        ("LOCALHOST:3000", 200),
        ("tme.example.org", 200),
        ("tme.example.org:443", 421),
        ("127.0.0.1:3001", 421),
        ("127.0.0.1", 421),
        ("evil.example:3000", 421),
        ("127.0.0.1:3000.evil.example", 421),
        ("user@127.0.0.1:3000", 421),
        ("", 421),
    ],
)
def test_only_named_hosts_are_answered(host: str, status: int) -> None:
    assert Page().ask("GET", "/", {"host": host}).status == status


def test_a_second_host_is_refused() -> None:
    assert Page().ask("GET", "/", [("host", HOST), ("host", "evil.example")]).status == 421


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:5000", "https://127.0.0.1:3000", f"{OURS}.evil.example"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "WHATEVER"])
def test_another_origin_is_refused(method: str, origin: str) -> None:
    page = Page()
    assert page.ask(method, "/graphql", {**JSON, "origin": origin}).status == 403
    assert page.bodies == []


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000", "https://tme.example.org"])
def test_our_origins_are_let_through(origin: str) -> None:
    assert Page().ask("POST", "/graphql", {**JSON, "origin": origin}).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "whatever"])
def test_other_sites_may_link_and_nothing_else(site: str) -> None:
    link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert Page().ask("GET", "/runs", link).status == 200
    assert Page().ask("POST", "/graphql", {**JSON, **link}).status == 403
    assert Page().ask("GET", "/runs", {**link, "sec-fetch-dest": "iframe"}).status == 403
    assert Page().ask("GET", "/runs", {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}).status == 403
    assert Page().ask("GET", "/runs", {"sec-fetch-site": site}).status == 403
    for ours in ("same-origin", "none"):
        assert Page().ask("GET", "/runs", {"sec-fetch-site": ours, "sec-fetch-mode": "no-cors"}).status == 200


@pytest.mark.parametrize("path", ["/graphql", "/report_asset_materialization/cohorts", "/report_asset_check/cohorts"])
@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "text/plain; a=application/json",
        "application/json-patch+json",
    ],
)
def test_what_changes_something_is_json(path: str, kind: str | None) -> None:
    page = Page()
    assert page.ask("POST", path, {"content-type": kind} if kind else {}).status == 415
    assert page.bodies == []


def test_json_may_name_its_characters_but_only_one_kind() -> None:
    assert Page().ask("POST", "/graphql", {"content-type": "application/json; charset=utf-8"}).status == 200
    both = [*JSON.items(), ("content-type", "text/plain")]
    assert Page().ask("POST", "/graphql", both).status == 415


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/graphql?query=mutation{a}", "/dagster/graphql?quer%79=mutation", "/graphql?query="])
def test_graphql_in_an_address_is_refused(method: str, path: str) -> None:
    assert Page().ask(method, path).status == 405


def test_pages_may_have_questions_in_their_address() -> None:
    assert Page().ask("GET", "/runs?q=mutation").status == 200
    assert Page().ask("GET", "/graphql", {"accept": "text/html"}).status == 200


def test_large_bodies_are_refused_however_they_come() -> None:
    page = Page(limit=10)
    assert page.ask("POST", "/graphql", JSON, (b"12345", b"67890")).status == 200
    assert page.ask("POST", "/graphql", JSON, (b"12345", b"67890", b"1")).status == 413
    assert page.bodies == [b"1234567890"]


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "null"}, {"origin": "http://127.0.0.1:5000"}, {"origin": OURS, "host": "evil.example"}]
)
def test_web_sockets_of_other_pages_are_refused(headers: dict[str, str]) -> None:
    page = Page()
    assert page.connect(headers, "start") == ["websocket.close"]
    assert page.sockets == []


def test_web_sockets_of_our_pages_are_served() -> None:
    page = Page()
    assert page.connect({"origin": OURS, "sec-fetch-site": "same-origin"}, "start") == ["websocket.accept"]
    assert page.sockets[0]["text"] == "start"


def test_a_large_message_closes_the_web_socket() -> None:
    page = Page(limit=10)
    assert page.connect({"origin": OURS}, "small", "much too large") == ["websocket.accept", "websocket.close"]
    assert [message["type"] for message in page.sockets] == ["websocket.receive", "websocket.disconnect"]


def test_answers_have_headers_of_security() -> None:
    for given in (Page().ask("GET", "/"), Page().ask("GET", "/", {"host": "evil.example"})):
        assert given.all("x-frame-options") == ["SAMEORIGIN"]
        assert given.all("x-content-type-options") == ["nosniff"]
        assert given.all("referrer-policy") == ["same-origin"]
        assert "frame-ancestors 'self'" in given.all("content-security-policy")[-1]
    assert Page().ask("GET", "/").all("content-security-policy")[0] == "object-src 'none'", "the application's own"


@pytest.mark.parametrize(
    "address", ["tme.example.org", "https://*.example.org", "https://a.org/x", "ftp://a.org", "http://u:p@a.org"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address of a page|name each host"):
        Places([address])


def test_without_the_token_nothing_is_served() -> None:
    page = Page(Token(SECRET))
    name = "tme_ui_3000"
    assert page.ask("GET", "/").status == 403
    assert page.ask("GET", "/?token=wrong").status == 403
    assert page.ask("POST", f"/graphql?token={SECRET}", JSON).status == 403
    assert page.ask("POST", "/graphql", {**JSON, "cookie": f"{name}={SECRET}x"}).status == 403
    assert page.ask("GET", "/", {"cookie": f"other={SECRET}"}).status == 403
    assert page.connect({"origin": OURS}) == ["websocket.close"]
    assert page.bodies == []
    cookie = {"cookie": f"a=b; {name}={SECRET}"}
    assert page.ask("POST", "/graphql", {**JSON, **cookie}).status == 200
    assert page.ask("POST", "/graphql", {**JSON, "authorization": f"Bearer {SECRET}"}).status == 200
    assert page.connect({"origin": OURS, **cookie}) == ["websocket.accept"]
    assert page.ask("POST", "/graphql", {**JSON, **cookie, "origin": "null"}).status == 403


def test_the_link_with_the_token_sets_a_cookie_and_leads_to_the_address_without_it() -> None:
    given = Page(Token(SECRET)).ask("GET", f"/runs?token={SECRET}&q=a%20b")
    assert (given.status, given.all("location")) == (303, ["/runs?q=a+b"])
    assert given.all("set-cookie") == [f"tme_ui_3000={SECRET}; Path=/; HttpOnly; SameSite=Strict"]
    by_tls = Page(Token(SECRET)).ask("GET", f"/?token={SECRET}", {"host": "tme.example.org"})
    assert by_tls.all("set-cookie") == [f"tme_ui={SECRET}; Path=/; HttpOnly; SameSite=Strict; Secure"]


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "///evil.example/x"])
def test_the_link_leads_nowhere_else(path: str) -> None:
    (place,) = Page(Token(SECRET)).ask("GET", f"{path}?token={SECRET}").all("location")
    assert place.startswith("/")
    assert place[1] not in "/\\"


def test_tokens_cannot_be_guessed() -> None:
    assert Token.random().secret != Token.random().secret
    for weak in ("", "short", "sixteen letters with spaces", "x" * 20 + ";"):
        with pytest.raises(TokenError, match="16 or more"):
            Token(weak)
