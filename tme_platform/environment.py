"""Names that the operator sets: the environment variables of a workspace, and the default folder of a lake.

Light imports only, so that `tme --help` is instant. What a workspace is belongs in `steps.workspace`.
"""

import getpass
import os

VARIABLES = {
    "lake_root": "TME_LAKE",
    "state_root": "TME_STATE",
    "landing_root": "TME_LANDING",
    "study_name": "TME_STUDY",
    "tracking_uri": "TME_TRACKING_URI",
    "workers": "TME_WORKERS",
    "backend": "TME_BACKEND",
}
"""The environment variable of each field of a workspace."""
USER = "TME_USER"
"""Environment variable: the name that the audit records for what is done from here."""
UMASK = "TME_UMASK"
"""Environment variable: the permissions that new files and folders do not have, in octal."""
_OWNER_ONLY = 0o077
CODE_SOCKET = "TME_CODE_SOCKET"
"""Environment variable: the socket of the code server of `tme ui`, which Dagster's page waits for."""
UI_TOKEN = "TME_UI_TOKEN"  # noqa: S105 (the name, not the token)
"""Environment variable: the token that every request to the pages of Dagster and MLflow has to bring."""
UI_ADDRESSES = "TME_UI_ADDRESSES"
"""Environment variable: addresses at which people reach these pages besides 127.0.0.1 and localhost."""
PATH_KEY = "TME_PATH_KEY"
"""Environment variable: the key of stored file names, for landing folders that several machines mount read-only."""
SIMULATED = "simulated"
"""Name of the packaged study of simulated cohorts."""
DEFAULT_STUDY = "tcga_brca"
DEFAULT_LAKE = "data_lake"
"""Folder of the lake where none is named, below the working directory."""


def default_lake(study: str) -> str:
    """The lake folder of a study where none is named; simulated and real data are never mixed."""
    return f"{DEFAULT_LAKE}_simulated" if study == SIMULATED else DEFAULT_LAKE


def keep_private() -> int:
    """Let this process and its children create files for their owner only, or as `TME_UMASK` says; returns the mask.

    Raises
    ------
    ValueError
        `TME_UMASK` is not an octal number up to 077.
    """
    given = os.environ.get(UMASK, "")
    try:
        mask = int(given, 8) if given else _OWNER_ONLY
    except ValueError:
        mask = -1
    if not 0 <= mask <= _OWNER_ONLY:
        raise ValueError(
            f"{UMASK}={given!r}: give an octal number such as 077 (owner only) or 027 (the group may read)"
        )
    os.umask(mask)
    return mask


def operator() -> str:
    """Who works here, for the audit: `TME_USER`, or the name of the login."""
    try:
        return os.environ.get(USER) or getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"uid {os.getuid()}"
