"""What people see of the small study: the report as a browser and a screen reader meet it, Dagster and MLflow."""

import base64
import gzip
import html
import io
import json
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
from tme_platform.lake import ask
from tme_platform.orchestration.pictures import figure_metadata
from tme_platform.report import StudyReport, make_report, page_path, remembered_figures, render_page, write_folder
from tme_platform.report.remembered import Remembered
from tme_platform.report.verdicts import title, verdicts
from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.study_facts import study_facts
from tme_platform.tables import TABLES, Stage
from tme_platform.tables.evaluation import COHORT_METRICS
from tme_platform.tables.phenotypes import CLUSTER_EVIDENCE
from tme_platform.tables.report import STUDY_REPORT
from tme_platform.tables.signature import SIGNATURE
from tme_platform.tables.survival import SURVIVAL_CURVES, SURVIVAL_TESTS
from tme_platform.tracking.place import local_uri
from tme_platform_tests.support.platform import Platform
from tme_platform_tests.support.small_study import make_study
from tme_platform_tests.support.user_interfaces import chromium, dagster_ui, mlflow_ui, window

DRAWN = ("auc_evidence", "cluster_votes", "kaplan_meier", "roc", "cohort_flow")
"""Figures that are drawn here; that each of them can be drawn is tested where figures are."""
MADE = (
    "+key:cohort_metrics or +key:survival_curves or key:roc_curves or +key:cluster_evidence or key:cohorts "
    "or key:study_report"
)
"""Of the other tables the report must do without."""
WIDTHS = (1280, 390)
QUIET = {"telemetry": {"enabled": False}}
"""As the platform sets Dagster up: otherwise its page loads a script from elsewhere."""
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
    root = tmp_path_factory.mktemp("report")
    workspace = make_study(root, patients=30, imaged=0)
    study = Path(workspace.study_name)
    study.write_text(study.read_text().replace("figures: false", "figures: true"))
    opened = Platform(workspace, dg.DagsterInstance.local_temp(str(root), QUIET))
    with pytest.MonkeyPatch.context() as patch:
        for module in ("report", "orchestration"):
            patch.setattr(f"tme_platform.{module}.pictures.draw", _only_some)
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
        for picture, _ in part.pictures:
            name = next(name for name in files if name.split(".csv")[0] == picture.key)
            content = base64.b64decode(files[name].partition("base64,")[2])
            plain = gzip.decompress(content) if name.endswith(".gz") else content
            rows = pd.read_csv(io.BytesIO(plain))
            assert len(rows) == len(picture.drawn.data)
            assert set(rows["provenance"]) == {"simulated"}


