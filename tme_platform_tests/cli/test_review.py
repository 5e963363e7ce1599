"""`tme review`: outlines worst first, a page on which they are reviewed, and what a run makes of a rejection."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
from click.testing import Result
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import REVIEWS_FILE
from tme_platform.imaging import Slice
from tme_platform.report.contact_sheet import RING_COLOUR, TUMOUR_COLOUR, slice_picture
from tme_platform.steps.materialise import materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import COHORT_FILES, IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import rejections
from tme_platform_tests.support.imaging_cohort import lesion
from tme_platform_tests.support.user_interfaces import chromium, window

DECLARED = """
title: Outlines & more
roles: [imaging_methods]
imaging: {}
provenance: {kind: simulated, source: written by a test, licence: CC0}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three outlines, of which that of P2 reaches the edge of the image, and one that is no image."""
    folder = tmp_path / "landing" / "scans"
    folder.mkdir(parents=True)
    (folder / "cohort.yaml").write_text(DECLARED)
    for number in (1, 2, 3):
        values, outline = lesion(number)
        if number == 2:
            outline[0] |= outline[7]
        for name, array in (("image", values), ("mask", outline.astype("uint8"))):
            sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / f"P{number}_{name}.nii"))
    (folder / "P4_image.nii").write_bytes(b"no image")
    (folder / "P4_mask.nii").write_bytes(b"no mask either")
    rows = [f"P{number},P{number}_image.nii,P{number}_mask.nii" for number in (1, 2, 3, 4)]
    (folder / "imaging.csv").write_text("patient_id,image,mask\n" + "\n".join(rows) + "\n")
    return Workspace(lake_root=str(tmp_path / "lake"), landing_root=str(folder.parent), study_name="han2024", workers=1)


def build(workspace: Workspace) -> None:
    for schema in (COHORT_FILES, IMAGING_SERIES, IMAGE_REGIONS):
        materialise(STEPS[schema.name], workspace.scope(schema, "scans"))


def told(workspace: Workspace, *words: str) -> Result:
    options = ["--lake", str(workspace.lake_root), "--landing", str(workspace.landing), "--study", "han2024"]
    return CliRunner().invoke(app, [*options, "review", "scans", *words])


def test_what_needs_a_look_comes_first_and_what_was_reviewed_last(workspace: Workspace) -> None:
    build(workspace)
    assert told(workspace, "--accept", "P1", "--by", "AB").exit_code == 0
    listed = re.findall(r"^P\d", told(workspace).output, re.M)
    assert listed == ["P4", "P2", "P3", "P1"], "not an image; warnings; plain; accepted"


def test_a_rejected_outline_leaves_the_tables_at_the_next_run_and_comes_back(workspace: Workspace) -> None:
    build(workspace)
    lake = workspace.lake
    assert lake.read(IMAGE_REGIONS, "scans")["patient_id"].tolist() == ["P1", "P2", "P3"]
    done = told(workspace, "--reject", "P2", "--by", "AB", "--comment", "vessel of Mrs Smith")
    assert done.exit_code == 0, done.output
    build(workspace)
    assert lake.read(IMAGE_REGIONS, "scans")["patient_id"].tolist() == ["P1", "P3"]
    found = lake.read(rejections(IMAGING_SERIES), "scans")
    assert found["rule"].tolist() == ["rejected_in_review"]
    assert not found["message"].str.contains("Smith").any()
    assert STEPS[RADIOMIC_FEATURES.name].reads, "the features rest on these tables"
    assert told(workspace, "--accept", "P2", "--by", "CD").exit_code == 0
    build(workspace)
    assert lake.read(IMAGE_REGIONS, "scans")["patient_id"].tolist() == ["P1", "P2", "P3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reject", "P9", "--by", "AB"], "no outline of patient 'P9'"),
        (["--reject", "P1", "--by", "AB", "--reader", "2"], "--series 1 --reader 1 --session 1"),
        (["--reject", "P1"], "initials"),
        (["--reject", "P1", "--accept", "P2", "--by", "AB"], "one outline at a time"),
        (["--add", "nothing.csv"], "there is no file"),
    ],
)
def test_a_review_that_cannot_be_stored_says_why_and_stores_nothing(
    workspace: Workspace, words: list[str], said: str
) -> None:
    done = told(workspace, *words)
    assert done.exit_code == 1
    assert said in str(done.exception)
    assert not (workspace.landing / "scans" / REVIEWS_FILE).exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


def test_the_page_shows_both_borders_and_what_is_saved_from_it_is_stored(
    browser: object, workspace: Workspace, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    build(workspace)
    page = tmp_path / "sheet.html"
    assert told(workspace, "--html", str(page)).exit_code == 0
    asked: list[str] = []
    with window(browser) as opened:
        view = opened.page
        view.on("request", lambda request: asked.append(request.url))
        view.goto(page.as_uri())
        assert view.title() == "Review of outlines: Outlines & more"
        cards = view.locator("article")
        assert cards.count() == 4
        assert "not measured" in cards.nth(0).inner_text()
        assert "edge of the image" in cards.nth(1).inner_text()
        loaded = "[...document.images].every(one => one.complete && one.naturalWidth > 100)"
        assert view.evaluate(loaded)
        assert view.locator("article img").count() >= 6
        found = Axe().run(view)
        assert found.response["violations"] == []
        view.locator("#save").click()
        assert "initials" in view.locator("#status").inner_text()
        view.locator("#reviewer").fill("AB")
        cards.nth(1).locator("input[value=reject]").check()
        cards.nth(2).locator("textarea").fill('a "comment", with a comma')
        with view.expect_download() as download:
            view.locator("#save").click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        view.set_viewport_size({"width": 390, "height": 844})
        assert view.evaluate("document.documentElement.scrollWidth") <= 390
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob"}
    added = told(workspace, "--add", str(saved))
    assert added.exit_code == 0, added.output
    assert "2 reviews added" in added.output
    stored = pd.read_csv(workspace.landing / "scans" / REVIEWS_FILE, dtype=str)
    assert stored[["patient_id", "decision", "reviewer"]].to_numpy().tolist() == [
        ["P2", "reject", "AB"],
        ["P1", "comment", "AB"],
    ]
    assert stored.loc[1, "comment"] == 'a "comment", with a comma'


def test_a_page_that_is_older_than_a_corrected_outline_does_not_reject_it(workspace: Workspace, tmp_path: Path) -> None:
    saved = tmp_path / "old.csv"
    saved.write_text("patient_id,decision,reviewer,outline\nP1,reject,AB,000000000000\n")
    assert told(workspace, "--add", str(saved)).exit_code == 0
    build(workspace)
    assert "P1" in workspace.lake.read(IMAGE_REGIONS, "scans")["patient_id"].tolist()


def test_a_picture_has_the_borders_where_the_masks_have_them() -> None:
    import base64
    import io

    from PIL import Image

    tumour = np.zeros((40, 40), dtype=bool)
    tumour[15:25, 15:25] = True
    ring = np.zeros_like(tumour)
    ring[10:30, 10:30] = True
    ring &= ~tumour
    shown = Slice(np.random.default_rng(0).normal(size=(40, 40)), tumour, ring, (1.0, 1.0), 0, "A", "R")
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(slice_picture(shown).partition("base64,")[2]))))
    for colour, width in ((TUMOUR_COLOUR, 10), (RING_COLOUR, 20)):
        found = np.argwhere((pixels == colour).all(axis=2))
        spread = np.ptp(found, axis=0) + 1
        assert np.allclose(spread, pixels.shape[1] / 40 * width, atol=1.5), colour
