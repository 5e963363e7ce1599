"""A token for machines that several people share: a link sets it as a cookie, then every request needs it."""

from __future__ import annotations

import hmac
import re
import secrets
from urllib.parse import parse_qs, quote, urlencode

from tme_platform.serving.asgi import Answer, Scope, values

_SAFE = re.compile(r"[A-Za-z0-9_-]{16,}")
_PARAMETER = "token"


class TokenError(ValueError):
    """A token that can be guessed, or that does not fit into a link."""


class Token:
    """A secret that a request has to bring: as cookie, or as `Authorization: Bearer TOKEN` from scripts.

    Raises
    ------
    TokenError
        It is shorter than 16 characters, or has others than letters, digits, `-` and `_`.
    """

    def __init__(self, secret: str) -> None:
        if not _SAFE.fullmatch(secret):
            raise TokenError("a token needs 16 or more letters, digits, - and _; `tme ui --token` makes one")
        self._secret = secret

    @classmethod
    def random(cls) -> Token:
        """A new token."""
        return cls(secrets.token_urlsafe(32))

    @property
    def secret(self) -> str:
        """The token itself."""
        return self._secret

    def link(self, address: str) -> str:
        """The address of a page with the token."""
        return f"{address}?{urlencode({_PARAMETER: self._secret})}"

    def brought(self, scope: Scope) -> bool:
        """Whether a request has the token."""
        given = [text.removeprefix("Bearer ") for text in values(scope, "authorization") if text.startswith("Bearer ")]
        return any(map(self._is, [*given, *_cookies(scope)]))

    def entry(self, scope: Scope, *, secure: bool) -> Answer | None:
        """The answer to a link with the token: it sets the cookie, and leads to the address without the token."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if not any(map(self._is, asked.pop(_PARAMETER, []))):
            return None
        # One slash only: `//host` would lead to another host.
        place = "/" + quote(scope["path"].lstrip("/"))
        rest = f"?{urlencode(asked, doseq=True)}" if asked else ""
        cookie = f"{_name(scope)}={self._secret}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"
        return Answer(303, "", {"location": place + rest, "set-cookie": cookie, "cache-control": "no-store"})

    def _is(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._secret.encode())


def _name(scope: Scope) -> str:
    """The cookie's name; browsers send cookies to all ports of a host, so two pages must not share one."""
    _, _, port = values(scope, "host")[0].rpartition(":")
    return f"tme_ui_{port}" if port.isdigit() else "tme_ui"


def _cookies(scope: Scope) -> list[str]:
    found = []
    for text in values(scope, "cookie"):
        for part in text.split(";"):
            name, _, value = part.strip().partition("=")
            if name == _name(scope):
                found.append(value)
    return found
