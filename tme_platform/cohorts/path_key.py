"""The key of stored file names (`path_names`): one for each folder of landing folders."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from tme_platform.environment import PATH_KEY

KEY_FILE = ".path_key"
"""File with the key, in the folder of landing folders or, where that cannot be written, in the state folder."""


def path_key(landing: Path, state: Path, *, write: bool = True) -> bytes:
    """The key, made on first use.

    `TME_PATH_KEY` gives it instead, for machines that mount the landing folders read-only.

    Parameters
    ----------
    landing
        Folder with one landing folder per cohort.
    state
        The lake's folder on this machine.
    write
        False to keep no new key: names made with it match no stored ones, of which there are none.

    Raises
    ------
    OSError
        There is a key that this user may not read.
    """
    if given := os.environ.get(PATH_KEY, ""):
        return hashlib.sha256(given.encode()).digest()
    places = (landing / KEY_FILE, state / KEY_FILE)
    for path in places:
        if path.exists():
            return _read(path)
    new = secrets.token_bytes(32)
    for path in places if write else ():
        with contextlib.suppress(OSError):
            return _keep(path, new)
    if write:
        raise OSError(f"no key for file names can be written to {places[0]} or {places[1]}. Set {PATH_KEY}.")
    return new


def _read(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except PermissionError:
        raise OSError(
            f"{path}, the key of stored file names, belongs to another user. Let its owner make it readable for the "
            f"group, or set {PATH_KEY} for both."
        ) from None
    except ValueError:
        raise OSError(f"{path} is damaged. Restore it; if it is lost, delete it: stored file names change.") from None


def _keep(path: Path, key: bytes) -> bytes:
    """Write the key, readable for its owner only; of two processes that do so at once, the first one's counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=KEY_FILE, dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(key.hex())
        try:
            os.link(draft, path)
        except FileExistsError:
            return _read(path)
        except OSError:  # a file system without links
            Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return key
