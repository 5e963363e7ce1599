"""Compare the patients that the tables of a cohort name, and find why two tables do not meet.

Which patients a table names is in `patient_names`; whether a small overlap stops a run is decided in `steps`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tme_platform.cohorts.cells import cell, cells_are_shown
from tme_platform.counted import counted

MIN_SHARED = 0.1
"""Share of the smaller table below which two tables count as not meeting."""
FEW_SHARED = 0.5
"""Share of the smaller table below which an overlap deserves a second look."""
_MOST = 0.5
"""Share of the smaller table that a rewriting has to bring together to be proposed."""

_LONGEST = 60
"""Longest name that a message shows."""

_SEPARATORS = re.compile(r"[\W_]+")
_TCGA_PARTS = 3
"""Parts of a TCGA barcode that name the patient."""
_SEVERAL = 2

Rewrite = Callable[[str], str]


@dataclass(frozen=True)
class Overlap:
    """The patients that two tables have in common.

    Attributes
    ----------
    first, second
        How messages name the tables.
    n_first, n_second, n_both
        Patients of each, and of both.
    cause
        Why they do not meet, with the rewriting that would bring them together; empty if none was found.
    n_rewritten
        Patients in both after that rewriting.
    """

    first: str
    second: str
    n_first: int
    n_second: int
    n_both: int
    cause: str = ""
    n_rewritten: int = 0

    @property
    def share(self) -> float:
        """Share of the smaller table's patients that the other table has; 1 if one of them is empty."""
        smaller = min(self.n_first, self.n_second)
        return self.n_both / smaller if smaller else 1.0

    @property
    def sentence(self) -> str:
        """What was counted, the likely cause and what to do."""
        smaller = min(self.n_first, self.n_second)
        both = f"{self.n_both:,} of {counted(smaller, 'patient')}" if self.n_both else "no patient"
        first = f"{self.first} ({counted(self.n_first, 'patient')})"
        said = f"{first} and {self.second} ({self.n_second:,}) have {both} in common."
        return f"{said} {self.cause or 'Correct the names in one of them, or the column that names the patient.'}"


def table_overlaps(tables: Mapping[str, Collection[str]]) -> list[Overlap]:
    """Compare the patients of all pairs of tables; tables without patients are left out.

    Parameters
    ----------
    tables
        Patients by table; the name of a table is used in messages.
    """
    named = {name: set(patients) for name, patients in tables.items()}
    pairs = combinations([name for name, patients in named.items() if patients], 2)
    return [compare_patients(first, named[first], second, named[second]) for first, second in pairs]


def compare_patients(first: str, ours: Collection[str], second: str, theirs: Collection[str]) -> Overlap:
    """Compare the patients of two tables; where they hardly meet, look for a rewriting under which they do.

    Rewritings are tried from the plainest: form of Unicode, spaces, case, dots and dashes, leading zeros, parts of a
    barcode, a common prefix, a running number. One that would merge patients of a table is not proposed, except that
    samples of a barcode may belong to one patient.
    """
    a, b = set(ours), set(theirs)
    both = len(a & b)
    found = Overlap(first, second, len(a), len(b), both)
    if found.share >= FEW_SHARED:
        return found
    smaller = min(len(a), len(b))
    best, cause = both, ""
    for rewriting in _rewritings(first, a, second, b):
        met = len({rewriting.of_first(name) for name in a} & {rewriting.of_second(name) for name in b})
        if met > best and met >= _MOST * smaller and rewriting.keeps_apart(a, b):
            best, cause = met, rewriting.sentence(met, smaller, _examples(rewriting, a, b))
    return Overlap(first, second, len(a), len(b), both, cause, best if cause else both)


@dataclass(frozen=True)
class _Rewriting:
    """A way to write the names of two tables under which they may meet."""

    what: str
    advice: str
    of_first: Rewrite
    of_second: Rewrite
    merges: bool = False

    def keeps_apart(self, a: set[str], b: set[str]) -> bool:
        """Whether different names stay different."""
        return self.merges or all(
            len({rewrite(name) for name in names}) == len(names)
            for rewrite, names in ((self.of_first, a), (self.of_second, b))
        )

    def sentence(self, met: int, smaller: int, examples: tuple[str, str]) -> str:
        such = f" such as {' and '.join(map(repr, examples))}" if cells_are_shown() else ""
        return f"Names{such} differ in {self.what}; {self.advice} {met:,} of {smaller:,} would meet then."


def _examples(rewriting: _Rewriting, a: set[str], b: set[str]) -> tuple[str, str]:
    """The first pair of names that the rewriting brings together; escaped where they look the same."""
    theirs = {rewriting.of_second(name): name for name in sorted(b, reverse=True)}
    pairs = ((name, theirs[key]) for name in sorted(a) if (key := rewriting.of_first(name)) in theirs)
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    if _nfc(one) == _nfc(other):
        one, other = ascii(one)[1:-1], ascii(other)[1:-1]
    return _limited(one), _limited(other)


