"""A person who is named in folders, files, cells and DICOM tags is in nothing that a run writes."""

import stat
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from tme_platform.cohorts import KEY_FILE, PathNames, path_key, read_cohort
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import CLINICAL_OTHER, COHORT_FILES, IMAGING_SERIES, PATIENTS
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform_tests.support.planted import found_in
from tme_platform_tests.support.platform import Platform, everything_logged
from tme_platform_tests.support.ward import WORDS, make_ward


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The cohorts after a run whose history Dagster keeps in SQLite in the lake's folder."""
    root = tmp_path_factory.mktemp("ward")
    workspace = make_ward(root)
    history = root / "lake" / "dagster"
    history.mkdir()
    with (
        dg.DagsterInstance.local_temp(str(history)) as instance,
        everything_logged(root / "lake" / "everything.log"),
    ):
        Platform(workspace, instance).run()
    return workspace


def test_nothing_of_the_person_is_in_any_file(ward: Workspace) -> None:
    lake = Path(ward.lake_root)
    files = [path.relative_to(lake).as_posix() for path in lake.rglob("*") if path.is_file()]
    assert any(file.startswith("dagster/") and file.endswith(".db") for file in files)
    assert {"tables", "dagster"} <= {file.split("/")[0] for file, _ in found_in(lake, ["ward"])}, (
        "what is there is found"
    )
    assert (lake / "everything.log").stat().st_size
    assert found_in(lake, WORDS) == set()


def test_what_can_be_used_is_used(ward: Workspace) -> None:
    assert set(ward.lake.read(IMAGE_REGIONS, "ward")["patient_id"]) == {"W000", "W001"}
    rules = set(ward.lake.read(REJECTED_INPUTS, "ward")["rule"])
    assert rules >= {
        "image_missing",
        "path_leaves_folder",
        "not_a_number",
        "incomplete_so_far",
        "mask_empty",
    }


def test_only_declared_names_are_readable(ward: Workspace) -> None:
    files = set(ward.lake.read(COHORT_FILES, "ward")["file"])
    assert {file for file in files if not file.startswith("f-")} == {"cohort.yaml", "clinical.csv", "imaging.csv"}
    outlines = ward.lake.read(IMAGING_SERIES, "ward").set_index("patient_id")
    assert outlines.loc["W001", "image"] in files, "a file has one name in all tables"
    assert outlines.loc["W001", "image"] == outlines.loc["W009", "image"], "also by another way of writing its path"
    rejected = ward.lake.read(REJECTED_INPUTS, "ward")
    assert set(rejected["file"].dropna()) <= files | set(outlines["image"]) | set(outlines["mask"])


def test_unmapped_columns_are_kept_only_if_asked_for(ward: Workspace) -> None:
    assert set(ward.lake.read(CLINICAL_OTHER, "ward")["column"]) == {"lesion"}


def test_checks_warn_of_the_person(ward: Workspace) -> None:
    found = ward.lake.state(PATIENTS, "ward").checks["nobody_is_named"]
    assert not found["passed"]
    assert "clinical.csv: column 'MRN' is named like" in found["description"]
    assert not ward.lake.state(COHORT_FILES, "ward").checks["no_path_names_anybody"]["passed"]


def test_the_key_is_for_its_owner_and_gives_the_same_names_elsewhere(ward: Workspace) -> None:
    key = ward.landing / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    names = PathNames(ward.landing / "ward", read_cohort(ward.landing / "ward"), path_key(ward.landing, ward.state))
    stored = ward.lake.read(COHORT_FILES, "ward")["file"]
    again = pd.Series([names.stored(names.relative(file)) for file in stored])
    assert again.tolist() == stored.tolist()


@pytest.mark.parametrize("kind", [ValueError, KeyError])
def test_what_a_library_says_of_a_cell_is_for_the_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    said = "could not convert string to float: 'Hyrulova^Zelda'"

    def refuse(*_: object) -> None:
        raise kind(said)  # Dagster stores the lines of the code

    workspace = make_ward(tmp_path)
    monkeypatch.setattr("tme_platform.steps.cohorts.read_clinical", refuse)
    history = tmp_path / "lake" / "dagster"
    history.mkdir()
    with (
        dg.DagsterInstance.local_temp(str(history)) as instance,
        everything_logged(tmp_path / "lake" / "everything.log"),
    ):
        outcome, told = Platform(workspace, instance).run(cohorts=["ward"], select="key:patients")
    (failure,) = [failure for failure in outcome.failures if failure.asset == "patients"]
    assert f"{kind.__name__} in " in failure.message
    assert "`tme run` shows it on a terminal" in failure.message
    assert any("patients ward: " in text and "Hyrulova^Zelda" in text for text in told.told)
    assert found_in(tmp_path / "lake", ["Hyrulova"]) == set()