def test_only_figures_whose_rows_changed_are_drawn_again(
    platform: Platform, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = platform.workspace
    facts = study_facts(workspace.scope(STUDY_REPORT, None))
    remembered = Remembered(tmp_path / "figures")
    shutil.copytree(remembered_figures(workspace.state, workspace.study.name).folder, remembered.folder)
    drawn: set[str] = set()

    def noted(name: str, *args: object, **options: object) -> Drawn:
        found = _only_some(name, *args, **options)
        if not found.is_empty:  # an empty figure is not in the page, and not remembered
            drawn.update({name} & set(DRAWN))
        return found

    monkeypatch.setattr("tme_platform.report.pictures.draw", noted)
    assert render_page(make_report(facts, remembered=remembered)) == text
    assert not drawn
    fewer = {**facts.tables, "roc_curves": facts.tables["roc_curves"].iloc[:-1]}
    make_report(replace(facts, tables=fewer), remembered=remembered)
    assert drawn == {"roc"}
    drawn.clear()
    (remembered.folder / "cohort_flow.json").write_text("half a fi")
    assert render_page(make_report(facts, remembered=remembered)) == text
    assert drawn == {"roc", "cohort_flow"}


def test_the_answer_comes_first_and_sections_in_the_order_of_the_study(page: Page, text: str) -> None:
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == [
        "answer", "limits", "findings", "published", "cohorts", "phenotypes", "specifications", "meaning", "survival",
        "response", "genes", "images", "agreement", "signature", "evaluation", "correlation", "rejected", "checklists",
        "provenance",
    ]  # fmt: skip
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert "No cohort has expression data for both phenotypes." in text, "the genes were not compared"
    assert all(after - before <= 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert text.index('class="skip"') < text.index("<main")


def test_the_first_screen_has_the_result_verdicts_and_one_figure(text: str, made: StudyReport) -> None:
    """Before anything else: what was found, how sure that is, and its limit; other limits are folded."""
    first = text.split('id="answer"')[1].split("</section>")[0]
    plain = html.unescape(re.sub("<[^>]+>", "", first)).replace("\xa0%", " %")
    cards = verdicts(made.facts, made.findings)
    assert first.count('<article class="verdict') == len(cards) == 5
    for card in cards:
        assert all(part in plain for part in (card.words, card.value, card.interval, card.counted, card.limit))
    assert {"MRI", "Phenotype", "Survival", "Treatment"} <= {card.label for card in cards}
    assert f"<h1>{html.escape(title(made.findings))}</h1>" in text.replace("\xa0%", " %")
    assert first.count("<figure") == 1
    assert 'id="figure-auc_evidence"' in first
    assert re.search(r'<section id="limits"[^>]*>\s*<details>', text), "folded"


def test_one_auc_answers_the_question_about_mri(made: StudyReport, text: str) -> None:
    """The card, the figure, the finding and the numbers show the same estimate, with the same digits."""
    auc = f"{made.facts.signature['oof_auc']:.2f}"
    card = next(card for card in verdicts(made.facts, made.findings) if card.label == "MRI")
    assert card.value == auc
    assert made.lead is not None
    drawn = made.lead[0].drawn.data
    assert f"{drawn.iloc[0]['value']:.2f}" == auc
    numbers = text.split('id="signature-numbers"')[1].split("</table>")[0]
    honest = [row for row in numbers.split("<tr") if "out-of-fold AUC" in row]
    assert len(honest) == 1, "stated once"
    assert f">{auc} (95 % CI" in honest[0]


def test_cohorts_have_their_titles_and_settings_are_words(made: StudyReport, text: str) -> None:
    cohorts = text.split('id="cohorts-numbers"')[1].split("</table>")[0]
    for cohort in made.facts.cohorts:
        assert html.escape(made.facts.named(cohort)) in cohorts
    tables = "".join(re.findall("<table.*?</table>", text, re.S))
    assert "{&#34;" not in tables, "no JSON"
    assert "{&#34;" not in text.split('id="settings"')[1].split("</details>")[0]


def test_a_finding_has_its_answer_numbers_and_limits_side_by_side(made: StudyReport, text: str) -> None:
    shown = text.split('id="findings"')[1].split("</section>")[0].split('<div class="finding">')[1:]
    assert len(shown) == len(made.findings)
    for finding, part in zip(made.findings, shown, strict=True):
        plain = html.unescape(re.sub("<[^>]+>", "", part)).replace("\xa0%", " %")
        assert f"Answer: {finding.answer}" in plain
        assert finding.question in plain
        assert all(sentence in plain for sentence in finding.sentences)
        assert all(f'href="#{limit.section}">{limit.text}' in html.unescape(part) for limit in finding.limits)
    assert any(finding.limits for finding in made.findings)


def test_terms_are_explained_where_they_first_occur(page: Page) -> None:
    terms = [attributes for attributes in page.all("a") if attributes.get("class") == "term"]
    assert "#term-auc" in {attributes["href"] for attributes in terms}
    assert len({attributes["href"] for attributes in terms}) == len(terms), "once"
    assert all(len(str(attributes["title"])) > 30 for attributes in terms)


def test_a_published_value_is_not_called_ours(text: str) -> None:
    compared = text.split('id="published-values"')[1].split("</table>")[0]
    headings = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', compared)
    assert {"our reading", "published (Han et al. 2024)"} <= set(headings)
    assert "need not be the same measure" in text


def test_simulated_data_are_called_so(text: str, made: StudyReport) -> None:
    assert "Every cohort of this study is simulated" in text
    assert "simulated" in made.limits[0]
    rows = re.findall(
        r"<tr( class=\"simulated\")?><th scope=\"row\">", text.split('id="cohorts-table-1"')[1].split("</table>")[0]
    )
    assert len(rows) == len(made.facts.cohorts)
    assert all(rows)
    numbers = text.split('id="signature-numbers"')[1].split("</table>")[0]
    assert "out-of-fold AUC" in numbers
    assert '<tr><th scope="row">' not in numbers, "numbers of no single cohort, too"


def test_a_number_on_the_page_is_the_number_in_its_table(made: StudyReport, text: str, platform: Platform) -> None:
    lake = platform.workspace.lake
    auc = lake.read(COHORT_METRICS, "mri").query("metric == 'auc' and analysis == 'honest' and side == 'validation'")
    row = auc.iloc[0]
    shown = f"{row['value']:.2f} (95 % CI {row['ci_low']:.2f} to {row['ci_high']:.2f})"
    assert shown in text
    stored = ask(
        lake,
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
    scope = platform.workspace.scope(CLUSTER_EVIDENCE, "reference")
    found = figure_metadata(scope)
    assert list(found) == ["figure_cluster_votes"]
    assert found["figure_cluster_votes"].value.startswith("![Number of clusters](data:image/png;base64,")
    assert len(found["figure_cluster_votes"].value) < 100_000
    study = scope.world.study
    scope.world.study = study.model_copy(update={"report": study.report.model_copy(update={"figures": False})})
    assert figure_metadata(scope) == {}, "a study that asks for none"


def test_a_figure_of_several_tables_waits_for_the_last_of_them(platform: Platform) -> None:
    """Kaplan-Meier curves show tests, means and titles of endpoints: the table that is built last shows them."""
    lake, workspace = platform.workspace.lake, platform.workspace
    assert lake.state(SURVIVAL_TESTS, "reference") is None
    assert "figure_kaplan_meier" not in figure_metadata(workspace.scope(SURVIVAL_CURVES, "reference"))
    for name in ("survival_tests", "restricted_mean_survival", "endpoints"):
        materialise(STEPS[name], workspace.scope(TABLES[name], "reference"))
    for table in (SURVIVAL_TESTS, SURVIVAL_CURVES):
        assert "figure_kaplan_meier" in figure_metadata(workspace.scope(table, "reference"))


def test_a_figure_is_drawn_once_for_dagster_and_the_report(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = remembered_figures(platform.workspace.state, platform.workspace.study.name)
    noted: list[str] = []
    monkeypatch.setattr("tme_platform.report.pictures.draw", lambda name, *_, **__: noted.append(name))
    found = figure_metadata(platform.workspace.scope(CLUSTER_EVIDENCE, "reference"))
    assert not noted
    page = json.loads((memory.folder / "cluster_votes-reference.json").read_text())
    assert page["image"][0] in found["figure_cluster_votes"].value


def test_a_figure_that_cannot_be_drawn_costs_no_table(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("tme_platform.report.pictures.draw", broken)
    monkeypatch.setattr(Remembered, "get", lambda *_: None)
    assert figure_metadata(platform.workspace.scope(CLUSTER_EVIDENCE, "reference")) == {}
    assert "the figure cluster_votes of reference could not be drawn: ValueError in " in caplog.text


def test_the_folder_for_a_manuscript(made: StudyReport, tmp_path: Path) -> None:
    phenotypes = next(part for part in made.parts if part.section.key == "phenotypes")
    one = [replace(phenotypes, pictures=phenotypes.pictures[:1])]
    small = StudyReport(made.facts, made.numbers, made.limits, one, made.checklists, made.findings)
    files = write_folder(small, tmp_path)
    names = {file.relative_to(tmp_path).as_posix() for file in files}
    lead = [name for name in names if name.startswith("figures/figure_01_")]
    figure = f"figures/figure_{2 if lead and 'cluster_votes' not in lead[0] else 1:02}_cluster_votes-reference"
    assert {f"{figure}.pdf", f"{figure}.svg", f"{figure}.png", f"{figure}.csv"} <= names
    assert {"tables/numbers.csv", "tables/findings.csv", "checklists/clear.csv", "small.html"} <= names
    assert all(file.stat().st_size for file in files)
    before = {file: file.stat().st_mtime_ns for file in files}
    write_folder(small, tmp_path)
    assert {file: file.stat().st_mtime_ns for file in files} == before, "nothing changed, so nothing is written"
    readme = (tmp_path / "README.md").read_text()
    assert all(f"({name})" in readme for name in names if name.startswith("figures/")), "each figure with its caption"
    assert "**Contains simulated data**" in readme
    assert {"tables/table_01_performance.docx", "tables/table_01_performance.tex"} <= names
    (tmp_path / "tables" / "mine.csv").write_text("of somebody else")
    (tmp_path / f"{figure}.csv").write_text("edited by hand")
    write_folder(replace(small, parts=[]), tmp_path)
    assert not (tmp_path / f"{figure}.pdf").exists(), "a figure that the report no longer has"
    assert (tmp_path / f"{figure}.csv").read_text() == "edited by hand"
    assert (tmp_path / "tables" / "mine.csv").exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


def test_in_a_browser(browser: object, text: str, tmp_path: Path) -> None:
    """No console error, every picture loaded, nothing sideways, nothing that axe-core finds; wide, narrow, on paper."""
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    with window(browser) as opened:
        view = opened.page
        view.goto(file.as_uri())
        view.keyboard.press("Tab")
        assert view.evaluate("document.activeElement.className") == "skip"
        assert view.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        view.set_viewport_size({"width": 390, "height": 844})
        ends = view.evaluate("[...document.querySelectorAll('.verdict')].map(v => v.getBoundingClientRect().bottom)")
        assert ends[3] < 1.25 * 844, "phenotype, survival, MRI and treatment on the first screen of a telephone"
        view.evaluate("window.scrollTo(0, 5000)")
        assert view.evaluate("document.querySelector('nav').getBoundingClientRect().top") == 0, "contents stay in view"
        view.evaluate("window.scrollTo(0, 0)")
        view.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for width in WIDTHS:
            view.set_viewport_size({"width": width, "height": 900})
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            assert view.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length") == 0
        cell = view.locator("#cohorts-numbers td").first
        assert cell.evaluate("e => getComputedStyle(e, '::before').content") != "none", "narrow, a number is a card"
        for scheme in ("light", "dark"):
            view.emulate_media(color_scheme=scheme)
            found = Axe().run(view).response["violations"]
            assert [(scheme, one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
        assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
        view.emulate_media(color_scheme="light")
        view.emulate_media(media="print")
        view.set_viewport_size({"width": A4_WIDTH, "height": A4_HEIGHT})
        assert view.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH, "nothing is cut at the right"
        heights = view.evaluate("[...document.querySelectorAll('figure')].map(f => f.getBoundingClientRect().height)")
        assert max(heights) < A4_HEIGHT, "a figure and its caption fit on one page"
        assert not view.locator("nav").is_visible()
        assert opened.said == []
        assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []


def test_dagster_shows_the_study_in_its_order_and_an_asset_with_its_figure(browser: object, platform: Platform) -> None:
    with dagster_ui(platform.instance) as address, window(browser) as opened:
        view = opened.page
        view.request.post(f"{address}/graphql", data={"query": "mutation { setNuxSeen }"})  # no first-visit dialogue
        view.goto(f"{address}/asset-groups")
        view.get_by_text(list(Stage)[-1].group).first.wait_for()
        listed = re.findall(r"^s\d_\w+$", view.inner_text("body"), re.M)
        assert list(dict.fromkeys(listed)) == [stage.group for stage in Stage]
        view.goto(f"{address}/assets/cluster_evidence?view=overview")
        shown = TABLES["cluster_evidence"].description
        for late in ("figure_cluster_votes", shown):
            view.get_by_text(late).first.wait_for()
        text = view.inner_text("body")
        for part in (shown, "ask each index how many", "content_hash", "first run"):
            assert part in text
        view.get_by_text("[Show Markdown]").click()
        picture = view.locator("img[alt='Number of clusters']")
        picture.wait_for()
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 200
        assert opened.said == []
        assert [url for url in opened.asked if not url.startswith((address, "data:", "blob:"))] == []


def test_mlflow_shows_the_run_and_the_version_with_its_card(browser: object, platform: Platform) -> None:
    state = platform.workspace.state
    version = platform.workspace.lake.read(SIGNATURE).iloc[0]
    with mlflow_ui(local_uri(state), state / "mlflow" / "artifacts") as address, window(browser) as opened:
        view = opened.page
        view.goto(f"{address}/#/models/{version['model_name']}/versions/{version['model_version']}")
        view.get_by_text("Source Run").wait_for()
        assert "Version 1" in view.inner_text("body")
        view.locator("a[href*='/runs/']").first.click()
        view.get_by_text("oof_auc_low", exact=True).wait_for()
        shown = view.inner_text("body")
        assert "\n22\n" in shown, "patients"
        assert str(version["oof_auc"]) in shown
        assert [error for error in opened.said if "/users/current" not in error] == [], "that one MLflow asks itself"
