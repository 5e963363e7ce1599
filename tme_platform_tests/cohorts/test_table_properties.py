"""Properties of the readers of tables: no row is lost without a word, no coding is half understood."""

import csv
import io
import itertools
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tme_platform.cohorts._lines import SEPARATORS
from tme_platform.cohorts._tables import read_text_table
from tme_platform.cohorts._values import to_canonical
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS

FEW = settings(max_examples=40, derandomize=True, deadline=None)
TEXT = st.text(alphabet=[*'ab5ü ,;\t"', "\n", "\r", "'", "#", "\u2028"], max_size=6)
LINE = st.text(alphabet=[*'ab5 ,;\t"', "'"], max_size=6)
SUFFIXES = {",": ".csv", "\t": ".tsv"}


def tables(cell: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Rows of a table with one to four columns; the first cell of a row is never empty."""
    return st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(cell, min_size=n, max_size=n).map(lambda row: ["x" + row[0], *row[1:]]), max_size=5)
    )


def written(rows: list[list[str]], separator: str, quoting: int, end: str = "\n") -> bytes:
    """The rows with a header, as Python's `csv` writes them."""
    names = [f"c{number}" for number in range(len(rows[0]) if rows else 2)]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=end).writerows([names, *rows])
    return stream.getvalue().encode()


def read(content: bytes, separator: str) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """The raw table and its rejections."""
    rejected = Rejections("c")
    with tempfile.TemporaryDirectory() as folder:
        name = f"t{SUFFIXES[separator]}"
        (Path(folder) / name).write_bytes(content)
        return read_text_table(Path(folder), name, rejected, raw=True), rejected.frame()


SEPARATOR = st.sampled_from(sorted(SUFFIXES))
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])


@FEW
@given(tables(TEXT), SEPARATOR, QUOTING, st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_written_is_read_or_refused(rows: list[list[str]], separator: str, quoting: int, end: str) -> None:
    breaks = any(mark in cell for row in rows for cell in row for mark in "\r\n")
    # `csv` does not quote a break that is not the end of its lines
    table, rejected = read(written(rows, separator, csv.QUOTE_ALL if breaks else quoting, end), separator)
    if table is None:  # line breaks or other separators in cells leave doubt
        assert rejected["rule"].isin(["unclosed_quote", "file_unreadable"]).all()
        return
    assert len(table) == len(rows)
    if not breaks:
        assert table.to_numpy().tolist() == rows


@FEW
@given(tables(LINE), SEPARATOR, QUOTING, st.integers(0), st.booleans())
def test_a_quotation_mark_too_many_or_too_few_loses_no_row(
    rows: list[list[str]], separator: str, quoting: int, where: int, add: bool
) -> None:
    content = written(rows, separator, quoting)
    marks = [at for at, byte in enumerate(content) if byte == ord('"')]
    if add or not marks:
        at = where % (len(content) + 1)
        broken = content[:at] + b'"' + content[at:]
    else:
        at = marks[where % len(marks)]
        broken = content[:at] + content[at + 1 :]
    table, rejected = read(broken, separator)
    assert table is None or len(table) == len(rows)
    assert table is not None or len(rejected) == 1


@FEW
@given(st.binary(max_size=60), SEPARATOR)
def test_any_bytes_are_read_or_refused(content: bytes, separator: str) -> None:
    table, rejected = read(content, separator)
    assert table is not None or len(rejected) == 1


@FEW
@given(tables(st.text(alphabet="abä5", min_size=1, max_size=4)), st.sampled_from(sorted(SEPARATORS)), SEPARATOR)
def test_another_separator_is_named(rows: list[list[str]], separator: str, expected: str) -> None:
    table, rejected = read(written(rows, separator, csv.QUOTE_MINIMAL), expected)
    n_columns = len(rows[0]) if rows else 2
    if separator == expected or n_columns == 1:
        assert table is not None
        assert len(table) == len(rows)
    else:
        assert table is None
        assert f"separated by {SEPARATORS[separator]}" in rejected["message"].item()


@FEW
@given(tables(st.text(alphabet="abä5", min_size=1, max_size=4)), st.sampled_from(["utf-16", "utf-8-sig", "latin-1"]))
def test_an_encoding_is_read_or_named(rows: list[list[str]], encoding: str) -> None:
    content = written(rows, ",", csv.QUOTE_MINIMAL)
    table, rejected = read(content.decode().encode(encoding), ",")
    if encoding == "utf-8-sig" or (encoding == "latin-1" and content.isascii()):
        assert table is not None
        assert table.to_numpy().tolist() == rows
    else:
        assert table is None
        assert rejected["message"].str.contains("UTF-16|Latin-1").all()


CODES = (
    "0",
    "1",
    "2",
    "3",
    "9",
    "0.0",
    "1.0",
    "2.0",
    "-1",
    "true",
    "false",
    "alive",
    "dead",
    "yes",
    "no",
    "f",
    "m",
    "w",
)
CODED = [column for column in CLINICAL_COLUMNS.values() if column.allowed]


@FEW
@given(
    st.sampled_from(CODED),
    st.lists(st.sampled_from(CODES), min_size=2, max_size=3, unique=True),
    st.sets(st.integers(0, 2)),
    st.randoms(use_true_random=False),
)
def test_a_coding_is_read_in_full_or_refused(column, codes, mapped, random) -> None:
    classes = list(column.allowed[:3])
    random.shuffle(classes)
    values = {codes[at]: classes[at % len(classes)] for at in mapped if at < len(codes)}
    rule = ColumnRule(column="x", values=values or None)
    text = pd.Series(codes * 2, index=[f"P{number}" for number in range(2 * len(codes))], dtype="string")
    rejected = Rejections("c")
    read_as = to_canonical(text, column.name, rule, ".", "c.csv", rejected)
    frame = rejected.frame()
    if read_as.notna().all():
        for code, ours in values.items():
            assert set(map(str, read_as[text == code])) == {ours}
    else:
        assert len(frame), "what is missing is stated"
    numbers = [code for code in codes if code not in values and code.lstrip("-").replace(".", "").isdigit()]
    unknown = [code for code in numbers if read_as[text == code].isna().all()]
    assert not unknown or read_as.isna().all(), "codes beside an unknown one are not believed"
    for one, other in itertools.combinations(codes, 2):
        bare = [code for code in (one, other) if code in numbers]
        if len(bare) == 1 and read_as.notna().all() and {one, other} & set(values):
            assert read_as[text == one].iloc[0] != read_as[text == other].iloc[0], "a code that is not mapped collides"