def _limited(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def _rewritings(first: str, a: set[str], second: str, b: set[str]) -> Sequence[_Rewriting]:
    same = "write them the same way in both files."
    plain = [
        _both("their Unicode form (NFC and NFD)", "save both files in one form.", _nfc),
        _both("spaces", "remove the spaces in one of the files.", lambda name: "".join(_nfc(name).split())),
        _both("case", same, lambda name: _nfc(name).casefold()),
        _both("dots, dashes or spaces", same, _without_separators),
        _both("case and in dots, dashes or spaces", same, lambda name: _without_separators(name).casefold()),
        _both("leading zeros or a decimal point (`1`, `001`, `1.0`)", f"keep the column as text, and {same}", _number),
    ]
    return [*plain, *_barcodes(first, a, second, b), *_prefixes(first, a, second, b), *_running_numbers()]


def _both(what: str, advice: str, rewrite: Rewrite) -> _Rewriting:
    return _Rewriting(what, advice, rewrite, rewrite)


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _without_separators(name: str) -> str:
    return _SEPARATORS.sub("-", _nfc(name)).strip("-")


def _number(name: str) -> str:
    """Whole numbers without `.0`, and every run of digits without leading zeros."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"^(\d+)\.0+$", r"\1", name))


def _barcodes(first: str, a: set[str], second: str, b: set[str]) -> list[_Rewriting]:
    """The longer names cut to the shorter ones: `TCGA-A1-A0SB-01A` belongs to `TCGA-A1-A0SB`."""
    found = []
    for shorter, longer, table, cut_first in ((b, a, first, True), (a, b, second, False)):
        pattern = _pattern(shorter, longer)
        if pattern is None:
            continue
        exact = _cut(re.compile(pattern))
        loose = _loosely(exact)
        advice, further = _where_patterns_go(table, pattern), " Write dots and dashes the same way as well."
        found += [
            _barcode(advice, exact, _unchanged, cut_first),
            _barcode(advice + further, loose, _without_separators, cut_first),
        ]
    return found


def _barcode(advice: str, cut: Rewrite, plain: Rewrite, cut_first: bool) -> _Rewriting:
    first, second = (cut, plain) if cut_first else (plain, cut)
    return _Rewriting("the length of the barcode", advice, first, second, merges=True)


def _unchanged(name: str) -> str:
    return name


def _loosely(cut: Rewrite) -> Rewrite:
    return lambda name: _without_separators(cut(name))


def _pattern(shorter: set[str], longer: set[str]) -> str | None:
    """A pattern whose first group takes as many parts of the longer names as the shorter ones have."""
    lengths = {len(_SEPARATORS.split(name)) for name in shorter}
    if len(lengths) != 1 or not longer:
        return None
    parts = lengths.pop()
    separators = _SEPARATORS.findall(min(longer))
    if len(separators) < parts or any(len(_SEPARATORS.split(name)) <= parts for name in longer):
        return None
    separator = re.sub(r"\\([-_ ])", r"\1", re.escape(separators[0]))
    if parts == _TCGA_PARTS and all(re.match(r"TCGA\W..\W....\W", name) for name in longer):
        return f"^(TCGA{separator}..{separator}....)"
    return f"^({separator.join([f'[^{separator}]+'] * parts)})"


def _cut(pattern: re.Pattern[str]) -> Rewrite:
    def rewrite(name: str) -> str:
        found = pattern.match(name)
        return found.group(1) if found else name

    return rewrite


def _where_patterns_go(table: str, pattern: str) -> str:
    if table == "expression":
        return f"write `patient_pattern: '{pattern}'` under `expression` in cohort.yaml."
    if table.startswith("clinical"):
        return f"write `pattern: '{pattern}'` under `patient_id` of that table in cohort.yaml."
    return f"cut the names in {table} to `{pattern}`."


def _prefixes(first: str, a: set[str], second: str, b: set[str]) -> list[_Rewriting]:
    """Names of one table without the beginning or end that all of them have and the others lack."""
    found = []
    for names, others, table, is_first in ((a, b, first, True), (b, a, second, False)):
        if len(names) < _SEVERAL:
            continue
        begin = re.sub(r"\d+$", "", _common_start(names))
        end = re.sub(r"^\d+", "", _common_start({name[::-1] for name in names})[::-1])
        for text, trim, where in (
            (begin, str.removeprefix, "begin with"),
            (re.sub(r"[^\W_]+$", "", begin), str.removeprefix, "begin with"),
            (end, str.removesuffix, "end with"),
        ):
            if not text or any(trim(name, text) != name for name in others):
                continue
            trimmed = _trimmer(trim, text)
            of_first, of_second = (trimmed, _number) if is_first else (_number, trimmed)
            what = f"that those of {table} {where} {cell(text)}"
            found.append(_Rewriting(what, "remove it, or add it to the others.", of_first, of_second))
    return found


def _common_start(names: set[str]) -> str:
    """What all names begin with."""
    low, high = min(names), max(names)
    length = next((i for i, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    return low[:length]


def _trimmer(trim: Callable[[str, str], str], text: str) -> Rewrite:
    return lambda name: _number(trim(name, text))


def _running_numbers() -> list[_Rewriting]:
    """Only the number at the end of a name: `Patient_7`, `P007` and `7`."""

    def rewrite(name: str) -> str:
        found = re.fullmatch(r"\D*?0*(\d+)(?:\.0+)?", name)
        return found.group(1) if found else name

    advice = "if the numbers mean the same patients, write them the same way in both files."
    return [_both("what precedes the number", advice, rewrite)]
