"""The addresses under which a page may be asked for; host names and origins follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": "80", "https": "443"}


def loopback(port: int) -> list[str]:
    """The addresses of a port for browsers on this machine."""
    return [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]


class Places:
    """Allowed origins (`https://tme.example.org`), and the `Host` headers that belong to them.

    Parameters
    ----------
    addresses
        Addresses as a browser shows them: scheme, host, port where it is not the scheme's own.

    Raises
    ------
    ValueError
        An address has another scheme or a path, or its host is a pattern.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._secure: dict[str, bool] = {}
        self.origins: set[str] = set()
        for address in addresses:
            scheme, host = _parts(address)
            bare = host.removesuffix(f":{_PORTS[scheme]}")
            self.origins.add(f"{scheme}://{bare}")
            self._secure |= dict.fromkeys((bare, host), scheme == "https")

    @property
    def hosts(self) -> set[str]:
        """The `Host` headers that are ours."""
        return set(self._secure)

    def knows(self, host: str) -> bool:
        """Whether a `Host` header is one of ours."""
        return host.lower() in self._secure

    def secure(self, host: str) -> bool:
        """Whether browsers reach this host by TLS."""
        return self._secure[host.lower()]


def _parts(address: str) -> tuple[str, str]:
    found = urlsplit(address.strip().lower())
    if found.scheme not in _PORTS or not found.hostname or found.path.strip("/") or found.query or found.fragment:
        raise ValueError(f"{address!r} is no address of a page; write https://HOST or http://HOST:PORT")
    if found.username is not None or "*" in found.netloc:
        raise ValueError(f"{address!r}: name each host; there are no patterns and no logins")
    return found.scheme, found.netloc
