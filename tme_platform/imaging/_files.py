"""Checks on paths that several readers share."""

from pathlib import Path

from tme_platform.imaging.errors import ImagingError


def check_exists(path: Path, kind: str) -> None:
    """Raise `ImagingError` (``<kind>_missing``) unless the file exists."""
    if not path.exists():
        raise ImagingError(f"{kind}_missing", f"{path.name} does not exist; correct the path in imaging.csv.")


def files_within(folder: Path, pattern: str) -> list[Path]:
    """Return the matching files of a folder, sorted, without symbolic links that lead out of it."""
    root = folder.resolve()
    return sorted(path for path in folder.glob(pattern) if path.is_file() and path.resolve().is_relative_to(root))
