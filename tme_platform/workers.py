"""How worker processes begin and end: each ends with the process that it works for. What they do belongs elsewhere.

A worker waits for its next job, which never comes if that process was killed. Ctrl-C is left to that process.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, SpawnContext


def process_context(preload: Sequence[str]) -> ForkServerContext | SpawnContext:
    """Return the way in which processes are started: by a fork server where there is one, else from nothing.

    Forking a process with threads (Dagster, a notebook) may deadlock; a fork server has no threads.

    Parameters
    ----------
    preload
        Modules that the fork server imports before it forks, if it is not running yet.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


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
