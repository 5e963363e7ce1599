"""Read the imaging manifest, which lists images and outlines. Opening images belongs in `tme_platform.imaging`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.cohorts._tables import has_column, read_text_table, reject_unnamed_rows
from tme_platform.cohorts.cells import cell, cells_are_shown
from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.files import sha256_of
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.rejections import Rejections
from tme_platform.cohorts.reviews import without_rejected_outlines
from tme_platform.cohorts.series import reject_without_series, without_other_images
from tme_platform.imaging import data_file
from tme_platform.tables.cohorts import IMAGING_SERIES

_TEXT = ["patient_id", "series", "image", "mask", "reader", "exclusion_mask", "dicom_series", "allow_incomplete"]
_NUMBERS = ["mask_label", "session"]
_PHASES = ["phase", "minus"]
_KEY = list(IMAGING_SERIES.key)
_DEFAULTS = {"series": "1", "reader": "1", "session": "1", "mask_label": "1", "allow_incomplete": "no"}
_ANSWERS = {"yes": True, "no": False}
PATHS = ("image", "mask", "exclusion_mask")
"""Columns of paths."""
_HASHES = {"image": "image_sha256", "mask": "mask_sha256", "exclusion_mask": "exclusion_sha256"}


def read_manifest(
    folder: Path,
    cohort_name: str,
    cohort: Cohort,
    hashes: Mapping[str, str] | None = None,
    *,
    reviewed: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the imaging manifest of a cohort and hash the files that it names.

    Parameters
    ----------
    folder, cohort_name, cohort
        As in the other readers.
    hashes
        Known SHA-256 by file (`list_files`); other files, and folders, are hashed here.
    reviewed
        Whether outlines that were rejected in review are left out.

    Returns
    -------
    outlines
        One row per outline, sorted, with the columns of the table `imaging_series`. Series and reader default to "1",
        session and mask_label to 1, allow_incomplete to no. A UID in ``dicom_series`` is replaced by its hash
        (``imaging.uid_digest``), because it identifies a person in a hospital's archive.
    rejected
        Rows of `REJECTED_COLUMNS`; an outline with any error, or rejected in review (`reviews`), is left out.
    """
    rejected = Rejections(cohort_name)
    table = None
    if cohort.imaging is not None:
        table = read_text_table(folder, cohort.imaging.manifest, rejected)
    if cohort.imaging is None or table is None or not _has_columns(table, cohort.imaging.manifest, rejected):
        return _typed(pd.DataFrame(columns=IMAGING_SERIES.own_columns)), rejected.frame()
    file = cohort.imaging.manifest
    outlines = _one_each(_complete(_with_defaults(table), file, rejected), file, rejected)
    hashed = _Hashes(folder, dict(hashes or {}))
    kept = [row for row in outlines.to_dict("records") if _hash_row(row, hashed, file, rejected)]
    frame = _typed(pd.DataFrame(kept, columns=IMAGING_SERIES.own_columns)).sort_values(_KEY, ignore_index=True)
    frame = without_other_images(frame, file, rejected)
    if reviewed:
        frame = without_rejected_outlines(frame, folder, rejected)
    if cohort.features is None:
        reject_without_series(frame, cohort.imaging.series, file, rejected)
    return frame.reset_index(drop=True), rejected.frame()


def _has_columns(table: pd.DataFrame, file: str, rejected: Rejections) -> bool:
    correct = "its header: each row needs patient_id, image and mask"
    required = ("patient_id", "image", "mask")
    return sum(has_column(table, name, file, rejected, correct=correct) for name in required) == len(required)


def _with_defaults(table: pd.DataFrame) -> pd.DataFrame:
    outlines = table.reindex(columns=[*_TEXT, *_NUMBERS, *_PHASES]).astype("string")
    return outlines.fillna(_DEFAULTS)


