"""Permissions of the state folder: what is written there is for its owner only, unless `TME_UMASK` says otherwise."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tme_platform.cli.console import errors, shown
from tme_platform.environment import UMASK, keep_private


def close_to_others(state: Path) -> None:
    """Create a lake's state folder, or close one that others can enter, with a line that says so.

    A folder that belongs to somebody else is left as it is.
    """
    mask = keep_private()
    state.mkdir(parents=True, exist_ok=True)
    found = state.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.getuid() or not mode & mask:
        return
    state.chmod(mode & ~mask)
    errors.print(
        f"[yellow]closed[/yellow]  other users of this machine could enter {shown(state)}. To share it with a group, "
        f"set {UMASK}=027 and open the folder again (chmod g+rx).",
        soft_wrap=True,
        highlight=False,
    )
