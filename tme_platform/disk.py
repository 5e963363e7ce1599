"""What is said of an error of the disk: the file, the cause, and what to do about room or a right."""

from __future__ import annotations

import errno

_ROOM = "make room on the disk"
_RIGHT = "give this user the right to write there, or name another state folder (--state)"
_ADVICE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EROFS: _RIGHT,
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
}


def disk_trouble(error: OSError) -> str | None:
    """The sentence for a disk that is full or must not be written; None for any other error of the system."""
    advice = _ADVICE.get(error.errno or 0)
    return f"{_named(error)}: {advice}; then run again" if advice else None


def of_system(error: OSError) -> str:
    """The sentence for an error of the system."""
    return disk_trouble(error) or _named(error)


def _named(error: OSError) -> str:
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror or error}"
