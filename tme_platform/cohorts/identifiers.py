"""Find what may identify a person in a landing folder: columns, cells, patients' names, paths. Nothing found is quoted.

It warns and removes nothing: only the operator knows what a column holds. Expression values and the values of features
and cell scores are numbers and are not looked at; their patients are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from tme_platform.cohorts._tables import UNREADABLE, columns_of, read_text_table, short
from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted

_ADVICE = "Remove it from the landing folder, or replace it by a pseudonym."
_ROWS = 5
_WHOLE = {"name", "names", "address", "accession", "zip", "fax", "phone", "anschrift", "telefon"}
"""What a column may be called as a whole; as one word of several it says little."""
_PHRASES = (
    "patient name|patients name|full name|first name|given name|middle name|last name|family name|surname|forename"
    "|maiden name|firstname|lastname|patientname|nachname|vorname|patientenname|dob|d o b|date of birth|birth date"
    "|birthdate|birthday|patientbirthdate|geburtsdatum|geburtstag|mrn|medical record number|medical record no"
    "|hospital number|hospital no|ssn|social security|nhs number|nhs no|chi number|national id|insurance number"
    "|passport|home address|postal address|patient address|street|postcode|post code|zip code|email|e mail|phone number"
    "|telephone|mobile|accession number|accession no|accessionnumber|next of kin"
)
_COLUMN = re.compile(rf"\b(?:{_PHRASES})\b")
_YEAR = r"(?:19\d\d|200\d|201\d)"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_BIRTH = r"19\d\d"
_CELLS = {
    "an e-mail address": r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}",
    "a name in the style of DICOM": r"^[^\W\d_][\w' .-]*\^[^\W\d_]",
    "a date that may be one of birth": (
        rf"^(?:{_BIRTH}[-/.]{_MONTH}[-/.]{_DAY}|{_DAY}[-/.]{_MONTH}[-/.]{_BIRTH}|{_MONTH}/{_DAY}/{_BIRTH})(?:[ T]|$)"
    ),
}
_MAY_TELL = re.compile(r"[@^]|19\d\d[-/.]|[-/.]19\d\d")
"""What each of `_CELLS` has in it."""
_WORD = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]+(?:['-][^\W\d_]+)*"
_NO_NAMES = r"(?i)\b(?:patient|subject|case|control|sample|tumou?r|normal|series|reader|license|phantom)\b"
_PERSON = re.compile(rf"^{_WORD}(?:\s*[,^]\s*|\s+|_+){_WORD}(?![^\W\d_])")
_DATED = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    rf"|(?:0[1-9]|[12]\d|3[01])([-_.])(?:0[1-9]|1[0-2])\2{_YEAR})(?!\d)"
)
_LONG = re.compile(r"\d{9,}")


def identifying_content(folder: Path, cohort: Cohort, patients: Mapping[str, Collection[str]]) -> list[str]:
    """Say which columns, cells and names of patients may identify a person.

    Parameters
    ----------
    folder, cohort
        Landing folder and declaration.
    patients
        Patients by table (`patients_by_table`).

    Returns
    -------
    Sentences with file, column, rows and kind.
    """
    found = [said for table in _tables(cohort) for said in _of_table(folder, *table)]
    for table, names in patients.items():
        for kind, named in _by_kind(names, _kind_of_patient).items():
            found.append(f"{table}: {counted(named, 'patient is', 'patients are')} named by {kind}. {_ADVICE}")
    return found


def identifying_paths(files: Iterable[str], shown: Callable[[str], str]) -> list[str]:
    """Say which paths may identify a person.

    Parameters
    ----------
    files
        Paths inside the cohort's folder.
    shown
        Gives what may be said of a path.
    """
    first: dict[str, list[str]] = {}
    for file in files:
        kinds = {kind for part in file.split("/") if (kind := _kind_of_name(part)) is not None}
        for kind in kinds:
            first.setdefault(kind, []).append(file)
    return [
        f"{counted(len(paths), 'path has', 'paths have')} {kind} as a name of a folder or file (the first: "
        f"{shown(paths[0])}). They are stored under other names, but rename them before anybody else sees the folder."
        for kind, paths in first.items()
    ]


def _tables(cohort: Cohort) -> Iterator[tuple[str, bool, str | None]]:
    """Tables with a header of their own, whether they hold more than numbers, and their sheet."""
    listed: dict[tuple[str, str | None], bool] = {(source.file, source.sheet): True for source in cohort.clinical}
    if cohort.imaging is not None:
        listed.setdefault((cohort.imaging.manifest, None), True)
    for source in (cohort.features, cohort.cell_scores, *cohort.other_scores.values()):
        if source is not None:
            listed.setdefault((source.file, source.sheet), False)
    yield from ((file, whole, sheet) for (file, sheet), whole in listed.items())


def _of_table(folder: Path, file: str, whole: bool, sheet: str | None) -> Iterator[str]:
    table = _whole(folder, file, sheet) if whole else _header(folder, file, sheet)
    if table is None:
        return
    for name in map(str, table.columns):
        if _names_a_person(name):
            yield f"{file}: column {short(name)} is named like one that identifies a person. {_ADVICE}"
        for kind, rows in _telling_cells(table[name]):
            yield f"{file}: column {short(name)} has {kind} in {_rows(rows)}. {_ADVICE}"


def _whole(folder: Path, file: str, sheet: str | None) -> pd.DataFrame | None:
    return read_text_table(folder, file, Rejections(""), raw=True, sheet=sheet)


def _header(folder: Path, file: str, sheet: str | None) -> pd.DataFrame | None:
    """The columns of a table without its rows, which are numbers; None if it cannot be read."""
    try:
        return pd.DataFrame(columns=[*dict.fromkeys(columns_of(landing_path(folder, file), sheet))], dtype="object")
    except UNREADABLE:
        return None


def _telling_cells(column: pd.Series) -> Iterator[tuple[str, list[int]]]:
    """The kinds of cells that may identify a person, with their rows; most columns are passed by in one search."""
    cells = column.dropna().astype(str)
    different = cells.unique()
    if not _MAY_TELL.search("\n".join(different)):
        return
    for kind, pattern in _CELLS.items():
        found = [value for value in different if re.search(pattern, value.strip())]
        if found:
            yield kind, [int(row) + 1 for row in cells.index[cells.isin(found)]]


def _names_a_person(column: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    plain = " ".join(re.findall(r"[^\W_]+", spaced.lower().replace("'", "")))
    return plain in _WHOLE or bool(_COLUMN.search(plain))


def _rows(rows: list[int]) -> str:
    shown = ", ".join(f"{row:,}" for row in rows[:_ROWS])
    more = f" and {len(rows) - _ROWS:,} more" if len(rows) > _ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more} below the header"


def _by_kind(names: Collection[str], kind_of: Callable[[str], str | None]) -> dict[str, int]:
    kinds = pd.Series([kind_of(str(name)) for name in names], dtype="object").dropna()
    return {str(kind): int(count) for kind, count in kinds.value_counts().items()}


def _kind_of_patient(name: str) -> str | None:
    return "a number of nine or more digits" if _LONG.fullmatch(name) else _kind_of_name(name)


def _kind_of_name(name: str) -> str | None:
    """What a pseudonym, or the name of a folder or file, looks like; None if it looks like nothing of a person."""
    if re.search(_CELLS["an e-mail address"], name):
        return "an e-mail address"
    if "^" in name or (_PERSON.search(name) and not re.search(_NO_NAMES, name.replace("_", " "))):
        return "what looks like a person's name"
    return "what looks like a date" if _DATED.search(name) else None
