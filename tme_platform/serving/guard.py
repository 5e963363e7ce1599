"""The guard: lets through to an ASGI application what its own pages and its people send, and nothing else."""

from __future__ import annotations

from tme_platform.serving.asgi import (
    POLICY_VIOLATION,
    TOO_LARGE,
    Answer,
    App,
    Message,
    Receive,
    Scope,
    Send,
    give,
    values,
)
from tme_platform.serving.places import Places
from tme_platform.serving.rules import refusal
from tme_platform.serving.token import Token

BODY_LIMIT = 4 * 1024 * 1024
"""Largest body of a request, and largest message of a web socket, in bytes."""
_HEADERS = {
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """An ASGI application that asks another one only what is allowed, see `rules`.

    Parameters
    ----------
    app
        The application.
    places
        Where people reach it.
    token
        What every request has to bring, where others use the same machine.
    limit
        Largest body and largest web socket message, in bytes.
    """

    def __init__(self, app: App, places: Places, token: Token | None = None, *, limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._places = places
        self._token = token
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._web_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        # Any other kind of connection is not answered.

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._stopped(scope)
        guarded = _with_headers(send, _content_policy(scope))
        if answer is None:
            body = await _body(receive, self._limit)
            if body is not None:
                await self._app(scope, _again(body, receive), guarded)
                return
            answer = Answer(413, f"Refused: more than {self._limit} bytes.", {"connection": "close"})
        await give(answer, guarded)

    async def _web_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._stopped(scope) is None:
            await self._app(scope, _bounded(receive, send, self._limit), send)
            return
        await receive()  # its wish to connect
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    def _stopped(self, scope: Scope) -> Answer | None:
        """The answer to what does not reach the application."""
        if (refused := refusal(scope, self._places)) is not None:
            return refused
        if self._token is None:
            return None
        secure = self._places.secure(values(scope, "host")[0])
        if (entry := self._token.entry(scope, secure=secure)) is not None:
            return entry
        if self._token.brought(scope):
            return None
        return Answer(403, "Refused: open this page by the link with the token that `tme ui` printed.")


def _content_policy(scope: Scope) -> str:
    """Scripts, data and frames of this page alone; added to the application's own policy, so both hold."""
    host = "".join(values(scope, "host")[:1])
    sockets = f" ws://{host} wss://{host}" if host.replace(":", "").replace(".", "").replace("-", "").isalnum() else ""
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
        f"connect-src 'self'{sockets}; frame-src 'self' blob: data:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


def _with_headers(send: Send, policy: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value) for name, value in message.get("headers", ()) if name.lower().decode() not in _HEADERS
            ]
            ours = {**_HEADERS, "content-security-policy": policy}
            message = {**message, "headers": [*kept, *((name.encode(), text.encode()) for name, text in ours.items())]}
        await send(message)

    return sending


async def _body(receive: Receive, limit: int) -> Message | None:
    """The whole body as one message; None where it is larger than allowed."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":  # whoever asked has gone
            return message
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > limit:
            return None
    return {"type": "http.request", "body": b"".join(parts), "more_body": False}


def _again(first: Message, receive: Receive) -> Receive:
    """`first`, then what else comes."""
    waiting = [first]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving


def _bounded(receive: Receive, send: Send, limit: int) -> Receive:
    """The messages of a web socket, up to one that is larger than allowed, which closes it."""

    async def receiving() -> Message:
        message = await receive()
        if max(len(message.get("text") or ""), len(message.get("bytes") or b"")) <= limit:
            return message
        await send({"type": "websocket.close", "code": TOO_LARGE})
        return {"type": "websocket.disconnect", "code": TOO_LARGE}

    return receiving
