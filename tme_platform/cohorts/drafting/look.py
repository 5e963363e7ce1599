"""Look at the tables of a landing folder, and tell what each probably is. Reading them whole belongs in the readers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import pandas as pd

from tme_platform.cohorts._lines import read_head
from tme_platform.cohorts._parquet import read_parquet
from tme_platform.cohorts._tables import UNREADABLE, as_numbers, clean, delimiter_of, open_bytes, physical_lines
from tme_platform.cohorts._workbook import read_sheet, sheet_names
from tme_platform.cohorts.drafting.vocabulary import canonical_name, plain
from tme_platform.expression import PACKAGED_LINEAGES, lineage_map
from tme_platform.expression.known_genes import LEAST_TO_JUDGE, share_recognised
from tme_platform.tables.expression import POPULATION_GROUPS

Kind = Literal[
    "clinical", "expression", "transposed expression", "features", "fractions", "scores", "groups", "genes", "manifest"
]

TABLES = (".csv", ".tsv", ".txt", ".tab", ".csv.gz", ".tsv.gz", ".txt.gz", ".tab.gz", ".parquet", ".xlsx")
_ROWS = 400
_MOSTLY = 0.5
_FEWEST_FEATURES = 5
_FEATURE_WORDS = frozenset(
    [
        "glcm",
        "glrlm",
        "glszm",
        "gldm",
        "ngtdm",
        "firstorder",
        "original",
        "wavelet",
        "shape",
        "entropy",
        "sphericity",
        "texture",
        "radiomics",
        "kurtosis",
        "skewness",
        "energy",
        "contrast",
        "correlation",
        "homogeneity",
        "surface",
        "irregularity",
        "margin",
        "enhancement",
    ]
)
_MANIFEST = {"patient_id", "image", "mask"}


@dataclass(frozen=True)
class Seen:
    """A table that was looked at.

    Attributes
    ----------
    sheet
        Of a workbook with several sheets; None otherwise.
    table
        Its first rows as text, missing cells NA; the header as the names of the columns.
    kind
        What it probably is; None if that is open.
    problem
        Why it cannot be read; empty for all others.
    """

    file: str
    sheet: str | None = None
    table: pd.DataFrame | None = None
    kind: Kind | None = None
    problem: str = ""

    @property
    def label(self) -> str:
        """The file, and the sheet if one is named."""
        return self.file if self.sheet is None else f"{self.file} ({self.sheet})"


def look(folder: Path, files: list[str]) -> Iterator[Seen]:
    """Look at the tables among files, one after the other."""
    for file in files:
        if not file.lower().endswith(TABLES):
            continue
        try:
            for sheet, table in _heads(folder / file):
                yield Seen(file, sheet, table, kind_of(table, file))
        except UNREADABLE as error:
            yield Seen(file, problem=str(error))


def kind_of(table: pd.DataFrame, file: str) -> Kind | None:
    """What a table probably is, by the names of its columns and its first rows."""
    names = [str(name) for name in table.columns]
    if set(names) >= _MANIFEST:
        return "manifest"
    if {plain(name) for name in names} >= {"population", "group"}:
        return "groups"
    if (genes := _genes(table, names)) is not None:
        return genes
    numeric = [name for name in names if _is_numeric(table[name])]
    if fractions_of(numeric) is not None:
        return "fractions"
    recognised = [name for name in names if canonical_name(name) is not None]
    unknown = [name for name in numeric if name not in recognised]
    telling = sum(bool(_FEATURE_WORDS & set(plain(name).split())) for name in unknown)
    named = any(word in plain(file) for word in ("radiomic", "feature"))
    if len(unknown) >= _FEWEST_FEATURES and (telling >= _FEWEST_FEATURES or named or len(unknown) > 5 * len(names) / 6):
        return "features"
    return "clinical" if recognised or len(names) > 1 else None


def fractions_of(names: list[str]) -> str | None:
    """The packaged lineage map that names most of the columns, if one does."""
    for packaged in PACKAGED_LINEAGES:
        states = {plain(state) for state in lineage_map(packaged).lineage}
        found = sum(plain(name) in states for name in names)
        if found >= _FEWEST_FEATURES and found > _MOSTLY * min(len(names), len(states)):
            return packaged
    return None


def has_groups(table: pd.DataFrame) -> bool:
    """Whether a table of populations has groups as the platform knows them."""
    groups = next(table[name] for name in table.columns if plain(str(name)) == "group").dropna()
    return len(groups) > 0 and bool(groups.isin(POPULATION_GROUPS).mean() > _MOSTLY)


def _genes(table: pd.DataFrame, names: list[str]) -> Kind | None:
    """Whether rows or columns are named after genes; a table of few columns maps genes."""
    if len(table) >= LEAST_TO_JUDGE:
        texts = [name for name in names[:5] if not _is_numeric(table[name])]
        if any(share_recognised(table[name].dropna().astype(str)) > _MOSTLY for name in texts):
            samples = sum(_is_numeric(table[name]) for name in names)
            return "expression" if samples > 2 else "genes"
    if len(names) > LEAST_TO_JUDGE and share_recognised(names[1:]) > _MOSTLY:
        return "transposed expression"
    return None


def _is_numeric(column: pd.Series) -> bool:
    filled = column.dropna()
    return len(filled) > 0 and bool(as_numbers(filled).notna().mean() > 0.9)


def _heads(path: Path) -> Iterator[tuple[str | None, pd.DataFrame]]:
    if path.suffix.lower() == ".xlsx":
        sheets = sheet_names(path)
        for sheet in sheets:
            try:
                table = read_sheet(path, sheet)
            except ValueError:  # an empty sheet, or notes
                continue
            yield (sheet if len(sheets) > 1 else None), _named(table)
        return
    if path.suffix.lower() == ".parquet":
        table = read_parquet(path)
        header = pd.DataFrame([list(map(str, table.columns))])
        body = table.head(_ROWS).astype("string").astype("object").set_axis(header.columns, axis=1)
        yield None, _named(pd.concat([header, body], ignore_index=True))
        return
    yield None, _named(_text(path))


def _text(path: Path) -> pd.DataFrame:
    """The first lines of a text table, with its header in the first row."""
    separator = delimiter_of(path)
    with open_bytes(path) as stream:
        lines = list(islice(physical_lines(stream), _ROWS))
    head = read_head(iter(lines), separator)
    names = ["", *head.names] if head.shifted else head.names
    body = b"\n".join(lines[head.last :])
    if not body.strip():
        return pd.DataFrame([names])
    read = pd.read_csv(
        io.BytesIO(body), sep=separator, header=None, names=range(len(names)), index_col=False, dtype="str",
        na_filter=False, on_bad_lines="skip", encoding="utf-8", encoding_errors="replace",
    )  # fmt: skip
    return pd.concat([pd.DataFrame([names]), read], ignore_index=True)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The header taken from the first row; of columns with the same name the first."""
    names = table.iloc[0].fillna("").astype(str).str.strip()
    body = table.iloc[1 : _ROWS + 1].set_axis(names, axis=1)
    body = body.loc[:, ~body.columns.duplicated()]
    return body.apply(clean).reset_index(drop=True)
