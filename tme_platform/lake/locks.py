"""Locks: of several processes that would build the same part of a table, one works and the others wait.

A lock is held by an open file, so the system gives it up with the process, however that ends. It holds between
processes that share the state folder. Machines that do not share it are kept apart by Dagster's pools, and by the store
itself, which refuses the second of two commits that were made from the same version.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(folder: Path, name: str, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of a name for as long as the block runs.

    Parameters
    ----------
    folder
        Where lock files lie; made on first use. They are empty and stay.
    name
        What is locked.
    on_wait
        Called once if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(folder: Path, name: str) -> bool | None:
    """Whether a process holds the lock of a name; None if there is no such lock."""
    try:
        with (folder / f"{name}.lock").open("rb") as file:
            # Shared, so that two who ask at once do not take each other for the holder.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return True
    return False


def remove_lock(folder: Path, name: str) -> None:
    """Remove the file of a lock that nobody will ask for again."""
    (folder / f"{name}.lock").unlink(missing_ok=True)
