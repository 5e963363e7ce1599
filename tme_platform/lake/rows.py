"""Content of a table: its hash, and what changed against the last version. Frames in, numbers out."""

from __future__ import annotations

import hashlib
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
    digest = hashlib.sha256()
    for name, dtype in frame.dtypes.items():
        digest.update(f"{name}\x1f{dtype}\x1e".encode())
    digest.update(_row_hashes(frame).tobytes())
    return digest.hexdigest()


def compare_rows(previous: pd.DataFrame | None, current: pd.DataFrame, unit: str) -> RowChanges:
    """Count what changed, by unit.

    Parameters
    ----------
    previous, current
        Conformed frames of one table (and cohort); None where there is no earlier version, the same frame where the
        content is known to be the same.
    unit
        Column whose values are counted. A unit of many rows has changed when any of them has.
    """
    if previous is current:
        return RowChanges(new=0, changed=0, unchanged=current[unit].nunique(), removed=0)
    now = _unit_hashes(current, unit)
    if previous is None:
        return RowChanges(new=len(now), changed=0, unchanged=0, removed=0)
    # The same columns are compared in the same order; a column that came or went changes every row that has a value.
    before = _unit_hashes(previous.reindex(columns=current.columns) if _same(previous, current) else previous, unit)
    common = now.index.intersection(before.index)
    unchanged = int((now.loc[common] == before.loc[common]).sum())
    return RowChanges(
        new=len(now) - len(common),
        changed=len(common) - unchanged,
        unchanged=unchanged,
        removed=len(before) - len(common),
    )


def _same(previous: pd.DataFrame, current: pd.DataFrame) -> bool:
    return set(previous.columns) == set(current.columns)


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    if frame.empty:
        return np.empty(0, dtype=np.uint64)
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _unit_hashes(frame: pd.DataFrame, unit: str) -> pd.Series:
    """One number per unit; the sum of its rows' hashes, so that the order of the rows is not part of it."""
    with np.errstate(over="ignore"):
        return pd.Series(_row_hashes(frame), index=frame[unit].astype("object")).groupby(level=0).sum()
