"""Landing folders: which there are, and which paths are theirs. The cohort file is read in `cohort_file`."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from tme_platform.cohorts.declaration import COHORT_NAME
from tme_platform.cohorts.errors import CohortError

COHORT_FILE = "cohort.yaml"


def list_cohorts(landing: Path) -> list[str]:
    """Names of the cohorts that have landed: folders with a cohort file and a usable name, sorted.

    A folder whose name breaks `COHORT_NAME` is left out; `check_cohort` says so. No landing folder, no cohorts.
    """
    if not landing.is_dir():
        return []
    folders = (folder for folder in landing.iterdir() if (folder / COHORT_FILE).is_file())
    return sorted(folder.name for folder in folders if re.fullmatch(COHORT_NAME, folder.name))


def landing_path(folder: Path, relative: str) -> Path:
    """Turn a path that a cohort names into one on disk, and refuse any that leaves the cohort's folder.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    relative
        Path as the cohort file or the manifest has it, with forward slashes. It need not exist.

    Returns
    -------
    Path
        Absolute, symbolic links resolved.

    Raises
    ------
    CohortError
        Rule `path_leaves_folder`: the path is empty or absolute, or leads out by `..` or by a symbolic link.
    """
    if not relative or "\0" in relative or "\\" in relative or PurePosixPath(relative).is_absolute():
        raise _leaves(folder, relative, "it is not a relative path with forward slashes")
    root = folder.resolve()
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError):
        raise _leaves(folder, relative, "it cannot be resolved") from None
    if not path.is_relative_to(root):
        raise _leaves(folder, relative, "it leads out of the folder")
    return path


def _leaves(folder: Path, relative: str, why: str) -> CohortError:
    return CohortError(
        f"cohort {folder.name}: path {relative!r} is refused because {why}. "
        "Put the file into the cohort's landing folder and name it relative to that.",
        rule="path_leaves_folder",
    )
