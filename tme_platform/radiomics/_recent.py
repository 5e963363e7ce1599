"""Whether a file that was found incomplete may still be being copied. What is then done is decided in ``batch``."""

import contextlib
import time
from pathlib import Path

from tme_platform.imaging import data_file

INCOMPLETE_SO_FAR = "incomplete_so_far"
"""Rule of a failure on files that changed a short time ago; it is transient."""
_MINUTES = 10
_INCOMPLETE = ("_truncated", "slices_unreadable", "slices_missing", "series_incomplete", "phases_incomplete")
"""How the rules end that say that a part of a file or series is not there."""


def so_far(rule: str, message: str, path: Path) -> tuple[str, str]:
    """Return rule and message of a failure; those of an incomplete file or folder that changed lately say so.

    Parameters
    ----------
    rule, message
        Of the `ImagingError`.
    path
        The file or folder that was read.
    """
    if not rule.endswith(_INCOMPLETE) or not _changed_lately(path):
        return rule, message
    return INCOMPLETE_SO_FAR, (
        f"{message} ({rule}) It changed less than {_MINUTES} minutes ago and may still be being copied, so it is tried "
        "again at the next run."
    )


def _changed_lately(path: Path) -> bool:
    """Whether any of its files was written in the last minutes. Times in the future, of a wrong clock, do not count."""
    files = [path, *(path.rglob("*") if path.is_dir() else filter(None, [data_file(path)]))]
    newest = 0.0
    for file in files:
        with contextlib.suppress(OSError):
            newest = max(newest, file.stat().st_mtime)
    return abs(time.time() - newest) < 60 * _MINUTES
