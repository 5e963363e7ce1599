"""The documentation as a site, in a browser: nothing sideways on a telephone, nothing that axe-core finds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tme_platform_tests.support.pages import REPOSITORY
from tme_platform_tests.support.user_interfaces import chromium, window

NARROW = 390
READ_BY_AXE = ("index.html", "own_cohort.html", "reading_a_model.html")
"""The others are made from the same parts."""
THEME_S_OWN = {"aria-hidden-focus", "landmark-unique"}
"""Of the switch between light and dark, and of the buttons that copy code."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


def test_every_page_fits_a_telephone_and_loads_nothing_from_elsewhere(browser: object, site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    with window(browser) as opened:
        view = opened.page
        view.set_viewport_size({"width": NARROW, "height": 844})
        for page in pages:
            view.goto(page.as_uri())
            width = view.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW, f"{page.name} is {width} pixels wide"
            lost = "[...document.images].filter(i => i.complete && !i.naturalWidth && i.loading != 'lazy').length"
            assert view.evaluate(lost) == 0, page.name
        assert [url for url in opened.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_search_works_from_a_disk(browser: object, site: Path) -> None:
    with window(browser) as opened:
        view = opened.page
        view.goto((site / "index.html").as_uri())
        view.keyboard.press("/")
        view.keyboard.type("rejected_in_review", delay=5)
        found = view.locator(".md-search-result__item").first
        found.wait_for(timeout=20_000)
        assert "Rejected input" in view.locator(".md-search-result__list").inner_text()
        assert [url for url in opened.asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("name", READ_BY_AXE)
def test_axe_finds_nothing(browser: object, site: Path, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with window(browser) as opened:
        opened.page.goto((site / name).as_uri())
        found = [one for one in Axe().run(opened.page).response["violations"] if one["id"] not in THEME_S_OWN]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
