"""A cheap look at a landing folder: has anything moved since? What is in the files is `files`' business."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def folder_stamp(folder: Path) -> str:
    """Hash of names, sizes and times (of content and of status) of all files below a folder; reads no file.

    Two equal stamps in a row mean that nothing is being copied there just now. Links are not followed.
    """
    lines = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            try:
                found = path.lstat()
            except FileNotFoundError:  # removed while we looked: the next look will differ
                continue
            lines.append(f"{path.relative_to(folder)}\x1f{found.st_size}\x1f{found.st_mtime_ns}\x1f{found.st_ctime_ns}")
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()
