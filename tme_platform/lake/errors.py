"""Errors of the lake in one sentence; those of the storage library are nested and long."""

from __future__ import annotations

import re
from pathlib import Path

from tme_platform.location import is_url

_COLOURS = re.compile(r"\x1b\[\d+m")
_NO_ROOM = ("os error 28", "os error 27", "os error 122", "No space left", "File too large", "Disk quota")
_NO_RIGHT = ("os error 13", "os error 30", "Permission denied", "Read-only file system", "AccessDenied")


class LakeError(RuntimeError):
    """The lake could not be read or written; its previous content is intact."""


def not_read(table: str, root: Path | str, error: Exception) -> LakeError:
    """The error for a table that exists but cannot be read."""
    return LakeError(
        f"table {table} of the lake {root} cannot be read: {_last_sentence(error)}{_what_to_do(error, root)}."
    )


def not_written(table: str, cohort: str | None, root: Path | str, error: Exception) -> LakeError:
    """The error for a commit that failed."""
    part = f" of cohort {cohort}" if cohort else ""
    return LakeError(
        f"table {table}{part} could not be written to {root}: {_last_sentence(error)}. "
        f"The last version stands{_what_to_do(error, root)}; then run again."
    )


def catalog_not_written(path: Path, error: Exception) -> LakeError:
    """The error for a catalog that could not be built."""
    return LakeError(
        f"the catalog {path} could not be written: {_last_sentence(error)}. "
        f"The tables stand, and so does the last catalog{_what_to_do(error, path)}; then run again."
    )


def _last_sentence(error: Exception) -> str:
    """The last sentence of a nested error, which gives the cause."""
    lines = [_COLOURS.sub("", line).strip(" ↳\t") for line in str(error).splitlines()]
    sentences = [line for line in lines if line and not line.startswith("<")]
    return sentences[-1].rstrip(".") if sentences else type(error).__name__


def _what_to_do(error: Exception, root: Path | str) -> str:
    text = str(error)
    if any(sign in text for sign in _NO_ROOM):
        return ": make room on the disk"
    if any(sign in text for sign in _NO_RIGHT):
        return ": give this user the right to write there"
    return ": see that the object store answers and knows these credentials" if is_url(root) else ""
