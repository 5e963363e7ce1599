"""The imaging manifest: which outline belongs to which image. Images are opened in `tme_platform.imaging`, not here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.cohorts._tables import no_column, read_text_table, short
from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.files import sha256_of
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.rejections import Rejections

_TEXT = ["patient_id", "series", "image", "mask", "reader", "exclusion_mask", "dicom_series"]
_NUMBERS = ["mask_label", "session"]
_PHASES = ["phase", "minus"]
_KEY = ["patient_id", "series", "reader", "session"]
_DEFAULTS = {"series": "1", "reader": "1", "session": "1", "mask_label": "1"}
_HASHES = {"image": "image_sha256", "mask": "mask_sha256", "exclusion_mask": "exclusion_sha256"}
_COLUMNS = [*_KEY, "image", "dicom_series", *_PHASES, "mask", "mask_label", "exclusion_mask", *_HASHES.values()]


def read_manifest(
    folder: Path, cohort_name: str, cohort: Cohort, hashes: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the imaging manifest of a cohort and hash what it names.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cohort_name
        Its name.
    cohort
        Its declaration.
    hashes
        SHA-256 by file where they are known already (`list_files`); other files, and folders, are hashed here.

    Returns
    -------
    outlines
        One row per outline, sorted: ``patient_id, series, reader, session, image, dicom_series, phase, minus, mask,
        mask_label, exclusion_mask, image_sha256, mask_sha256, exclusion_sha256``. Series and reader are "1", session
        and mask_label 1 where not given. A UID in ``dicom_series`` leads to a person in a hospital's archive: only its
        hash (``imaging.uid_digest``) is given on.
    rejected
        Rows of `REJECTED_COLUMNS`; an outline with anything amiss is left out. Nothing is raised for what the file
        holds.
    """
    rejected = Rejections(cohort_name)
    table = None
    if cohort.imaging is not None:
        table = read_text_table(folder, cohort.imaging.manifest, rejected)
    if cohort.imaging is None or table is None or not _has_columns(table, cohort.imaging.manifest, rejected):
        return _typed(pd.DataFrame(columns=_COLUMNS)), rejected.frame()
    file = cohort.imaging.manifest
    outlines = _one_each(_complete(_with_defaults(table), file, rejected), file, rejected)
    hashed = _Hashes(folder, dict(hashes or {}))
    kept = [row for row in outlines.to_dict("records") if _hash_row(row, hashed, file, rejected)]
    frame = _typed(pd.DataFrame(kept, columns=_COLUMNS))
    return frame.sort_values(_KEY, ignore_index=True), rejected.frame()


def _has_columns(table: pd.DataFrame, file: str, rejected: Rejections) -> bool:
    lacking = [name for name in ("patient_id", "image", "mask") if name not in table]
    for name in lacking:
        message = no_column(file, name, table, "its header: each row names patient_id, image and mask")
        rejected.add(rule="unknown_column", message=message, action="file left out", file=file)
    return not lacking


def _with_defaults(table: pd.DataFrame) -> pd.DataFrame:
    outlines = table.reindex(columns=[*_TEXT, *_NUMBERS, *_PHASES]).astype("string")
    return outlines.fillna(_DEFAULTS)


