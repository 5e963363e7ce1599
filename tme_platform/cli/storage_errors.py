"""What is said of an error of an SQLite database: where it happened, and what to do.

Light imports only: `app` asks here after everything else.
"""

from __future__ import annotations

import os

_ROOM = "make room on the disk"
_RIGHT = "give this user the right to write there, or name another state folder (--state)"
_OF_SQLITE = {
    "disk is full": _ROOM,
    "disk I/O error": f"{_ROOM}, or see that it is in order",
    "readonly database": _RIGHT,
    "unable to open database file": _RIGHT,
    "locked": "wait for the other process that writes to it",
    "malformed": "put back a backup of it; the tables of the lake do not need it",
    "not a database": "put back a backup of it; the tables of the lake do not need it",
}


def of_database(error: BaseException) -> str | None:
    """The sentence for an error that SQLite is the cause of; None for any other.

    MLflow's errors are translated where they happen (`tracking.reach`), so that what is left is Dagster's.
    """
    import sqlite3

    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        found = getattr(cause, "orig", None) or cause  # SQLAlchemy keeps the database's own error there
        if isinstance(found, sqlite3.Error):
            advice = next((text for sign, text in _OF_SQLITE.items() if sign in str(found)), "see that it is in order")
            return (
                f"the run history in {os.environ.get('DAGSTER_HOME', 'the state folder')} could not be used: {found}. "
                f"The last version of each table stands: {advice}; then run again"
            )
        cause = cause.__cause__ or cause.__context__
    return None
