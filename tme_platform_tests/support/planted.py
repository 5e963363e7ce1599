"""Looks through everything a lake's folder holds for the person planted in the DICOM files of the tests."""

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from tme_platform_tests.support.dicom_files import PLANTED
from tme_platform_tests.support.imaging_cohort import UID

SECRETS = sorted({*PLANTED.values(), "Quincy", "Elsewhere", "Jane Doe", UID})


def texts(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what is packed in them."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        yield pq.read_table(path).to_pandas().to_csv().encode()
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)


def found_in(folder: Path, words: list[str]) -> set[tuple[str, str]]:
    """Which of the words stand in which files."""
    pattern = re.compile(b"|".join(re.escape(word.encode()) for word in words))
    return {
        (path.relative_to(folder).as_posix(), hit.group().decode())
        for path in folder.rglob("*")
        if path.is_file()
        for text in texts(path)
        for hit in pattern.finditer(text)
    }
