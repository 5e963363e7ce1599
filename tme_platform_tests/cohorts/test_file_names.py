"""Names of landing folders and of files in them: any character but `/` and `\\`, and accents in either Unicode form."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.cohorts import landing_path, list_files, read_clinical, read_cohort, read_manifest
from tme_platform.imaging import read_mask, read_series
from tme_platform_tests.support.hostile_names import EVERYTHING, HOSTILE_NAMES, UNUSABLE_NAMES
from tme_platform_tests.support.small_study import declare

ONE_CHARACTER, TWO_CHARACTERS = "Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"
# A name that ends in ~ is an editor's backup, which is left out; spaces around a cell of a manifest are no part of it.
_OTHERS = ("~", " around ", "a\\b")
LEGAL = [name for name in (*HOSTILE_NAMES, *UNUSABLE_NAMES, EVERYTHING) if name not in _OTHERS]


@pytest.mark.parametrize("name", LEGAL)
def test_tables_and_images_of_any_name_are_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "trial"
    (folder / name).mkdir(parents=True)
    table, image, mask = f"{name}/{name}.csv", f"{name}/{name}.nii.gz", f"{name}/{name}_mask.nii.gz"
    declare(
        folder,
        roles=["imaging_methods"],
        clinical=[{"file": table, "patient_id": "id"}],
        imaging={"manifest": f"{name}.csv"},
    )
    (folder / table).write_text("id\nP1\n")
    values = np.zeros((3, 4, 5), np.uint8)
    values[1, 1, 1] = 1
    for file in (image, mask):
        sitk.WriteImage(sitk.GetImageFromArray(values), str(folder / file))
    pd.DataFrame({"patient_id": ["P1"], "image": [image], "mask": [mask]}).to_csv(folder / f"{name}.csv", index=False)
    cohort = read_cohort(folder)
    assert read_clinical(folder, "trial", cohort).patients["patient_id"].tolist() == ["P1"]
    outlines, rejected = read_manifest(folder, "trial", cohort)
    assert rejected.empty
    assert outlines["image"].tolist() == [image]
    read = read_series(landing_path(folder, image))
    assert read.GetSize() == (5, 4, 3)
    assert sitk.GetArrayFromImage(read_mask(landing_path(folder, mask), read)).sum() == 1
    assert {table, image, mask} <= set(list_files(folder)["file"])


@pytest.mark.parametrize(
    ("on_disk", "written"), [(TWO_CHARACTERS, ONE_CHARACTER), (ONE_CHARACTER, TWO_CHARACTERS)], ids=["mac", "linux"]
)
def test_accents_of_one_or_two_characters_are_the_same_name(tmp_path: Path, on_disk: str, written: str) -> None:
    folder = tmp_path / "trial"
    (folder / on_disk).mkdir(parents=True)
    for file in (f"{on_disk}.csv", "m.csv"):
        (folder / on_disk / file).write_text("id\nP1\n")
    declare(
        folder,
        roles=["imaging_methods"],
        clinical=[{"file": f"{written}/{written}.csv", "patient_id": "id"}],
        imaging={},
    )
    (folder / "imaging.csv").write_text(f"patient_id,image,mask\nP1,{written}/{written}.csv,{written}/m.csv\n")
    cohort = read_cohort(folder)
    assert read_clinical(folder, "trial", cohort).patients["patient_id"].tolist() == ["P1"]
    outlines, rejected = read_manifest(folder, "trial", cohort)
    assert rejected.empty
    assert len(outlines["image_sha256"].item()) == 64
    assert landing_path(folder, f"{written}/{written}.csv") == folder / on_disk / f"{on_disk}.csv"


def test_of_two_files_whose_names_look_the_same_the_exact_one_counts(tmp_path: Path) -> None:
    for name in (ONE_CHARACTER, TWO_CHARACTERS):
        (tmp_path / name).touch()
        assert landing_path(tmp_path, name) == tmp_path / name
    assert landing_path(tmp_path, "nai\u0308ve.csv") == tmp_path / "nai\u0308ve.csv", "one that is not there"
    for name in ("e\u0323\u0302.csv", "\u1ec7.csv"):  # e with two marks, in two ways
        (tmp_path / name).touch()
    third = "\u1eb9\u0302.csv"
    assert landing_path(tmp_path, third) == tmp_path / third, "two are alike: neither is taken"


def test_a_link_with_an_accent_that_leads_out_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    folder.mkdir()
    (tmp_path / "secret.csv").touch()
    (folder / f"{TWO_CHARACTERS}.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ValueError, match="leads out of the folder"):
        landing_path(folder, f"{ONE_CHARACTER}.csv")
