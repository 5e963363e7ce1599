"""`tme init` writes a draft that `tme check` accepts, overwrites nothing, and says what to do next."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tme_platform.cli.app import app


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing" / "ours"
    (folder / "P1").mkdir(parents=True)
    (folder / "clinical.csv").write_text("id,age,er\nP1,50,pos\nP2,60,neg\n")
    for name in ("image.nii.gz", "mask.nii.gz"):
        (folder / "P1" / name).write_bytes(name.encode())
    return folder.parent


def told(landing: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--landing", str(landing), "--study", "han2024", *words])


def test_a_draft_is_written_and_can_be_checked(landing: Path) -> None:
    done = told(landing, "init", "ours")
    assert done.exit_code == 0
    assert "clinical.csv: clinical table of 2 patients: age_years, er" in done.output
    assert "1 outlines of 1 patients, in imaging.csv" in done.output
    assert done.output.rstrip().endswith("then `tme check ours`.")
    checked = told(landing, "check", "ours", "--quick")
    assert checked.exit_code == 0
    assert "ready" in checked.output


def test_nothing_is_overwritten_without_force(landing: Path) -> None:
    cohort = landing / "ours" / "cohort.yaml"
    cohort.write_text("mine")
    done = told(landing, "init", "ours")
    assert done.exit_code == 1
    assert "--force overwrites it" in str(done.exception)
    assert cohort.read_text() == "mine"
    assert told(landing, "init", "ours", "--force").exit_code == 0
    assert cohort.read_text().startswith("# Drafted by `tme init ours`")


def test_a_list_of_images_that_is_none_is_not_overwritten(landing: Path) -> None:
    manifest = landing / "ours" / "imaging.csv"
    manifest.write_text("mine\n")
    assert told(landing, "init", "ours").exit_code == 1
    assert manifest.read_text() == "mine\n"
    assert not (landing / "ours" / "cohort.yaml").exists()


def test_a_draft_can_be_printed_only(landing: Path) -> None:
    done = told(landing, "init", "ours", "--print")
    assert done.output.startswith("# Drafted by `tme init ours`")
    assert sorted(path.name for path in (landing / "ours").iterdir()) == ["P1", "clinical.csv"]


@pytest.mark.parametrize(
    ("name", "said"), [("Ours", "not a valid name"), ("other", "there is no folder"), ("../ours", "not a valid name")]
)
def test_a_folder_that_cannot_be_a_cohort_is_refused(landing: Path, name: str, said: str) -> None:
    done = told(landing, "init", name)
    assert done.exit_code == 1
    assert said in str(done.exception)


def test_a_folder_that_is_being_filled_waits(landing: Path) -> None:
    (landing / "ours" / ".copying").touch()
    assert "files are being copied" in str(told(landing, "init", "ours").exception)
