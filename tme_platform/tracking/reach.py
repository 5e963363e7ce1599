"""Whether the tracking store can be reached, asked before MLflow is: it would try for minutes and then say little."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

_PATIENCE_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}


class TrackingError(RuntimeError):
    """The tracking store cannot be used; no model was taken as complete."""


def shown(uri: str) -> str:
    """The URI without name and password."""
    parts = urlsplit(uri)
    return uri.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1) if parts.password else uri


def require(uri: str) -> None:
    """Make sure that somebody listens where a server or a database is named.

    Raises
    ------
    TrackingError
        Nobody does; the message says where and what to do.
    """
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    if not parts.hostname or port is None:
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise TrackingError(
            f"MLflow at {shown(uri)} does not answer ({error.strerror or error}). Tables that need no model are made "
            "all the same; start MLflow (or see TME_TRACKING_URI) and run again"
        ) from error


@contextlib.contextmanager
def told(uri: str) -> Iterator[None]:
    """Say in one sentence what the store refused while the block ran."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        first = str(error).strip().splitlines()[0]
        raise TrackingError(
            f"MLflow at {shown(uri)} failed: {first}. No model of this run counts; see that it is up, has room and is "
            "held by nobody else, and run again"
        ) from error
