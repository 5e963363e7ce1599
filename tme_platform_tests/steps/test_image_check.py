"""`tme check` opens images and outlines, and reports what a run would: by rule, with counts. `--quick` does not."""

from pathlib import Path

import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import CohortReport, check_cohort
from tme_platform.radiomics import ExtractionSettings
from tme_platform.steps.image_check import with_images
from tme_platform_tests.support.imaging_cohort import lesion, make_cohort


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("landing") / "scans"
    make_cohort(made)
    return made


@pytest.fixture(scope="module")
def report(folder: Path) -> CohortReport:
    return with_images(check_cohort(folder), folder, ExtractionSettings(), workers=1)


def test_broken_images_are_found_and_good_ones_are_not(folder: Path, report: CohortReport) -> None:
    before = check_cohort(folder).rejected
    found = report.rejected.merge(before, how="left", indicator=True).query("_merge == 'left_only'")
    assert len(found) > 0
    assert found["patient_id"].str.startswith("B").all()
    assert set(found["action"]) == {"outline left out"}
    assert not found["file"].str.contains(str(folder.parent)).any(), "paths are inside the folder"
    assert not any("can be used (see above)" in problem for problem in report.problems)
    assert not found.duplicated().any(), "one row, also where two readers outlined the same bad image"


def test_the_check_prints_them_by_rule_and_quick_opens_nothing(
    folder: Path, report: CohortReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = report.rejected["rule"].iloc[-1]
    words = ["--landing", str(folder.parent), "--study", "han2024", "check", "scans"]
    monkeypatch.setenv("TME_WORKERS", "1")
    assert f"x {rule} in" in CliRunner().invoke(app, words).output

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr("tme_platform.radiomics.describe_many", opened)
    done = CliRunner().invoke(app, [*words, "--quick"])
    assert not isinstance(done.exception, AssertionError)
    assert f"x {rule} in" not in done.output


def test_warnings_are_counted_by_kind(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(5):
        values, outline = lesion(number)
        outline[0] |= outline[7]  # touches the edge, and falls into parts
        for name, array in (("image", values), ("mask", outline.astype("uint8"))):
            sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / "images" / f"P{number}_{name}.nii"))
        rows.append([f"P{number}", f"images/P{number}_image.nii", f"images/P{number}_mask.nii"])
    pd.DataFrame(rows, columns=["patient_id", "image", "mask"]).to_csv(folder / "imaging.csv", index=False)
    (folder / "cohort.yaml").write_text(
        "title: Edges\nroles: [imaging_methods]\nimaging: {}\n"
        "provenance: {kind: simulated, source: typed by hand, licence: none}\n"
    )
    steps: list[tuple[str, int, int]] = []
    report = with_images(
        check_cohort(folder), folder, ExtractionSettings(), workers=1, on_image=lambda *done: steps.append(done)
    )
    assert steps == [("edge", number, 5) for number in range(1, 6)]
    assert report.rejected.empty
    (edge,) = [text for text in report.warnings if "edge of the image" in text]
    assert edge.startswith("5 outlines (P0, P1, P2, ...): ")


def test_a_cohort_of_which_no_outline_can_be_used_has_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    for name in ("image.nii", "mask.nii"):
        (folder / name).write_bytes(name.encode() * 100)
    (folder / "imaging.csv").write_text("patient_id,image,mask\nP1,image.nii,mask.nii\n")
    (folder / "cohort.yaml").write_text(
        "title: None\nroles: [imaging_methods]\nimaging: {}\n"
        "provenance: {kind: simulated, source: typed by hand, licence: none}\n"
    )
    report = with_images(check_cohort(folder), folder, ExtractionSettings(), workers=1)
    assert report.problems == ("no image with its outline can be used (see above).",)


def test_without_images_nothing_is_added(tmp_path: Path) -> None:
    report = CohortReport("empty")
    assert with_images(report, tmp_path, ExtractionSettings()) is report
