"""Find the same measurement under several patients, by content: the same image, or the same row of numbers.

A fingerprint is computed once for each patient and kind of data and then compared within a cohort, between cohorts and
between the sides of the signature. What follows from a match is decided by those who compare.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from tme_platform.cohorts.rejections import REJECTED_COLUMNS, Rejections

FINGERPRINT_COLUMNS = ["kind", "patient_id", "fingerprint", "digits"]
RULE = "same_data_twice"
"""Rule of the rejections that name such patients."""

_CHANCE = 0.01
"""Expected number of patients with the same numbers by chance below which they count as the same data."""
_ENOUGH_DIGITS = 40
"""Significant digits that no two patients share by chance; more are not counted."""
_WIDE = 60
"""Columns of a row whose digits are counted, spread over all of them."""


def row_fingerprints(values: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Fingerprint the numbers of each patient.

    Numbers are compared in single precision, so that a value does not change by being written as text. The order of the
    columns does not matter. Rows without numbers have no fingerprint.

    Parameters
    ----------
    values
        Patients x columns, numeric; missing is NaN.
    kind
        What the numbers are, in the plural: `features`, `expression values`, ...

    Returns
    -------
    DataFrame
        ``kind``, ``patient_id``, ``fingerprint`` and ``digits``: significant digits of the numbers in the row, which
        say how likely it is that two patients have the same ones by chance. Patients keep their order.
    """
    ordered = values[sorted(values.columns, key=str)] if not values.columns.is_monotonic_increasing else values
    numbers = np.ascontiguousarray(ordered.to_numpy(dtype=np.float32, na_value=np.nan)) + np.float32(0)  # no -0.0
    known = np.flatnonzero((~np.isnan(numbers)).any(axis=1))
    names = "\0".join(map(str, ordered.columns)).encode()
    columns = hashlib.blake2b(names, digest_size=16).digest()
    prints = [hashlib.blake2b(columns + row.tobytes(), digest_size=16).hexdigest() for row in numbers[known]]
    frame = pd.DataFrame({"kind": kind, "patient_id": values.index[known].map(str), "fingerprint": prints})
    return frame.assign(digits=_digits(numbers[known]))[FINGERPRINT_COLUMNS]


def image_fingerprints(outlines: pd.DataFrame) -> pd.DataFrame:
    """Fingerprint the images of each patient by the hash of their files; see `row_fingerprints`.

    Parameters
    ----------
    outlines
        Rows of `imaging_series`. A folder with several DICOM series counts as several images.
    """
    images = outlines[["patient_id", "image_sha256", "dicom_series"]].drop_duplicates()
    prints = images["image_sha256"].astype("string") + images["dicom_series"].fillna("").astype("string")
    frame = pd.DataFrame({"kind": "image", "patient_id": images["patient_id"].astype(str), "fingerprint": prints})
    return frame.assign(digits=_ENOUGH_DIGITS)[FINGERPRINT_COLUMNS].reset_index(drop=True)


def same_data(fingerprints: pd.DataFrame) -> pd.DataFrame:
    """Group the rows whose data are the same under several patients.

    Rows with few significant digits, which agree by chance, are not reported: the number of pairs of patients times ten
    to the minus digits has to be below 0.01.

    Parameters
    ----------
    fingerprints
        Rows of `row_fingerprints` and `image_fingerprints`, with any further columns (cohort, side).

    Returns
    -------
    DataFrame
        The rows of such groups with their ``group`` (a number), sorted by kind, group and patient.
    """
    patients = fingerprints.groupby("kind")["patient_id"].transform("nunique").to_numpy(dtype=float)
    chance = patients * (patients - 1) / 2 * 10.0 ** -fingerprints["digits"].to_numpy(dtype=float)
    likely = fingerprints[chance < _CHANCE]
    groups = likely.groupby(["kind", "fingerprint"], sort=True)
    found: pd.DataFrame = likely.assign(group=groups.ngroup())[groups["patient_id"].transform("nunique") > 1]
    return found.sort_values(["kind", "group", "patient_id"], ignore_index=True)


def reject_same_data(cohort_name: str, fingerprints: pd.DataFrame, file: str | None) -> pd.DataFrame:
    """List the patients of a cohort who have the same data, as rows of `REJECTED_COLUMNS`.

    Nothing is left out, because the data do not say whose they are.
    """
    rejected = Rejections(cohort_name)
    for _, rows in same_data(fingerprints).groupby("group", sort=False):
        kind, patients = rows["kind"].iloc[0], list(dict.fromkeys(rows["patient_id"]))
        message = (
            f"{named(patients)} have the same {kind}. Find out whose it is, and remove it from the others; "
            "if they are one patient, give them one name."
        )
        rejected.add(rule=RULE, message=message, action="kept, counted as several patients", file=file)
    found = rejected.frame()
    return found if len(found) else pd.DataFrame(columns=REJECTED_COLUMNS, dtype="string")


def named(patients: list[str], most: int = 5) -> str:
    """The first patients by name, and how many more there are."""
    shown = ", ".join(patients[:most])
    return f"{shown} and {len(patients) - most} more" if len(patients) > most else shown


def _digits(numbers: np.ndarray) -> np.ndarray:
    """Significant digits of the distinct numbers of each row; of wide rows only some columns are counted."""
    if not numbers.size:
        return np.zeros(len(numbers), dtype="int64")
    chosen = np.unique(np.linspace(0, numbers.shape[1] - 1, _WIDE).astype(int))
    return np.array([_count(row) for row in numbers[:, chosen].astype(np.float64)], dtype="int64")


def _count(row: np.ndarray) -> int:
    distinct = np.unique(np.abs(row[np.isfinite(row)]))
    texts = (f"{value:.6e}".split("e")[0].replace(".", "").rstrip("0") for value in distinct[distinct > 0])
    return min(sum(map(len, texts)), _ENOUGH_DIGITS)
