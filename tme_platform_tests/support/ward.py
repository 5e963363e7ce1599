"""Two small cohorts with a person in every place where a hospital's export may name one."""

import shutil
from pathlib import Path

import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.dicom_files import PLANTED, write_series
from tme_platform_tests.support.imaging_cohort import SPACING, lesion
from tme_platform_tests.support.small_study import STUDY, declare, empty_mlflow

PERSON = ["Zelda", "Hyrulova", "1952-11-28", "zelda@castle.example", "4711990815"]
"""Parts of names, a birth date, an e-mail address and a record number, in names of folders and files and in cells."""
WORDS = [*PERSON, *PLANTED.values(), "19521128", "28.11.1952"]
_CELLS = "Zelda Hyrulova 1952-11-28 zelda@castle.example 4711990815"
_FOLDER = "Hyrulova^Zelda_1952-11-28"


def make_ward(root: Path) -> Workspace:
    """Write the cohorts `ward` (images, clinical table) and `lab` (expression, scores, features), and a study."""
    landing = root / "landing"
    _ward(landing / "ward")
    _lab(landing / "lab")
    (root / "small.yaml").write_text(STUDY)
    database = root / "lake" / "mlflow" / "mlflow.db"
    database.parent.mkdir(parents=True)
    shutil.copy(empty_mlflow(), database)
    return Workspace(
        lake_root=str(root / "lake"), landing_root=str(landing), study_name=str(root / "small.yaml"), workers=1
    )


def _ward(folder: Path) -> None:
    columns = {"age_years": "age", "os_days": "days", "os_event": "dead", "er": "er"}
    clinical = {"file": "clinical.csv", "patient_id": "id", "columns": columns, "other": ["lesion"]}
    declare(folder, roles=["imaging_methods"], imaging={}, clinical=[clinical])
    ids = [f"W{number:03d}" for number in range(12)]
    table = pd.DataFrame({"id": ids, "age": 50, "days": range(100, 112), "dead": [0, 1] * 6}).astype(str)
    table["er"], table["lesion"] = ["positive", "negative"] * 6, "mass"
    for row, column in enumerate(["age", "days", "dead", "er"]):
        table.loc[row, column] = _CELLS
        table.loc[row + 4, column] = ["19521128", "28.11.1952", "4711990815", "Zelda"][row]
    table["Patient Name"], table["DOB"], table["MRN"] = "Zelda Hyrulova", "1952-11-28", "4711990815"
    table["contact"] = "zelda@castle.example"
    pd.concat([table, table.iloc[[2]].assign(age="61")]).to_csv(folder / "clinical.csv", index=False)
    _images(folder, ids)
    (folder / "notes of Zelda Hyrulova.txt").write_text(_CELLS)
    (folder / "zelda").mkdir()
    (folder / "zelda" / "hyrulova").write_text(_CELLS)


def _images(folder: Path, ids: list[str]) -> None:

    person = folder / "images" / _FOLDER
    person.mkdir(parents=True)
    values, outline = lesion(1)
    write_series(person / "series of Zelda", values, spacing=SPACING)
    slices = write_series(person / "Hyrulova", values, spacing=SPACING)
    slices[len(slices) // 2].unlink()
    for name, array in (("t1", values), ("mask", outline), ("empty", outline * 0)):
        image = sitk.GetImageFromArray(array.astype("float32" if name == "t1" else "uint8"))
        image.SetSpacing(SPACING)
        image.SetOrigin((-10.0, -20.0, 30.0))
        sitk.WriteImage(image, str(person / f"{name}_Zelda.nii.gz"))
    whole = (person / "t1_Zelda.nii.gz").read_bytes()
    (person / "half_Zelda.nii.gz").write_bytes(whole[: len(whole) // 2])
    (person / "Zelda.Hyrulova").write_bytes(b"no image")
    mask = f"images/{_FOLDER}/mask_Zelda.nii.gz"
    images = ["series of Zelda", "t1_Zelda.nii.gz", "half_Zelda.nii.gz", "Zelda.Hyrulova", "Hyrulova", "gone_Zelda.nii"]
    rows = [[ids[at], f"images/{_FOLDER}/{image}", mask, 1] for at, image in enumerate(images)]
    rows += [
        [ids[6], rows[1][1], f"images/{_FOLDER}/empty_Zelda.nii.gz", 1],
        [ids[7], f"../{_FOLDER}/t1.nii", mask, 1],
        [ids[8], rows[1][1], mask, "Zelda"],
        [ids[9], f"images/../images/{_FOLDER}/t1_Zelda.nii.gz", mask, 7],
    ]
    manifest = pd.DataFrame(rows, columns=["patient_id", "image", "mask", "mask_label"])
    manifest.to_csv(folder / "imaging.csv", index=False)


def _lab(folder: Path) -> None:
    scores = {"file": "scores.csv", "groups": "groups.tsv", "method": "drawn"}
    declare(
        folder,
        roles=["imaging_methods"],
        cell_scores=scores,
        expression={"file": "expression.tsv", "unit": "log2_tpm"},
        features={"file": "features.csv", "feature_set": "drawn"},
    )
    ids = [f"L{number:03d}" for number in range(8)]
    plain = pd.DataFrame({"patient_id": ids, "T": range(8), "B": range(3, 11)}).astype(str)
    plain.loc[2, "T"] = plain.loc[3, "B"] = _CELLS
    plain.to_csv(folder / "features.csv", index=False)
    plain.to_csv(folder / "scores.csv", index=False)
    (folder / "groups.tsv").write_text(f"population\tgroup\nT\tadaptive\nB\t{_CELLS}\n")
    genes = ["CD8A", "CD4", "GZMB", "ESR1", "ERBB2", "KRT5", "MKI67", "PGR", "CD3E", "CD19", "CD14", "ACTB"]
    matrix = pd.DataFrame(
        [[str(row + column) for column in range(8)] for row in range(len(genes))], index=genes, columns=ids
    )
    matrix.iloc[3, 4] = _CELLS
    matrix.rename_axis("gene").to_csv(folder / "expression.tsv", sep="\t")
