"""List landing folders and resolve paths inside them. Reading the cohort file belongs in `cohort_file`."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath

from tme_platform.cohorts.declaration import COHORT_NAME
from tme_platform.cohorts.errors import CohortError

COHORT_FILE = "cohort.yaml"


def list_cohorts(landing: Path) -> list[str]:
    """Names of the cohorts that have landed: folders with a cohort file and a valid name, sorted.

    Folders whose name does not match `COHORT_NAME` are left out; `check_cohort` reports them. Without a landing folder
    the list is empty.
    """
    if not landing.is_dir():
        return []
    folders = (folder for folder in landing.iterdir() if (folder / COHORT_FILE).is_file())
    return sorted(folder.name for folder in folders if re.fullmatch(COHORT_NAME, folder.name))


def landing_path(folder: Path, relative: str) -> Path:
    """Resolve a path that a cohort names; paths that leave the cohort's folder are refused.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    relative
        Path as written in the cohort file or the manifest, with forward slashes. It need not exist. If it does not, a
        file whose name has the same characters in another Unicode form (macOS writes `ö` as two) is taken.

    Returns
    -------
    Path
        The absolute path, with symbolic links resolved.

    Raises
    ------
    CohortError
        Rule `path_leaves_folder`: the path is empty or absolute, or leaves the folder by `..` or a symbolic link.
    """
    if not relative or "\0" in relative or "\\" in relative or PurePosixPath(relative).is_absolute():
        raise _leaves(folder, relative, "it is not a relative path with forward slashes")
    root = folder.resolve()
    try:
        path = (root / relative).resolve()
        if path.is_relative_to(root) and not relative.isascii() and not path.exists():
            path = _same_characters(root, path)
    except (OSError, RuntimeError):
        raise _leaves(folder, relative, "it cannot be resolved") from None
    if not path.is_relative_to(root):
        raise _leaves(folder, relative, "it leads out of the folder")
    return path


def _leaves(folder: Path, relative: str, why: str) -> CohortError:
    return CohortError(
        f"cohort {folder.name}: path {relative!r} is refused because {why}. "
        "Put the file into the cohort's landing folder and give its path relative to that folder.",
        rule="path_leaves_folder",
    )


def _same_characters(root: Path, path: Path) -> Path:
    """The existing path with the same characters in another Unicode form; the path itself if there is not just one."""
    found = root
    for part in path.relative_to(root).parts:
        name = unicodedata.normalize("NFC", part)
        if not (found / part).exists() and found.is_dir():
            alike = [entry for entry in found.iterdir() if unicodedata.normalize("NFC", entry.name) == name]
            part = alike[0].name if len(alike) == 1 else part
        found = found / part
    return found.resolve() if found.exists() else path
