"""The report of the small study: the page as a browser and a screen reader meet it, and the folder for a manuscript."""

import base64
import gzip
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from PIL import Image

from tme_platform.figures import Drawn, draw
from tme_platform.lake import query
from tme_platform.lake.tables import CLUSTER_EVIDENCE, COHORT_METRICS, STUDY_REPORT, SURVIVAL_CURVES
from tme_platform.orchestration.pictures import figure_metadata
from tme_platform.orchestration.study_facts import study_facts
from tme_platform.report import StudyReport, make_report, page_path, render_page, write_folder
from tme_platform_tests.orchestration.conftest import Platform, open_platform

DRAWN = ("cluster_votes", "kaplan_meier", "roc", "cohort_flow")
"""Figures that are drawn here; that each of them can be drawn is tested where figures are."""
MADE = (
    "+key:cohort_metrics or +key:survival_curves or key:roc_curves or +key:cluster_evidence or key:cohorts "
    "or key:study_report"
)
"""Of the other tables the report must do without."""
WIDTHS = (1280, 390)
A4_WIDTH, A4_HEIGHT = 687, 1001
"""What the margins of the printed page leave, at 96 dots per inch."""


class Page(HTMLParser):
    """Elements of a page with their attributes, and the headings with their level."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.levels: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A study of which a part was made: less than `finished`, of which a second one would cost more."""
    opened = open_platform(tmp_path_factory.mktemp("report"), patients=30, imaged=0)
    outcome, _ = opened.run(select=MADE)
    assert outcome.success
    return opened


