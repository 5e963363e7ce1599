"""The page about rejected input: its tests and rules exist, and what was made to do harm is all on it."""

import re

import pytest

from tme_platform_tests.support.pages import DOCS, REPOSITORY

PAGE = DOCS / "rejected_input.md"
SUITE = REPOSITORY / "tme_platform_tests"
HARMFUL = SUITE / "cohorts" / "test_rejected_input.py"
KINDS = (
    "Paths and archives",
    "Geometry",
    "Frames and slices",
    "Columns and rows",
    "Codings",
    "Parsing",
    "Nothing read",
    "The same data twice",
    "Lakes that were moved",
    "Check and run",
    "Cohorts that meet",
)
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.M)
_NAMED = re.compile(r"`(?:([\w/]+\.py)::)?(test_\w+)`")
_RULE = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`")


def rows(text: str) -> list[tuple[str, str, str]]:
    """Input, result and test of each row of the tables with these three columns."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    return [(a.strip(), b, c.strip()) for a, b, c in (row for row in cells if len(row) == 3) if "test_" in c]


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    parts = re.split(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def suite() -> dict[str, set[str]]:
    """Tests by file."""
    files = SUITE.rglob("test_*.py")
    return {path.relative_to(SUITE).as_posix(): set(_TEST.findall(path.read_text(encoding="utf-8"))) for path in files}


def test_every_kind_has_a_section_with_rows(sections: dict[str, str]) -> None:
    assert [name for name in sections if name in KINDS] == list(KINDS)
    assert [name for name in KINDS if not rows(sections[name])] == []


def test_every_test_that_is_named_exists(suite: dict[str, set[str]]) -> None:
    every = set().union(*suite.values())
    for case, _, cell in rows(PAGE.read_text(encoding="utf-8")):
        named = _NAMED.findall(cell)
        assert named, case
        for file, test in named:
            assert test in (suite[file] if file else every), f"{case}: {test}"


def test_every_rule_that_is_named_is_one() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tme_platform").rglob("*.py"))
    for case, result, _ in rows(PAGE.read_text(encoding="utf-8")):
        for rule in _RULE.findall(result):
            kind, _, rest = rule.partition("_")  # rules of images and masks share their code: `{kind}_unreadable`
            assert rule in code or (kind in ("image", "mask") and f"{{kind}}_{rest}" in code), f"{case}: {rule}"


def test_all_that_was_made_to_do_harm_is_on_the_page(sections: dict[str, str]) -> None:
    named = {test for _, test in _NAMED.findall("\n".join(sections[kind] for kind in KINDS))}
    assert set(_TEST.findall(HARMFUL.read_text(encoding="utf-8"))) - named == set()


def test_a_test_that_does_not_exist_is_seen(suite: dict[str, set[str]]) -> None:
    ((case, result, cell),) = rows(
        "| input | result | test |\n| --- | --- | --- |\n| a | b: `c_d` | `test_nowhere` |\n"
    )
    assert (case, _RULE.findall(result), _NAMED.findall(cell)) == ("a", ["c_d"], [("", "test_nowhere")])
    assert "test_nowhere" not in set().union(*suite.values())