def _complete(outlines: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    unnamed = outlines["patient_id"].isna()
    reject_unnamed_rows(unnamed, "patient_id", file, rejected)
    named = outlines[~unnamed]
    good = pd.Series(True, index=named.index)
    for column in ("image", "mask"):
        missing = named[column].isna()
        advice = f"Name the {column} file."
        _reject(named[missing], f"no {column} is given", f"{column}_missing", advice, file, rejected)
        good &= ~missing
    same = (named["image"] == named["mask"]).fillna(False).astype(bool)
    _reject(
        named[same], "image and mask are the same file", "mask_is_image", "Name the outline's file.", file, rejected
    )
    good &= ~same
    for column in _NUMBERS:
        whole = named[column].str.fullmatch(r"[0-9]{1,9}").astype(bool) & (named[column] != "0")
        _reject_values(named[~whole], column, "It should be a whole number from 1.", file, rejected)
        good &= whole
    good &= _phases_given(named, file, rejected)
    answers = named["allow_incomplete"].str.strip().str.lower()
    _reject_values(
        named[~answers.isin(_ANSWERS)], "allow_incomplete", "Write yes or no.", file, rejected, rule="not_yes_or_no"
    )
    good &= answers.isin(_ANSWERS)
    kept = named.assign(allow_incomplete=answers.map(_ANSWERS))[good]
    kept = kept.astype(dict.fromkeys([*_NUMBERS, *_PHASES], "Int64"))
    return kept.assign(dicom_series=kept["dicom_series"].map(_without_uid, na_action="ignore"))


def _phases_given(named: pd.DataFrame, file: str, rejected: Rejections) -> pd.Series:
    """Whether phases are whole numbers from 0, and a phase to subtract comes with the phase to subtract it from."""
    good = pd.Series(True, index=named.index)
    for column in _PHASES:
        whole = named[column].isna() | named[column].str.fullmatch(r"[0-9]{1,4}").fillna(False).astype(bool)
        _reject_values(named[~whole], column, "Phases are numbered from 0 in order of time.", file, rejected)
        good &= whole
    alone = named["minus"].notna() & named["phase"].isna()
    _reject(named[alone], "minus is given without phase", "phase_missing", "Give the phase as well.", file, rejected)
    return good & ~alone


def _without_uid(series: str) -> str:
    from tme_platform.imaging import uid_digest

    return uid_digest(series) if "." in series else series


def _one_each(outlines: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    distinct = outlines.drop_duplicates()
    again = distinct.duplicated(_KEY)
    cases = [
        (
            str(row.patient_id),
            f"series {row.series}, reader {row.reader}, session {row.session} is already listed; the first row is used",
        )
        for row in distinct[again].itertuples()
    ]
    advice = "Give each outline a different series, reader or session."
    rejected.add_cases(cases, rule="duplicate_outline", advice=advice, action="outline left out", file=file)
    return distinct[~again]


def _reject_values(
    rows: pd.DataFrame, column: str, advice: str, file: str, rejected: Rejections, *, rule: str = "not_a_number"
) -> None:
    """Reject rows for the value of a column."""
    cases = [
        (str(patient), f"{column} is {cell(value)}")
        for patient, value in zip(rows["patient_id"], rows[column], strict=True)
    ]
    rejected.add_cases(cases, rule=rule, advice=advice, action="outline left out", file=file)


def _reject(rows: pd.DataFrame, what: str, rule: str, advice: str, file: str, rejected: Rejections) -> None:
    cases = [(str(patient), what) for patient in rows["patient_id"]]
    rejected.add_cases(cases, rule=rule, advice=advice, action="outline left out", file=file)


class _Hashes:
    """SHA-256 of the files and folders of a cohort, each read once."""

    def __init__(self, folder: Path, known: dict[str, str]) -> None:
        self.folder = folder
        self.known = known
        self.looked_up: set[str] = set()
        self.parents: dict[str, Path] = {}
        root = folder.resolve()
        self.files = {root / name: sha256 for name, sha256 in known.items()}

    def of(self, relative: str) -> str | None:
        """The hash, or None if the path does not exist. Raises `CohortError` if the path leaves the folder."""
        detached = relative.lower().endswith((".mhd", ".nhdr")) and relative not in self.looked_up
        if relative in self.known and not detached:  # a listed file, or looked up before: its path was checked
            return self.known[relative]
        path = self._locate(relative)
        if path.exists():
            self.looked_up.add(relative)
            self.known[relative] = self._with_voxels(path, sha256_of(path, self.files))
        return self.known.get(relative)

    def _with_voxels(self, path: Path, header: str) -> str:
        """The hash of an image, which for a header with a data file covers both."""
        data = data_file(path)
        if data is None:
            return header
        return hashlib.sha256(f"{header} {sha256_of(data, self.files)}".encode()).hexdigest()

    def _locate(self, relative: str) -> Path:
        """`landing_path`, resolving the parent folder of several files only once."""
        parent, _, name = relative.rpartition("/")
        if parent and name not in ("", ".", ".."):
            try:
                if parent not in self.parents:
                    self.parents[parent] = landing_path(self.folder, parent)
            except CohortError:  # raised below with the whole path
                return landing_path(self.folder, relative)
            path = self.parents[parent] / name
            plain = name.isascii() or path.exists()
            if plain and "\\" not in name and "\0" not in name and not path.is_symlink():
                return path
        return landing_path(self.folder, relative)


def _hash_row(row: dict[Any, Any], hashes: _Hashes, file: str, rejected: Rejections) -> bool:
    """Add the hashes to an outline; False with a rejection if it names a missing file."""
    good = True
    for column, target in _HASHES.items():
        relative = row[column]
        row[target] = pd.NA
        if not isinstance(relative, str):
            continue
        try:
            found = hashes.of(relative)
        except CohortError as error:
            where = f"the path in column {column} leaves the landing folder, or is none. Correct it in {file}."
            rule, message = error.rule, str(error) if cells_are_shown() else where
        else:
            if found is not None:
                row[target] = found
                continue
            rule = f"{column}_missing"
            message = (
                f"{column} {cell(relative)} (series {row['series']}, reader {row['reader']}) is not in the landing "
                f"folder. Add the file, or correct its path in {file}."
            )
        rejected.add(
            rule=rule, message=message, action="outline left out", patient_id=str(row["patient_id"]), file=file
        )
        good = False
    return good


def _typed(outlines: pd.DataFrame) -> pd.DataFrame:
    return outlines.astype({column.name: column.dtype for column in IMAGING_SERIES.columns})
