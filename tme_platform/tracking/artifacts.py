"""Reading the files of models and runs: bounded in size, and of a lake only from its own folder of models.

Where the files of a run lie is written in MLflow's database, which may have come from somebody else. What the files
hold belongs in `stored_model` and `tracker`.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tme_platform.signature import StoredModelError


class Artifacts:
    """The files at the addresses that MLflow gives.

    Attributes
    ----------
    root
        The lake's own folder of artifacts: nothing outside it is read. None where a server or a database of the
        operator's says where they are.
    """

    def __init__(self, mlflow: Any, root: Path | None) -> None:
        self._mlflow = mlflow
        self.root = root

    def names(self, location: str) -> list[str]:
        """What lies directly in a folder; nothing where there is no folder.

        Raises
        ------
        StoredModelError
            The folder is not in the lake's folder of artifacts.
        """
        if self.root is None:
            return [Path(one.path).name for one in self._mlflow.artifacts.list_artifacts(artifact_uri=location)]
        folder = self._inside(location)
        return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []

    def read(self, location: str, path: str, limit: int) -> bytes:
        """The content of a file.

        Raises
        ------
        FileNotFoundError
            It is not there.
        StoredModelError
            It is larger than `limit` bytes, is a link or no ordinary file, or is not in the lake's folder of artifacts.
        """
        if self.root is not None:
            return _content(self._inside(location, path), path, limit)
        folder = path.rpartition("/")[0]
        listed = self._mlflow.artifacts.list_artifacts(artifact_uri=f"{location}/{folder}".rstrip("/"))
        sizes = {Path(one.path).name: one.file_size for one in listed if not one.is_dir}
        if (name := Path(path).name) not in sizes:
            raise FileNotFoundError(path)
        _check_size(path, sizes[name] or 0, limit)
        with tempfile.TemporaryDirectory() as temporary:
            given = self._mlflow.artifacts.download_artifacts(artifact_uri=f"{location}/{path}", dst_path=temporary)
            return _content(Path(given), path, limit)

    def _inside(self, location: str, path: str = "") -> Path:
        """A file or folder of the lake, not behind a link (`follow_lake` corrects the addresses of a moved one)."""
        assert self.root is not None  # noqa: S101 (asked by the callers)
        wanted = Path(unquote(urlsplit(location).path), path)
        real = self.root.resolve()
        for root in (self.root, real):
            if wanted.is_relative_to(root) and ".." not in wanted.parts and location.startswith("file:"):
                found = real / wanted.relative_to(root)
                if found.resolve() != found:
                    raise StoredModelError(f"{path or found.name!r} is reached by a symbolic link")
                return found
        raise StoredModelError(f"the registry says that it lies outside the lake, at {location!a}")


def _content(file: Path, name: str, limit: int) -> bytes:
    # Without waiting, because a named pipe would keep it waiting for ever.
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except NotADirectoryError as error:
        raise FileNotFoundError(name) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoredModelError(f"{name!r} is reached by a symbolic link") from error
        raise
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StoredModelError(f"{name!r} is no ordinary file")
        _check_size(name, found.st_size, limit)
        return opened.read(limit)


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise StoredModelError(f"{name!r} has {size:,} bytes, more than the {limit:,} that are read of such a file")
