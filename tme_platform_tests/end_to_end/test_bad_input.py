"""Bad input of every kind at once: each with a message that says what to do, the rest of the cohort done."""

from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import Outcome, run_study
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.cohorts import EXPRESSION, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform_tests.support.small_study import STUDY, declare, write_image

GOOD = ["G1", "G2", "G3"]


def _bad_clinical_and_expression(folder: Path) -> None:
    declare(
        folder,
        roles=["score_comparison"],
        clinical=[
            {
                "file": "clinical.csv",
                "patient_id": "id",
                "columns": {"age_years": "agee", "os_days": "days", "os_event": "dead", "sex": "sex"},
            }
        ],
        expression={"file": "expression.tsv", "unit": "tpm"},
        phenotypes={"by": "fit"},
    )
    (folder / "clinical.csv").write_text(
        "id,age,days,dead,sex\nG1,50,100,1,female\nG2,60,-5,0,female\nG3,61,200,0,perhaps\nG3,77,300,1,male\n"
    )
    from tme_platform.expression import gene_set_path, read_gmt

    genes = sorted({gene for members in read_gmt(gene_set_path("tme24")).values() for gene in members})
    random = np.random.default_rng(3)
    matrix = pd.DataFrame(random.gamma(2, 30, (len(genes), 3)).round(2), index=genes, columns=GOOD).astype(object)
    matrix.loc["CD8A", "G2"] = "much"
    twice = pd.concat([matrix, matrix.loc[["FOXP3"]]])
    twice.rename_axis("gene").to_csv(folder / "expression.tsv", sep="\t")


def _bad_images(folder: Path) -> None:
    declare(folder, roles=["imaging_methods"], imaging={})
    (folder / "images").mkdir(parents=True)
    random = np.random.default_rng(5)
    rows = []
    for name in [*GOOD, "EMPTY", "SHIFTED", "NOMASK", "NOIMAGE"]:
        write_image(folder, name, random)
        rows.append({"patient_id": name, "image": f"images/{name}.nii.gz", "mask": f"images/{name}_mask.nii.gz"})
    mask = sitk.ReadImage(str(folder / "images" / "EMPTY_mask.nii.gz"))
    sitk.WriteImage(mask * 0, str(folder / "images" / "EMPTY_mask.nii.gz"))
    mask = sitk.ReadImage(str(folder / "images" / "SHIFTED_mask.nii.gz"))
    mask.SetOrigin((500.0, 0.0, 0.0))
    sitk.WriteImage(mask, str(folder / "images" / "SHIFTED_mask.nii.gz"))
    (folder / "images" / "NOMASK_mask.nii.gz").unlink()
    (folder / "images" / "NOIMAGE.nii.gz").unlink()
    (folder.parent / "secret.nii.gz").write_bytes((folder / "images" / "G1.nii.gz").read_bytes())
    rows.append({"patient_id": "ESCAPE", "image": "../secret.nii.gz", "mask": "images/G1_mask.nii.gz"})
    rows.append({"patient_id": "ROOT", "image": "/etc/hostname", "mask": "images/G1_mask.nii.gz"})
    pd.DataFrame(rows).to_csv(folder / "imaging.csv", index=False)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Outcome]:
    root = tmp_path_factory.mktemp("bad")
    landing = root / "landing"
    _bad_clinical_and_expression(landing / "tables")
    _bad_images(landing / "images")
    declare(landing / "unit", roles=["score_comparison"], expression={"file": "e.tsv", "unit": "furlongs"})
    (landing / "malformed").mkdir()
    (landing / "malformed" / "cohort.yaml").write_text("title: [never closed\n")
    study = root / "small.yaml"
    study.write_text(STUDY)
    workspace = Workspace(lake_root=str(root / "lake"), landing_root=str(landing), study_name=str(study), workers=1)
    return workspace, run_study(workspace, dg.DagsterInstance.ephemeral(), LoggedProgress())


def rejected(workspace: Workspace, cohort: str, rule: str) -> pd.DataFrame:
    table = workspace.lake.read(REJECTED_INPUTS, cohort)
    return table[table["rule"] == rule]


@pytest.mark.parametrize(
    ("cohort", "rule", "patient", "said"),
    [
        ("tables", "unknown_column", None, "agee"),
        ("tables", "duplicate_patient", "G3", "one row per patient"),
        ("tables", "negative_os_time", "G2", "negative"),
        ("tables", "unknown_category", "G3", "that only `tme check` shows"),
        ("tables", "not_a_number", None, "of genes, sample"),
        ("tables", "gene_twice", None, "FOXP3"),
        ("images", "image_missing", "NOIMAGE", "not in the landing folder"),
        ("images", "mask_missing", "NOMASK", "not in the landing folder"),
        ("images", "mask_empty", "EMPTY", ""),
        ("images", "path_leaves_folder", "ESCAPE", "leaves the landing folder"),
        ("images", "path_leaves_folder", "ROOT", "leaves the landing folder"),
    ],
)
def test_each_is_told(ran: tuple[Workspace, Outcome], cohort: str, rule: str, patient: str | None, said: str) -> None:
    rows = rejected(ran[0], cohort, rule)
    if patient is not None:
        rows = rows[rows["patient_id"] == patient]
    assert len(rows) == 1, ran[0].lake.read(REJECTED_INPUTS, cohort)[["rule", "patient_id", "message"]].to_string()
    row = rows.iloc[0]
    assert said in f"{row['message']} {row['file']}"
    assert row["file"], "the file is named"
    assert len(row["message"].split()) > 5, "a sentence"


def test_another_geometry_is_told_in_millimetres(ran: tuple[Workspace, Outcome]) -> None:
    rows = ran[0].lake.read(REJECTED_INPUTS, "images").query("patient_id == 'SHIFTED'")
    assert len(rows) == 1
    assert rows["rule"].iloc[0] in ("geometry_mismatch", "mask_outside_image")
    assert "mm" in rows["message"].iloc[0]


@pytest.mark.parametrize(("cohort", "said"), [("unit", "furlongs"), ("malformed", "cohort.yaml")])
def test_an_unusable_cohort_file_is_a_failure_of_that_cohort(
    ran: tuple[Workspace, Outcome], cohort: str, said: str
) -> None:
    (failure,) = [failure for failure in ran[1].failures if failure.cohort == cohort]
    assert said in failure.message
    assert "Traceback" not in failure.message


def test_nothing_else_failed(ran: tuple[Workspace, Outcome]) -> None:
    assert {failure.cohort for failure in ran[1].failures} == {"unit", "malformed"}


def test_the_rest_of_each_cohort_is_done(ran: tuple[Workspace, Outcome]) -> None:
    lake = ran[0].lake
    assert set(lake.read(PATIENTS, "tables")["patient_id"]) == set(GOOD)
    assert set(lake.read(CELL_SCORES, "tables")["patient_id"]) == set(GOOD)
    assert "CD8A" not in set(lake.read(EXPRESSION, "tables")["gene"])
    assert set(lake.read(RADIOMIC_FEATURES, "images")["patient_id"]) == set(GOOD)


def test_nothing_outside_the_folder_was_read(ran: tuple[Workspace, Outcome]) -> None:
    files = ran[0].lake.read(RADIOMIC_FEATURES, "images")["patient_id"]
    assert not set(files) & {"ESCAPE", "ROOT"}