def _complete(outlines: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    nameless = outlines["patient_id"].isna()
    if nameless.any():
        message = f"{nameless.sum():,} of {len(outlines):,} rows name no patient. Add patient_id, or delete the rows."
        rejected.add(rule="patient_id_missing", message=message, action="rows left out", file=file)
    named = outlines[~nameless]
    good = pd.Series(True, index=named.index)
    for column in ("image", "mask"):
        lacking = named[column].isna()
        _reject(
            named[lacking], f"no {column} is given", f"{column}_missing", f"Name the {column} file.", file, rejected
        )
        good &= ~lacking
    for column in _NUMBERS:
        whole = named[column].str.fullmatch(r"[0-9]{1,9}").astype(bool) & (named[column] != "0")
        _reject_values(named[~whole], column, "It should be a whole number from 1.", file, rejected)
        good &= whole
    good &= _phases_given(named, file, rejected)
    kept = named[good].astype(dict.fromkeys(_NUMBERS, "int64") | dict.fromkeys(_PHASES, "Int64"))
    return kept.assign(dicom_series=kept["dicom_series"].map(_without_uid, na_action="ignore"))


def _phases_given(named: pd.DataFrame, file: str, rejected: Rejections) -> pd.Series:
    """Whether phases are whole numbers from 0, and what is subtracted has something to be subtracted from."""
    good = pd.Series(True, index=named.index)
    for column in _PHASES:
        whole = named[column].isna() | named[column].str.fullmatch(r"[0-9]{1,4}").fillna(False).astype(bool)
        _reject_values(named[~whole], column, "Phases are numbered from 0 in the order of time.", file, rejected)
        good &= whole
    alone = named["minus"].notna() & named["phase"].isna()
    _reject(named[alone], "minus is given without phase", "phase_missing", "Name the phase, too.", file, rejected)
    return good & ~alone


def _without_uid(series: str) -> str:
    from tme_platform.imaging import uid_digest

    return uid_digest(series) if "." in series else series


def _one_each(outlines: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame:
    distinct = outlines.drop_duplicates()
    again = distinct.duplicated(_KEY)
    cases: list[tuple[str | None, str]] = [
        (
            str(row.patient_id),
            f"series {row.series}, reader {row.reader}, session {row.session} stands there already; the first is used",
        )
        for row in distinct[again].itertuples()
    ]
    if cases:
        advice = "Give each outline another series, reader or session."
        rejected.add_cases(cases, rule="duplicate_outline", advice=advice, action="outline left out", file=file)
    return distinct[~again]


def _reject_values(rows: pd.DataFrame, column: str, advice: str, file: str, rejected: Rejections) -> None:
    """Reject rows for what stands in a column."""
    cases: list[tuple[str | None, str]] = [
        (str(patient), f"{column} is {short(value)}")
        for patient, value in zip(rows["patient_id"], rows[column], strict=True)
    ]
    if cases:
        rejected.add_cases(cases, rule="not_a_number", advice=advice, action="outline left out", file=file)


def _reject(rows: pd.DataFrame, what: str, rule: str, advice: str, file: str, rejected: Rejections) -> None:
    cases: list[tuple[str | None, str]] = [(str(patient), what) for patient in rows["patient_id"]]
    if cases:
        rejected.add_cases(cases, rule=rule, advice=advice, action="outline left out", file=file)


class _Hashes:
    """SHA-256 of files and folders of a cohort, each read once."""

    def __init__(self, folder: Path, known: dict[str, str]) -> None:
        self.folder = folder
        self.known = known
        self.parents: dict[str, Path] = {}
        root = folder.resolve()
        self.files = {root / name: sha256 for name, sha256 in known.items()}

    def of(self, relative: str) -> str | None:
        """None where the path does not exist; raises CohortError where it leaves the folder."""
        if relative in self.known:  # of a file that landed, or looked up before: its path is in order
            return self.known[relative]
        path = self._located(relative)
        if path.exists():
            self.known[relative] = sha256_of(path, self.files)
        return self.known.get(relative)

    def _located(self, relative: str) -> Path:
        """`landing_path`, with the folder of many files looked at once."""
        parent, _, name = relative.rpartition("/")
        if parent and name not in ("", ".", ".."):
            try:
                if parent not in self.parents:
                    self.parents[parent] = landing_path(self.folder, parent)
            except CohortError:  # said below, of the whole path
                return landing_path(self.folder, relative)
            path = self.parents[parent] / name
            if "\\" not in name and "\0" not in name and not path.is_symlink():
                return path
        return landing_path(self.folder, relative)


def _hash_row(row: dict[Any, Any], hashes: _Hashes, file: str, rejected: Rejections) -> bool:
    """Add the hashes to an outline; False and a rejection where it names what is not there."""
    good = True
    for column, target in _HASHES.items():
        relative = row[column]
        row[target] = pd.NA
        if not isinstance(relative, str):
            continue
        try:
            found = hashes.of(relative)
        except CohortError as error:
            rule, message = error.rule, str(error)
        else:
            if found is not None:
                row[target] = found
                continue
            rule = f"{column}_missing"
            message = f"{column} {relative} is not in the landing folder. Add the file, or correct its path in {file}."
        rejected.add(
            rule=rule, message=message, action="outline left out", patient_id=str(row["patient_id"]), file=file
        )
        good = False
    return good


def _typed(outlines: pd.DataFrame) -> pd.DataFrame:
    numbers = dict.fromkeys(_NUMBERS, "int64") | dict.fromkeys(_PHASES, "Int64")
    return outlines.astype({name: numbers.get(name, "string") for name in _COLUMNS})
