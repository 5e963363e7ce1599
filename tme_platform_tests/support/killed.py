"""Processes that tests kill, and what is left of them: found by a variable in the environment that they pass on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

_MARK = "TME_TEST_MARK"
_PATIENCE_SECONDS = 90


def marked_environment() -> dict[str, str]:
    """An environment that no other process has."""
    return {**os.environ, _MARK: uuid4().hex}


def left_over(environment: dict[str, str]) -> dict[int, str]:
    """Processes with this mark that have not ended, and what they are; needs Linux."""
    mark = f"{_MARK}={environment[_MARK]}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


@contextmanager
def nothing_left(environment: dict[str, str]) -> Iterator[None]:
    """End what is left of a test that fails."""
    try:
        yield
    finally:
        for process in left_over(environment):
            os.kill(process, signal.SIGKILL)


def wait_for(
    reached: Callable[[], object],
    what: str,
    process: subprocess.Popen[Any] | None = None,
    seconds: float = _PATIENCE_SECONDS,
) -> None:
    """Wait until something is so; the test fails if it takes too long, or the process ends before."""
    deadline = time.monotonic() + seconds
    while not reached():
        if process is not None and process.poll() is not None and not reached():
            pytest.fail(f"the process ended before: {what}")
        if time.monotonic() > deadline:
            pytest.fail(f"not reached: {what}")
        time.sleep(0.05)
