"""Files that are put in place whole, or not at all."""

import os
from pathlib import Path


def write_if_changed(path: Path, content: bytes) -> bool:
    """Put a file in place in one step, unless it holds the same already; whether it was written.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")  # another process may write the same file now
    draft.write_bytes(content)
    draft.replace(path)
    return True
