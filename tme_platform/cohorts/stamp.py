"""Detect changes in a landing folder without reading files. Hashing the content belongs in `files`."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def folder_stamp(folder: Path) -> str:
    """Hash of the names, sizes, content times and status times of all files below a folder.

    Two equal stamps in a row mean that nothing is being copied. Links are not followed.
    """
    lines, root = [], str(folder)
    for parent, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = f"{parent}/{name}"  # not a Path, which would take longer than the look at the file
            try:
                found = os.lstat(path)
            except FileNotFoundError:  # removed during the walk: the next stamp will differ
                continue
            lines.append(f"{path.removeprefix(root)}\x1f{found.st_size}\x1f{found.st_mtime_ns}\x1f{found.st_ctime_ns}")
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()
