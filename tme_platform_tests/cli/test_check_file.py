"""`tme check COHORT --file` gives the path of a stored name; `tme check` quotes cells, and only there."""

from pathlib import Path

from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import PathNames, check_cohort, path_key, read_cohort
from tme_platform_tests.support.small_study import declare


def test_a_stored_name_gives_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "ward"
    declare(folder, roles=["imaging_methods"])
    (folder / "Jane Doe.nii").touch()
    stored = PathNames(folder, read_cohort(folder), path_key(folder.parent, tmp_path)).stored("Jane Doe.nii")
    options = ["--landing", str(folder.parent), "--lake", str(tmp_path / "lake"), "check", "ward", "--file"]
    found = CliRunner().invoke(app, [*options, stored])
    assert found.exit_code == 0
    assert found.output.strip() == str(folder / "Jane Doe.nii")
    gone = CliRunner().invoke(app, [*options, "f-000000000000.nii"])
    assert gone.exit_code == 1
    assert "removed, renamed or moved" in gone.output


def test_cells_are_quoted_on_the_terminal_only(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "ward"
    clinical = [{"file": "c.csv", "patient_id": "id", "columns": {"age_years": "age"}}]
    declare(folder, roles=["imaging_methods"], clinical=clinical)
    (folder / "c.csv").write_text("id,age\nP1,Jane Doe\n")
    options = ["--landing", str(folder.parent), "--lake", str(tmp_path / "lake"), "check", "ward"]
    assert "'Jane Doe', not a number" in CliRunner().invoke(app, options).output
    assert "Jane" not in check_cohort(folder).rejected["message"].item()
