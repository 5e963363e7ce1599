"""Writing a file whole, or not at all."""

import contextlib
import os
from pathlib import Path


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file atomically unless it already has this content.

    Returns
    -------
    Whether the file was written.

    Raises
    ------
    OSError
        The folder is not writable, or the disk is full; the file is as before.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # unique per process
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error  # a full disk names no file
    return True
