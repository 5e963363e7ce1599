"""Atomic writing of files."""

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
        The folder is not writable.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # unique per process
    temporary.write_bytes(content)
    temporary.replace(path)
    return True
