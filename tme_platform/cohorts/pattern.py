"""Regular expressions from a cohort file, whose time grows only with the length of the text.

Python's own engine can be made to take for ever by `^(a+)+$`; RE2 cannot. All patterns that come from a file are used
through this module. RE2 has no look-around and no references to groups, and its digits and letters are those of ASCII.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern cannot be used; None if it can."""
    try:
        _compiled(pattern)
    except ValueError as error:
        reason = str(error).removeprefix("Invalid regular expression: ").partition("\n")[0]
        if "(?=" in pattern or "(?!" in pattern or "(?<=" in pattern or "(?<!" in pattern:
            reason = "look-around is not supported. Describe the whole name and put the patient into the first group"
        return f"{pattern!r} is not a valid regular expression: {reason}"
    return None


def first_groups(pattern: str, texts: Sequence[str | None]) -> list[str | None]:
    """What the first group of a pattern finds in each text, or the whole pattern if it has no group.

    Parameters
    ----------
    pattern
        A pattern without a `pattern_problem`.
    texts
        Texts; missing ones give None.

    Returns
    -------
    list
        None where the pattern, or its first group, finds nothing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole, group = _compiled(pattern)
    array = pa.array(texts, pa.string())
    found = pc.match_substring_regex(array, whole)
    taken = pc.replace_substring_regex(array, whole, group, max_replacements=1)
    return [text or None if hit else None for hit, text in zip(found.to_pylist(), taken.to_pylist(), strict=True)]


def matches_whole(pattern: str, texts: Sequence[str]) -> list[bool]:
    """Whether a pattern matches each text from its first to its last character."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: pa.BooleanArray = pc.match_substring_regex(pa.array(texts, pa.string()), rf"\A(?:{pattern})\z")
    return [bool(hit) for hit in found.to_pylist()]


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> tuple[str, str]:
    """A pattern that matches the whole text around the first find, and the group to replace the text with."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sample = pa.array([""], pa.string())
    pc.match_substring_regex(sample, pattern)
    whole = rf"(?s:\A.*?)(?:({pattern}))(?s:.*)\z"
    pc.match_substring_regex(sample, whole)
    for group in (r"\2", r"\1"):
        try:
            pc.replace_substring_regex(sample, whole, group, max_replacements=1)
        except pa.ArrowInvalid:
            continue
        return whole, group
    raise ValueError("it has groups that cannot be used")
