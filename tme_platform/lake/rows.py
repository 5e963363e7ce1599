"""Content of a table: its hash, and what changed against the last version. Frames in, numbers out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class RowChanges:
    """How many units (patients, mostly) are new, changed, unchanged or removed against the last version."""

    new: int
    changed: int
    unchanged: int
    removed: int

    def as_dict(self) -> dict[str, int]:
        """The four counts by name."""
        return asdict(self)


def content_hash(frame: pd.DataFrame) -> str:
    """SHA-256 over names, types and values of a conformed frame; equal content has equal hashes on every machine."""
    return summarise([frame]).content


@dataclass(frozen=True)
class Summary:
    """What is known of conformed rows after passing over them.

    Attributes
    ----------
    content
        `content_hash` of all rows in one frame.
    rows
        Number of rows.
    head
        The columns with their types, without rows.
    units
        A number for each unit, by which it is seen to have changed; empty if no unit was named.
    """

    content: str
    rows: int
    head: pd.DataFrame
    units: pd.Series


def summarise(frames: Iterable[pd.DataFrame], unit: str = "") -> Summary:
    """Pass over the frames of a table, which have the same columns; there is at least one.

    Parameters
    ----------
    unit
        Column whose values are counted as new, changed, unchanged or removed.
    """
    digest, rows, head = hashlib.sha256(), 0, None
    units: list[pd.Series] = []
    for frame in frames:
        if head is None:
            head = frame.iloc[:0]
            for name, dtype in head.dtypes.items():
                digest.update(f"{name}\x1f{dtype}\x1e".encode())
        hashes = _row_hashes(frame)
        digest.update(hashes.tobytes())
        rows += len(frame)
        if unit:
            units.append(_by_unit(hashes, frame[unit]))
    if head is None:
        raise ValueError("no frame, not even one without rows")
    return Summary(digest.hexdigest(), rows, head, _added(units))


def compare_rows(previous: Iterable[pd.DataFrame] | None, current: Summary, unit: str) -> RowChanges:
    """Count what changed, by unit.

    Parameters
    ----------
    previous
        Conformed frames of the last version of the table (and cohort), in any order; None where there is none.
    current
        Summary of the new rows, with the same unit.
    unit
        Column whose values are counted. A unit of many rows has changed when any of them has.
    """
    now = current.units
    if previous is None:
        return RowChanges(new=len(now), changed=0, unchanged=0, removed=0)
    # The same columns are compared in the same order; a column that came or went changes every row that has a value.
    names = current.head.columns
    before = _added(
        [
            _by_unit(_row_hashes(frame.reindex(columns=names) if set(frame) == set(names) else frame), frame[unit])
            for frame in previous
        ]
    )
    common = now.index.intersection(before.index)
    unchanged = int((now.loc[common] == before.loc[common]).sum())
    return RowChanges(
        new=len(now) - len(common),
        changed=len(common) - unchanged,
        unchanged=unchanged,
        removed=len(before) - len(common),
    )


def unchanged_rows(current: Summary) -> RowChanges:
    """The counts where the content is known to be the same."""
    return RowChanges(new=0, changed=0, unchanged=len(current.units), removed=0)


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    if frame.empty:
        return np.empty(0, dtype=np.uint64)
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _by_unit(hashes: np.ndarray, units: pd.Series) -> pd.Series:
    """One number per unit; the sum of its rows' hashes, so that the order of the rows is not part of it."""
    with np.errstate(over="ignore"):
        return pd.Series(hashes, index=units.astype("object")).groupby(level=0).sum()


def _added(parts: Sequence[pd.Series]) -> pd.Series:
    """The numbers of units whose rows are in several parts."""
    if not parts:
        return pd.Series(dtype="uint64")
    if len(parts) == 1:
        return parts[0]
    with np.errstate(over="ignore"):
        together: pd.Series = pd.concat(parts).groupby(level=0).sum()
    return together
