"""The end of worker processes: each ends with the process that it works for. What they work on belongs elsewhere.

A worker waits for its next job, which never comes if that process was killed. Ctrl-C is left to that process.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable


def end_with_parent() -> None:
    """End this process of `multiprocessing` with its parent, also if a fork server is between them."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        _end_after(parent.join)


def end_with(parent: int) -> None:
    """End this process with the one that started it.

    Parameters
    ----------
    parent
        Identifier of that process, which started this one itself.
    """

    def gone() -> None:
        while os.getppid() == parent:
            time.sleep(1)

    _end_after(gone)


def _end_after(wait: Callable[[], None]) -> None:
    def end() -> None:
        wait()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end, name="parent", daemon=True).start()
