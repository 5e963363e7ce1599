"""Checks that the tracking store can be reached, before MLflow tries for minutes, and translates its errors."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from tme_platform.disk import disk_trouble

_PATIENCE_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}


class TrackingError(RuntimeError):
    """The tracking store cannot be used; no model was stored."""


def shown(uri: str) -> str:
    """The URI without user name and password."""
    parts = urlsplit(uri)
    return uri.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1) if parts.password else uri


def check_reachable(uri: str) -> None:
    """Check that a server or database answers at its address.

    Raises
    ------
    TrackingError
        It does not; the message says where and what to do.
    """
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    if not parts.hostname or port is None:
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise TrackingError(
            f"MLflow at {shown(uri)} does not answer ({error.strerror or error}). Tables that need no model are "
            "still built; start MLflow (or see TME_TRACKING_URI) and run again"
        ) from error


def store_failed(uri: str, why: str) -> TrackingError:
    """The error of a store that is there and cannot be used."""
    return TrackingError(
        f"MLflow at {shown(uri)} failed: {why}. No model of this run was stored; check that it is up, has room "
        "and is not locked by another process, and run again"
    )


@contextlib.contextmanager
def translate_errors(uri: str) -> Iterator[None]:
    """Turn errors of the store into one sentence."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with translate_disk_errors(uri):
            yield
    except (MlflowException, SQLAlchemyError) as error:
        first = str(error).strip().splitlines()[0]
        raise store_failed(uri, first) from error


@contextlib.contextmanager
def translate_disk_errors(uri: str) -> Iterator[None]:
    """Turn errors of a full or read-only disk into one sentence; other errors of the system are left as they are."""
    try:
        yield
    except OSError as error:
        if (said := disk_trouble(error)) is None:
            raise
        raise TrackingError(f"MLflow at {shown(uri)} failed, and no model of this run was stored: {said}") from error
