"""Programs that a command starts and that end with it, however it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tme_platform.cli.process_groups import end_groups


class Children:
    """Programs, each in a group of its own with all that it starts; a context manager that ends them."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._warden = subprocess.Popen(
            [sys.executable, "-m", "tme_platform.cli.warden"], stdin=subprocess.PIPE, start_new_session=True
        )

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_groups([process.pid for process in self._processes.values()], self.ended)
        self._warden.communicate()

    def start(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Start a program that writes into a log."""
        with log.open("ab") as sink:
            process = subprocess.Popen(  # noqa: S603 (our own command line)
                command,
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        self._processes[name] = process
        pipe = self._warden.stdin
        if pipe is not None:
            pipe.write(f"{process.pid}\n".encode())
            pipe.flush()

    def ended(self) -> str | None:
        """The name of a program that has ended, if one has."""
        codes = {name: process.poll() for name, process in self._processes.items()}
        return next((name for name, code in codes.items() if code is not None), None)
