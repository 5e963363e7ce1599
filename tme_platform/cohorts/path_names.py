"""Names under which landed files are stored outside the landing folder: keyed hashes, unless the cohort file has them.

Folders and files are often named after patients. A name that the operator wrote into `cohort.yaml` stays readable; any
other becomes `f-` and twelve hexadecimal digits of the HMAC-SHA256 of its path in the cohort's folder. It is the same
on every machine that has the key (see `path_key`); without the key, names cannot be tried out.
"""

from __future__ import annotations

import functools
import hmac
import os
import re
from pathlib import Path

from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.folders import COHORT_FILE, MARKERS, landing_path, same_name
from tme_platform.cohorts.reviews import REVIEWS_FILE
from tme_platform.cohorts.sources import every_file

_DIGITS = 12
_STORED = re.compile(r"f-[0-9a-f]{12}(?:\.[a-z.]+)?")
_SUFFIX = re.compile(
    r"(?i)\.(?:(?:nii|csv|tsv|txt)\.gz|(?:seg\.)?nrrd|nii|mh[ad]|dcm|csv|tsv|txt|parquet|md|json|ya?ml)$"
)
"""Only these are kept: any other ending may be part of a name."""
_BEFORE = r"(?<![\w.^-])"
_BEGINS = re.compile(rf"{_BEFORE}.", re.DOTALL)
_GOES_ON = re.compile(r"[\w^-]")
"""A name in a text is a whole one: neither is it the end of another word, nor does the word go on behind it."""


class PathNames:
    """The stored names of the files and folders of one cohort.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cohort
        Its declaration, whose file names stay readable.
    key
        See `path_key`.
    """

    def __init__(self, folder: Path, cohort: Cohort, key: bytes) -> None:
        self.folder = folder
        self._key = key
        self._readable = {same_name(file) for file in (COHORT_FILE, REVIEWS_FILE, *MARKERS, *every_file(cohort))}

    def stored(self, relative: str) -> str:
        """The stored name of a path inside the cohort's folder, which need not exist."""
        plain = same_name(relative)
        return relative if plain in self._readable else self._token(plain)

    def stored_as_written(self, relative: str) -> str:
        """`stored` of a path as the manifest has it, which may take detours (`images/../x`) and links.

        Raises
        ------
        CohortError
            The path leaves the folder.
        """
        return self.stored_path(landing_path(self.folder, relative))

    def stored_path(self, path: Path) -> str:
        """`stored` of a resolved path."""
        return self.stored(path.relative_to(self.folder.resolve()).as_posix())

    def path(self, stored: str) -> Path:
        """Where a stored name lies, resolved; a path that does not exist if nothing in the folder has this name."""
        return landing_path(self.folder, self.relative(stored))

    def relative(self, stored: str) -> str:
        """The path inside the folder that has a stored name; the name itself if nothing has it."""
        return self._by_stored.get(stored, stored) if _STORED.fullmatch(stored) else stored

    def hidden(self, text: str, *paths: Path) -> str:
        """Text with stored names in place of the paths and file names of the folder.

        Parameters
        ----------
        *paths
            Resolved paths that the text is about: their bare names are also replaced, even if they are plain words.
        """
        for path in paths:
            text = _replaced(text, path.name, self.stored_path(path))
        return self._without_names(text)

    def _without_names(self, text: str) -> str:
        """Replace the longest name at each place; what that takes does not grow with the number of files."""
        done, kept = [], 0
        for begin in _BEGINS.finditer(text):
            start = begin.start()
            name = self._name_at(text, start) if start >= kept else ""
            if name:
                done += [text[kept:start], self._in_texts[name]]
                kept = start + len(name)
        return "".join([*done, text[kept:]])

    def _name_at(self, text: str, start: int) -> str:
        for length in self._lengths.get(text[start], ()):
            name = text[start : start + length]
            if name in self._in_texts and not _GOES_ON.match(text, start + length):
                return name
        return ""

    def _token(self, plain: str) -> str:
        digest = hmac.digest(self._key, plain.encode("utf-8", "surrogateescape"), "sha256").hex()
        suffix = _SUFFIX.search(plain)
        return f"f-{digest[:_DIGITS]}{suffix.group().lower() if suffix else ''}"

    @functools.cached_property
    def _entries(self) -> list[str]:
        """Every file and folder below the cohort's folder that is not named in the cohort file."""
        found = []
        for parent, folders, files in os.walk(self.folder):
            below = Path(parent).relative_to(self.folder)
            found += [(below / name).as_posix() for name in (*folders, *files)]
        return [name for name in found if same_name(name) not in self._readable]

    @functools.cached_property
    def _by_stored(self) -> dict[str, str]:
        return {self.stored(name): name for name in self._entries}

    @functools.cached_property
    def _in_texts(self) -> dict[str, str]:
        """What is replaced in texts, with the stored names.

        A folder's bare name may be a patient's pseudonym, which messages name: it is replaced where it can be a name.
        """
        paths = [(name, self.stored(name)) for name in self._entries if "/" in name or _may_be_file(name)]
        bare = [(name.rpartition("/")[2], stored) for name, stored in paths if _may_be_file(name.rpartition("/")[2])]
        readable = {file.rpartition("/")[2] for file in self._readable}
        return {name: stored for name, stored in [*bare, *paths] if name not in readable}

    @functools.cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """The lengths of the names of `_in_texts` by their first character, the longest first."""
        found: dict[str, set[int]] = {}
        for name in self._in_texts:
            found.setdefault(name[0], set()).add(len(name))
        return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


def _may_be_file(name: str) -> bool:
    """Whether a bare name cannot be mistaken for a word or a pseudonym."""
    return "." in name or bool(re.search(r"[\s,^]", name))


def _replaced(text: str, name: str, stored: str) -> str:
    return re.sub(rf"{_BEFORE}{re.escape(name)}(?!{_GOES_ON.pattern})", stored, text)
