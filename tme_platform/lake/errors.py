"""What is said when the lake cannot be read or written. The storage library's own words are nested and long."""

from __future__ import annotations

import re
from pathlib import Path

from tme_platform.lake.location import is_url

_COLOURS = re.compile(r"\x1b\[\d+m")
_NO_ROOM = ("os error 28", "os error 27", "os error 122", "No space left", "File too large", "Disk quota")
_NO_RIGHT = ("os error 13", "os error 30", "Permission denied", "Read-only file system", "AccessDenied")


class LakeError(RuntimeError):
    """The lake could not be read or written; what was there before still is, whole."""


def not_read(table: str, root: Path | str, error: Exception) -> LakeError:
    """Make the error for a table that is there but cannot be read."""
    return LakeError(f"table {table} of the lake {root} cannot be read: {_told(error)}{_what_to_do(error, root)}.")


def not_written(table: str, cohort: str | None, root: Path | str, error: Exception) -> LakeError:
    """Make the error for a commit that did not come about."""
    part = f" of cohort {cohort}" if cohort else ""
    return LakeError(
        f"table {table}{part} could not be written to {root}: {_told(error)}. "
        f"The last version stands{_what_to_do(error, root)}; then run again."
    )


def catalog_not_written(path: Path, error: Exception) -> LakeError:
    """Make the error for a catalog that could not be built."""
    return LakeError(
        f"the catalog {path} could not be written: {_told(error)}. "
        f"The tables stand, and so does the last catalog{_what_to_do(error, path)}; then run again."
    )


def _told(error: Exception) -> str:
    """The last sentence of a nested error, which is the one that says why."""
    lines = [_COLOURS.sub("", line).strip(" ↳\t") for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith("<")]
    return told[-1].rstrip(".") if told else type(error).__name__


def _what_to_do(error: Exception, root: Path | str) -> str:
    text = str(error)
    if any(sign in text for sign in _NO_ROOM):
        return ": make room on the disk"
    if any(sign in text for sign in _NO_RIGHT):
        return ": give this user the right to write there"
    return ": see that the object store answers and knows these credentials" if is_url(root) else ""
