"""Selections of assets: what expressions name, and that every one shown to a person can be used."""

import re
from collections.abc import Iterator

import dagster as dg
import pytest

from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.selection import SYNTAX, select_assets
from tme_platform.tables import TABLES
from tme_platform_tests.support.pages import PAGES, REPOSITORY

_OPTION = re.compile(r"--select[ =](?:'([^']+)'|\"([^\"]+)\"|([\w:+*]+))")
_EXAMPLE = re.compile(r"'([\w:+ ]+)'")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


def shown() -> Iterator[str]:
    """Every selection in documentation, help and messages."""
    code = (REPOSITORY / "tme_platform").rglob("*.py")
    for path in (*PAGES, REPOSITORY / "README.md", REPOSITORY / "deploy" / "README.md", REPOSITORY / ".ci/run", *code):
        for found in _OPTION.finditer(path.read_text(encoding="utf-8")):
            yield next(filter(None, found.groups()))
    yield from _EXAMPLE.findall(SYNTAX)
    help_text = (
        (REPOSITORY / "tme_platform" / "cli" / "run.py").read_text(encoding="utf-8").split("select: Annotated")[1]
    )
    yield from _EXAMPLE.findall(help_text.split("refresh: Annotated")[0])


def test_every_selection_that_is_shown_can_be_used(definitions: dg.Definitions) -> None:
    selections = set(shown())
    assert len(selections) >= 7
    assert {"cell_scores or signature", "group:s3_phenotypes"} <= selections
    for selection in selections:
        assert select_assets(definitions, selection), selection


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("cell_scores or catalog", "key:cell_scores or key:catalog"),
        (
            "+radiomic_features or +image_regions or catalog",
            "+key:radiomic_features or +key:image_regions or key:catalog",
        ),
        ("cell_scores+", 'key:"cell_scores"+'),
        ("1+signature", "1+key:signature"),
        ("(cell_scores+ and not catalog) or cohorts", "(key:cell_scores+ and not key:catalog) or key:cohorts"),
        ("sinks(group:s3_phenotypes)", 'sinks(group:"s3_phenotypes")'),
        ("key:cell*", 'key:"cell*"'),
    ],
)
def test_a_name_is_short_for_a_key(definitions: dg.Definitions, text: str, same: str) -> None:
    assert select_assets(definitions, text) == select_assets(definitions, same)


def test_what_expressions_select(definitions: dg.Definitions) -> None:
    assert select_assets(definitions, None) == {*TABLES, "catalog"}
    assert select_assets(definitions, "cell_scores or catalog") == {"cell_scores", "catalog"}
    assert {"cohort_files", "expression", "cell_scores"} <= select_assets(definitions, "+signature")
    assert select_assets(definitions, "cell_scores+") > select_assets(definitions, "tme_phenotypes+")
    assert select_assets(definitions, "not catalog") == set(TABLES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cell_score or catalog", "the table 'cell_score', which does not exist; nearest: cell_scores"),
        ("key:nothing or key:catalog", "the table 'nothing'"),
        ("group:s3_phenotype or catalog", "the group 's3_phenotype', which does not exist; nearest: s3_phenotypes"),
        ("cell_scores, catalog", "cannot be read"),
        ("cell_scores catalog", "cannot be read"),
        ("*cell_scores", "cannot be read"),
        ("", "cannot be read"),
        ("key:no*", "names no asset"),
    ],
)
def test_a_selection_that_names_nothing_is_refused_with_the_syntax(
    definitions: dg.Definitions, text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as refused:
        select_assets(definitions, text)
    assert "'cell_scores or signature'" in str(refused.value)
