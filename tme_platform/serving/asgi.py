"""The types of ASGI, and short answers."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION = 1008  # codes with which a web socket is closed
TOO_LARGE = 1009


@dataclass(frozen=True)
class Answer:
    """An answer that the guard gives itself."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


def values(scope: Scope, name: str) -> list[str]:
    """All values of a header, in order; more than one may be an attempt to be read in two ways."""
    wanted = name.lower().encode()
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key.lower() == wanted]


async def give(answer: Answer, send: Send) -> None:
    """Send an answer."""
    body = f"{answer.text}\n".encode()
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **answer.headers}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