@pytest.fixture(scope="module")
def made(platform: Platform) -> StudyReport:
    """The report with some of its figures."""
    scope = platform.workspace.scope(STUDY_REPORT, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tme_platform.report.pictures.draw", _only_some)
        return make_report(study_facts(scope))


def _only_some(name: str, *args: object, **options: object) -> Drawn:
    return draw(name, *args, **options) if name in DRAWN else Drawn(None, pd.DataFrame())


@pytest.fixture(scope="module")
def text(made: StudyReport) -> str:
    return render_page(made)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_link_and_picture_resolves_inside_the_page(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(attributes["href"]) for attributes in page.all("a")]
    assert len(links) > 50
    for link in links:
        inside = link[1:] in ids if link.startswith("#") else link.startswith("data:")
        assert inside or re.fullmatch(r"https://doi\.org/10\.\d{4,}/[\w./()-]+", link), link[:80]
    pictures = page.all("img")
    assert len(pictures) >= len(DRAWN)
    for picture in pictures:
        png = base64.b64decode(str(picture["src"]).removeprefix("data:image/png;base64,"))
        assert Image.open(io.BytesIO(png)).size == (int(str(picture["width"])), int(str(picture["height"])))
        assert len(str(picture["alt"])) > 40
    assert not page.all("script")
    assert {attributes["href"] for attributes in page.all("link")} == {"data:,"}


def test_data_of_figures_and_tables_are_in_the_page(page: Page, made: StudyReport) -> None:
    files = {str(link["download"]): str(link["href"]) for link in page.all("a") if "download" in link}
    for part in made.parts:
        for picture in part.pictures:
            name = next(name for name in files if name.split(".csv")[0] == picture.key)
            content = base64.b64decode(files[name].partition("base64,")[2])
            plain = gzip.decompress(content) if name.endswith(".gz") else content
            rows = pd.read_csv(io.BytesIO(plain))
            assert len(rows) == len(picture.drawn.data)
            assert set(rows["provenance"]) == {"simulated"}


def test_limits_come_first_and_sections_in_the_order_of_the_study(page: Page, text: str) -> None:
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == [
        "limits", "glance", "cohorts", "phenotypes", "meaning", "survival", "genes", "images", "agreement", "signature",
        "evaluation", "correlation", "rejected", "checklists", "made-from",
    ]  # fmt: skip
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert "No cohort has expression of both phenotypes." in text, "the genes were not compared"
    assert all(after - before <= 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert text.index('class="skip"') < text.index("<main")


def test_simulated_data_are_called_so(text: str, made: StudyReport) -> None:
    assert "Every cohort of this study is simulated" in text
    assert "simulated" in made.limits[0]
    rows = re.findall(
        r"<tr( class=\"simulated\")?><th scope=\"row\">", text.split('id="cohorts-table-1"')[1].split("</table>")[0]
    )
    assert len(rows) == len(made.facts.cohorts)
    assert all(rows)
    numbers = text.split('id="signature-numbers"')[1].split("</table>")[0]
    assert "AUC out of fold" in numbers
    assert '<tr><th scope="row">' not in numbers, "numbers of no single cohort, too"


def test_a_number_on_the_page_is_the_number_in_its_table(made: StudyReport, text: str, platform: Platform) -> None:
    lake = platform.workspace.lake
    auc = lake.read(COHORT_METRICS, "mri").query("metric == 'auc' and analysis == 'honest' and side == 'validation'")
    row = auc.iloc[0]
    shown = f"{row['value']:.3f} (95 % CI {row['ci_low']:.3f} to {row['ci_high']:.3f})"
    assert shown in text
    stored = query(
        platform.workspace.state,
        "select * from study_report where number = 'evaluation.mri.validation.hot.honest.auc'",
    )
    assert stored["value"].tolist() == [row["value"]]
    assert stored["n"].tolist() == [row["n"]]
    assert len(lake.read(STUDY_REPORT)) == len(made.numbers)


def test_the_asset_writes_the_page_and_links_to_it(platform: Platform) -> None:
    workspace, instance = platform.workspace, platform.instance
    written = page_path(workspace.state, workspace.study.name)
    assert written.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert str(workspace.lake_root) not in written.read_text(encoding="utf-8"), "no path of this machine"
    for asset in ("tme_phenotypes", "cohort_metrics", "study_report"):
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        metadata = event.asset_materialization.metadata
        assert metadata["report"].value == str(written)
        assert ("models" in metadata) == (asset == "cohort_metrics")


def test_the_same_tables_give_the_same_page_without_a_look_at_the_clock(made: StudyReport, text: str) -> None:
    assert render_page(made) == text


def test_an_asset_carries_its_figure(platform: Platform) -> None:
    workspace = platform.workspace
    drawing = workspace.study.model_copy(update={"report": workspace.study.report.model_copy(update={"figures": True})})
    scope = workspace.scope(CLUSTER_EVIDENCE, "reference")
    assert figure_metadata(scope) == {}, "the small study asks for none"
    scope.study = drawing
    found = figure_metadata(scope)
    assert list(found) == ["figure_cluster_votes"]
    assert found["figure_cluster_votes"].value.startswith("![Number of clusters](data:image/png;base64,")
    assert len(found["figure_cluster_votes"].value) < 100_000


def test_a_figure_that_cannot_be_drawn_costs_no_table(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("tme_platform.orchestration.pictures.draw", broken)
    workspace = platform.workspace
    scope = workspace.scope(SURVIVAL_CURVES, "reference")
    scope.study = workspace.study.model_copy(
        update={"report": workspace.study.report.model_copy(update={"figures": True})}
    )
    assert figure_metadata(scope) == {}
    assert "the figure kaplan_meier of reference could not be drawn: no ink" in caplog.text


def test_the_folder_for_a_manuscript(made: StudyReport, tmp_path: Path) -> None:
    phenotypes = next(part for part in made.parts if part.section.key == "phenotypes")
    one = [replace(phenotypes, pictures=phenotypes.pictures[:1])]
    small = StudyReport(made.facts, made.numbers, made.limits, one, made.checklists)
    files = write_folder(small, tmp_path)
    names = {file.relative_to(tmp_path).as_posix() for file in files}
    figure = "figures/cluster_votes-reference"
    assert {f"{figure}.pdf", f"{figure}.svg", f"{figure}.png", f"{figure}.csv"} <= names
    assert {"tables/numbers.csv", "checklists/clear.csv", "small.html"} <= names
    assert all(file.stat().st_size for file in files)
    before = {file: file.stat().st_mtime_ns for file in files}
    write_folder(small, tmp_path)
    assert {file: file.stat().st_mtime_ns for file in files} == before, "nothing changed, so nothing is written"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A Chromium of this machine."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


def test_in_a_browser(browser: object, text: str, tmp_path: Path) -> None:
    """No console error, every picture loaded, nothing sideways, nothing that axe-core finds; wide and narrow."""
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    view = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(file.as_uri())
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.className") == "skip"
    assert view.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    view.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for width in WIDTHS:
        view.set_viewport_size({"width": width, "height": 900})
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length") == 0
    assert view.locator("#cohorts-numbers td").first.evaluate("e => getComputedStyle(e, '::before').content") != "none"
    view.emulate_media(media="print")
    view.set_viewport_size({"width": A4_WIDTH, "height": A4_HEIGHT})
    assert view.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH, "nothing is cut at the right"
    heights = view.evaluate("[...document.querySelectorAll('figure')].map(f => f.getBoundingClientRect().height)")
    assert max(heights) < A4_HEIGHT, "a figure and its caption fit on one page"
    assert not view.locator("nav").is_visible()
    view.emulate_media(media="screen")
    found = Axe().run(view).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    view.close()
