"""How a command ends that somebody stops: once with a sentence, at the second time at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SAME_SECONDS = 0.5
"""Signals that follow within this time are one: programs that start others pass on what a terminal sends to all."""


class Stop:
    """Whether a signal asked this process to stop, and which.

    Libraries replace the handlers of signals while they work, so the numbers are read from where the system writes
    them.
    """

    def __init__(self) -> None:
        self.number = 0
        self._first = 0.0

    def __call__(self) -> bool:
        """Whether a stop was asked for."""
        return bool(self.number)

    @property
    def exit_code(self) -> int:
        """The exit code of a process that a signal ended, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def listen(self, reader: int) -> None:
        """Note the signals that come through a pipe until it is closed; end the process at the second one."""
        with open(reader, "rb", buffering=0) as numbers:
            while number := numbers.read(1):
                if number[0] not in SIGNALS:
                    continue
                if not self.number:
                    self.number, self._first = number[0], time.monotonic()
                elif time.monotonic() - self._first > _SAME_SECONDS:
                    os._exit(128 + number[0])  # what has a lock gives it up, what is half written was not committed


@contextlib.contextmanager
def stoppable() -> Iterator[Stop]:
    """SIGTERM ends the block like Ctrl-C, by a KeyboardInterrupt; a second signal ends the process at once."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # no signal arrives there
        yield stop
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    listener = threading.Thread(target=stop.listen, args=(reader,), name="signals", daemon=True)
    listener.start()
    handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, _interrupt) for number in handled}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(writer)
        listener.join()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
