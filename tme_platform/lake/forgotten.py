"""The record that patients were forgotten: when, by whom, and what was rewritten. Not whom.

`forgotten.jsonl` in the state folder. A salted hash of the name lets somebody who knows it ask whether it was done.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tme_platform.environment import operator
from tme_platform.lake.commit_log import Entry

_FILE = "forgotten.jsonl"


@dataclass(frozen=True)
class Forgotten:
    """One line of the record."""

    time: str
    who: str
    study: str
    salt: str
    digest: str
    rewritten: Mapping[str, int] = field(default_factory=dict)

    def is_of(self, name: str) -> bool:
        """Whether this line is about the patient of this name."""
        return secrets.compare_digest(_digest(self.salt, name), self.digest)

    def entry(self) -> Entry:
        """The line as a row of the audit."""
        done = ", ".join(f"{count} {what}" for what, count in self.rewritten.items() if count)
        return Entry(
            time=datetime.fromisoformat(self.time),
            who=self.who,
            via="tme forget",
            action="forgot a patient",
            table_name="(all tables)",
            cohort=None,
            version=0,
            model_version=None,
            rows_new=None,
            rows_changed=None,
            rows_removed=None,
            reason=f"removed or rewritten: {done or 'nothing'}",
            study=self.study,
            dagster_run=None,
        )


def record_forgotten(state: Path, name: str, study: str, rewritten: Mapping[str, int]) -> Forgotten:
    """Add a line to the record."""
    salt = secrets.token_hex(16)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = Forgotten(now, operator(), study, salt, _digest(salt, name), dict(rewritten))
    with (state / _FILE).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(line)) + "\n")
    return line


def forgotten(state: Path) -> list[Forgotten]:
    """The lines of the record, oldest first."""
    path = state / _FILE
    if not path.is_file():
        return []
    return [Forgotten(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _digest(salt: str, name: str) -> str:
    return hashlib.scrypt(name.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
