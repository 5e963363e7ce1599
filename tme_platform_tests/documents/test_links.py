"""No page, nor a README, points at a file, a heading or an address that cannot be there."""

import importlib.util
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tme_platform.tables import TABLES
from tme_platform_tests.support.pages import DOCS, PAGES, REPOSITORY, anchors, blocks, links

TEXTS = [*PAGES, REPOSITORY / "README.md", REPOSITORY / "deploy" / "README.md"]


def _name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", TEXTS, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if target.startswith(("http:", "https:")):
            assert "." in urlsplit(target).netloc, target
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target}: no such file"
        assert file.is_relative_to(REPOSITORY), f"{target} leaves the repository"
        assert not anchor or anchor in anchors(file), f"{target}: no such heading"


def test_the_check_of_links_sees_a_dead_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b` heading\n[dead](lost.md) ![picture](p.png)\n```text\n[no](link)\n```\n")
    assert links(page) == ["lost.md", "p.png"]
    assert anchors(page) == {"a-b-heading"}
    with pytest.raises(AssertionError, match=r"lost\.md: no such file"):
        test_links_lead_somewhere(page)


def test_every_page_is_in_the_navigation() -> None:
    settings = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())

    def targets(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        inner = entry.values() if isinstance(entry, dict) else entry
        return [name for part in inner for name in targets(part)]

    assert sorted(targets(settings["nav"])) == sorted(page.relative_to(DOCS).as_posix() for page in PAGES)


@pytest.fixture(scope="module")
def hooks() -> object:
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_catalogue_has_every_table_and_column(hooks: object) -> None:
    text = hooks.catalogue()
    assert hooks.CATALOGUE in (DOCS / "tables.md").read_text()
    for schema in TABLES.values():
        section = text.split(f"### {schema.name}\n")[1].split("\n### ")[0]
        assert schema.description in section
        for column in schema.all_columns:
            assert f"| `{column.name}`" in section
    assert "| `os_days` | float64 | Overall survival or follow-up, days. More than 0. |" in text


def test_the_dictionary_has_every_feature(hooks: object) -> None:
    text = hooks.dictionary()
    assert hooks.DICTIONARY in (DOCS / "features.md").read_text()
    assert text.count("| `") == 14 + 18 + 75
    assert "| `MeshVolume` | mm3 | Volume enclosed by the triangle mesh of the region's surface |" in text
    assert "## ngtdm\n" in text


def test_links_into_the_repository_become_names(hooks: object) -> None:
    page = type("Page", (), {"file": type("File", (), {"src_uri": "developing/new_asset.md"})})
    kept = "[first](../first_hour.md#1-a) [doi](https://doi.org/1) [dead](lost.md)"
    assert hooks.on_page_markdown(f"[tables](../../tme_platform/tables/schema.py) {kept}", page) == (
        f"tables (`tme_platform/tables/schema.py` in the repository) {kept}"
    )


def test_a_page_may_load_nothing_from_elsewhere(hooks: object) -> None:
    from mkdocs.exceptions import PluginError

    page = type("Page", (), {"file": type("File", (), {"src_uri": "index.md"})})
    assert hooks.on_post_page('<script src="assets/a.js"></script><a href="https://x.org">x</a>', page)
    with pytest.raises(PluginError, match=r"index\.md"):
        hooks.on_post_page('<script async src="https://cdn.org/a.js"></script>', page)


def test_yaml_of_pages_can_be_read() -> None:
    for page in TEXTS:
        for text in blocks(page, "yaml"):
            assert yaml.safe_load(text), _name(page)
