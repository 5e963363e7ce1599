"""The structure of the code: no module cycles, no private API, short files. Layers are held by import-linter."""

import re
from itertools import pairwise
from pathlib import Path

import grimp
import pytest

from tme_platform.orchestration import fast_history
from tme_platform_tests.support.pages import REPOSITORY

PACKAGE = REPOSITORY / "tme_platform"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
LARGEST_MEDIAN = 100


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    graph = grimp.build_graph("tme_platform")
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def cycle_of(imports: dict[str, set[str]]) -> list[str]:
    """The modules of one import cycle, in order; none where there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for imported in sorted(imports.get(module, ())):
            if found := visit(imported, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(imports) if (found := visit(module, []))), [])


def test_modules_do_not_import_each_other_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert len(imports) > 200
    assert cycle_of(imports) == []


def test_a_cycle_would_be_found() -> None:
    found = cycle_of({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()})
    assert list(pairwise(found)) == [("b", "c"), ("c", "b")]


def test_private_modules_of_dagster_are_used_in_the_optional_module_only() -> None:
    private = re.compile(r"^\s*(?:from|import) dagster\S*\._", re.M)
    found = {path for path in SOURCES if private.search(path.read_text(encoding="utf-8"))}
    assert found == {Path(fast_history.__file__)}


def test_files_are_short() -> None:
    lines = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES)
    assert lines[-1] <= LONGEST_FILE
    assert lines[len(lines) // 2] < LARGEST_MEDIAN


def test_every_module_says_what_it_does() -> None:
    for path in SOURCES:
        assert path.read_text(encoding="utf-8").startswith('"""'), path
