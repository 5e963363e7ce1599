"""Patterns of a cohort file: what they find, and that none takes long."""

import re

import pytest

from tme_platform.cohorts.pattern import first_groups, matches_whole, pattern_problem

NAMES = ["TCGA-A1-A0SB-01A", "TCGA-A1-A0SB-11A", "P_07.2", "7", "", "x TCGA-A1-A0SB-01", "é-1"]


@pytest.mark.parametrize(
    "pattern", ["^(TCGA-..-....)-01", "TCGA-..", r"(\d+)$", "(?P<patient>P_[0-9]+)|x", "^([^-]+-[^-]+)", "(?:a|P)_(.)"]
)
def test_the_first_group_is_what_python_finds(pattern):
    found = [re.search(pattern, name) for name in NAMES]
    expected = [None if one is None else one.group(1 if one.re.groups else 0) or None for one in found]
    assert first_groups(pattern, NAMES) == expected
    assert first_groups(pattern, [None]) == [None]


@pytest.mark.parametrize("pattern", ["wavelet.*", "a|ab", "x_(\\d+)"])
def test_the_whole_name_has_to_match(pattern):
    names = ["wavelet_LLH", "awavelet", "ab", "a", "abc", "x_12", "x_1b"]
    assert matches_whole(pattern, names) == [re.fullmatch(pattern, name) is not None for name in names]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*$", "(.*)*x$"])
def test_no_pattern_takes_long(pattern):
    assert first_groups(pattern, ["a" * 5000 + "b"]) in ([None], ["a" * 5000])


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!x)a", "(a", "a)(b", r"(a)\1", "(a{1000}){1000}", "[z"])
def test_what_cannot_be_used_is_named(pattern):
    problem = pattern_problem(pattern)
    assert problem is not None
    assert "is not a valid regular expression" in problem
    assert ("look-around" in problem) == pattern.startswith(("(?=", "(?<"))
