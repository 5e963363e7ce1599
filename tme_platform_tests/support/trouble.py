"""Trouble that the system makes: no room on the disk, no right to write. Each ends with its block."""

import contextlib
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The system refuses longer files, as it refuses any on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def no_right_to_write(folder: Path) -> Iterator[None]:
    """The folder is read-only, also for root, who becomes somebody else for the time being."""
    paths = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in paths:
        path.chmod(0o555)
    for parent in folder.parents:  # pytest's folders are closed to others
        if Path(tempfile.gettempdir()) in parent.parents and os.geteuid() == 0:
            parent.chmod(0o755)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)
        for path in paths:
            path.chmod(0o755)
