"""List landing folders and resolve paths inside them. Reading the cohort file belongs in `cohort_file`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tme_platform.cohorts.declaration import COHORT_NAME
from tme_platform.cohorts.errors import CohortError
from tme_platform.yaml_file import nearest

COHORT_FILE = "cohort.yaml"
MARKERS = (".copying", ".incomplete")
"""Files that say that a landing folder is being filled and is not to be read yet."""
BEING_COPIED = "being_copied"
"""Rule of a cohort that has such a file. It is no failure: the cohort waits."""


def list_cohorts(landing: Path) -> list[str]:
    """Names of the cohorts that have landed: folders with a cohort file and a valid name, sorted.

    Folders whose name does not match `COHORT_NAME` are left out; `check_cohort` reports them. Without a landing folder
    the list is empty.
    """
    if not landing.is_dir():
        return []
    folders = (folder for folder in landing.iterdir() if (folder / COHORT_FILE).is_file())
    return sorted(folder.name for folder in folders if re.fullmatch(COHORT_NAME, folder.name))


def check_landed(landing: Path, names: Iterable[str]) -> None:
    """Check that cohorts have landed.

    Raises
    ------
    ValueError
        There is no landing folder of one; the message says which there are.
    """
    landed = list_cohorts(landing)
    if unknown := [name for name in names if name not in landed]:
        raise ValueError(
            f"no landing folder for {', '.join(unknown)} in {landing}{nearest(unknown[0], landed)}; "
            f"there are: {', '.join(landed)}"
        )


def landing_path(folder: Path, relative: str) -> Path:
    """Resolve a path that a cohort names; paths that leave the cohort's folder are refused.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    relative
        Path as written in the cohort file or the manifest, with forward slashes. It need not exist. An accented letter
        may be one character there and two on disk, or the reverse (Unicode NFC and NFD), as in archives from a Mac.

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
        path = _resolved(root / relative)
        if not relative.isascii() and not path.exists():
            path = _resolved(_as_on_disk(root, relative))
    except (OSError, RuntimeError):
        raise _leaves(folder, relative, "it cannot be resolved") from None
    if not path.is_relative_to(root):
        raise _leaves(folder, relative, "it leads out of the folder")
    return path


def refuse_unfinished(folder: Path) -> None:
    """Raise `CohortError` (rule `being_copied`) if a marker says that the folder is being filled."""
    for marker in MARKERS:
        if (folder / marker).exists():
            raise CohortError(
                f"cohort {folder.name}: files are being copied, because there is a file {marker} in the folder; "
                f"nothing is read and previous tables are kept. Remove {marker} when all files are there.",
                rule=BEING_COPIED,
            )


def same_name(name: str) -> str:
    """A name in the form (NFC) in which names are compared that are written with other code points."""
    return unicodedata.normalize("NFC", name)


def _resolved(path: Path) -> Path:
    """The path without links; links in a circle are an error in every version of Python."""
    try:
        return path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return path.resolve()


def _as_on_disk(root: Path, relative: str) -> Path:
    """The path with the names that the folders have; as given from where there is none, or more than one."""
    path = root
    for part in PurePosixPath(relative).parts:
        alike = []
        if part != ".." and not (path / part).exists() and path.is_dir():
            alike = [entry.name for entry in path.iterdir() if same_name(entry.name) == same_name(part)]
        path = path / (alike[0] if len(alike) == 1 else part)
    return path


def _leaves(folder: Path, relative: str, why: str) -> CohortError:
    return CohortError(
        f"cohort {folder.name}: path {relative!r} is refused because {why}. "
        "Put the file into the cohort's landing folder and give its path relative to that folder.",
        rule="path_leaves_folder",
    )
