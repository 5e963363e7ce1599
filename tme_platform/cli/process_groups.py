"""Groups of processes: a program that a command starts, with all that it starts itself; and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection

_PATIENCE_SECONDS = {signal.SIGTERM: 15.0, signal.SIGKILL: 5.0}


def end_groups(groups: Collection[int], reap: Callable[[], object] = lambda: None) -> None:
    """End all processes of groups: they are asked first, and killed if they take too long, or at Ctrl-C.

    Parameters
    ----------
    groups
        Identifiers of the groups.
    reap
        Called while waiting: takes note of children that have ended, which are in their group until then.
    """
    left = set(groups)
    for number, patience in _PATIENCE_SECONDS.items():
        with contextlib.suppress(KeyboardInterrupt):
            left = {group for group in left if _sent(group, number)}
            deadline = time.monotonic() + patience
            while left and time.monotonic() < deadline:
                time.sleep(0.1)
                reap()
                left = {group for group in left if _sent(group, 0)}


def _sent(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: all that is left has ended
        return False
    return True
