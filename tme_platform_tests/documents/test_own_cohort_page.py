"""The page about one's own cohort: its messages are those that `tme check` gives, its cohort file is one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import check_cohort, read_cohort, showing_cells
from tme_platform.cohorts.declaration import Role
from tme_platform.evaluation import PACKAGED_ENDPOINTS, PACKAGED_SUBGROUPS
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform_tests.support.pages import DOCS, blocks

PAGE = DOCS / "own_cohort.md"
TITLE = "title: A cohort\n"
SOURCE = "provenance: {kind: real, source: our clinic, licence: internal}\n"
VALIDATION = f"{TITLE}roles: [immune_phenotype]\n{SOURCE}"
REPLICATION = f"{TITLE}roles: [phenotype_replication]\n{SOURCE}"
FEATURES = "features: {file: f.csv, feature_set: ours}\n"

CLINICAL = """clinical:
  - file: clinical.csv
    patient_id: id
    columns: {age_years: age, os_days: days, os_event: status, her2: her2, er: oestrogen, purity_ihc: pur}
  - {file: lost.csv, patient_id: id}
"""
BROKEN: dict[str, tuple[str, dict[str, str]]] = {
    "clinical": (
        VALIDATION + FEATURES + CLINICAL,
        {
            "clinical.csv": "id,age,days,status,her2,pur\nA,41,100,1,3+,0.5\nB,250,-5,0,positive,60\n"
            "C,abc,0,2,negative,0.4\n,50,10,1,negative,0.2\nA,42,100,1,,\n",
            "f.csv": "patient_id,f1,f2\nA,1,2\nB,x,3\nD,5,6\nD,5,7\n",
        },
    ),
    "expression": (
        REPLICATION + "expression: {file: tpm.tsv, unit: log2_tpm}\n",
        {
            "tpm.tsv": "gene\tA\tB\tC\nCD8A\t200000\t50000\t3\nCD8A\t1\t1\t1\nGZMB\t1\tx\t2\nPDCD1\t1\t\t2\n"
            "\t1\t2\t3\nLAG3\t4\t5\t6\n"
        },
    ),
    "cell scores": (
        REPLICATION + "cell_scores: {file: s.tsv, groups: g.tsv, method: ours}\n",
        {
            "s.tsv": "patient_id\tT\tB\tD\td\nA\t1\t2\t3\t4\nB\t1\t\t3\t4\n",
            "g.tsv": "population\tgroup\nT\timmune\nB\tadaptive\nX\tadaptive\nD\tadaptive\nd\tadaptive\n",
        },
    ),
    "imaging": (
        VALIDATION + "imaging: {}\n",
        {
            "imaging.csv": "patient_id,image,mask,mask_label,reader\nA,images/A.nii.gz,images/A_mask.nii.gz,1,anna\n"
            "A,images/A.nii.gz,images/A2_mask.nii.gz,1,anna\nB,images/B.nii.gz,images/B_mask.nii.gz,1,anna\n"
            "C,,images/A_mask.nii.gz,1,anna\nD,images/A.nii.gz,images/A_mask.nii.gz,0,anna\n"
            "E,../other/D.nii.gz,images/A_mask.nii.gz,1,anna\n,images/A.nii.gz,images/A_mask.nii.gz,1,\n"
            "A,images/A.nii.gz,images/A_mask.nii.gz,1,ben\n",
            **{f"images/{name}.nii.gz": name for name in ("A", "A_mask", "A2_mask")},
        },
    ),
    "several series": (
        VALIDATION + "imaging: {}\n",
        {
            "imaging.csv": "patient_id,series,image,mask,allow_incomplete\nA,dce,i.nii,m.nii,\nA,t2,i.nii,m.nii,yes\n"
            "B,t2,i.nii,m.nii,no\nC,t2,i.nii,m.nii,maybe\n",
            "i.nii": "image",
            "m.nii": "mask",
        },
    ),
    "another series": (
        VALIDATION + "imaging: {series: dce}\n",
        {
            "imaging.csv": "patient_id,series,image,mask\nA,dce,i.nii,m.nii\nB,t2,i.nii,m.nii\n",
            "i.nii": "image",
            "m.nii": "mask",
        },
    ),
    "no rows": (VALIDATION + "clinical: [{file: c.csv, patient_id: id}]\n", {"c.csv": "id\n"}),
    "no patients": (VALIDATION + "imaging: {}\n", {"imaging.csv": "patient,image,mask\nA,a,b\n"}),
    "Excel": (VALIDATION + "features: {file: f.xls, feature_set: ours}\n", {"f.xls": "x"}),
    "no YAML": ("title: [A\nroles: x\n", {}),
    "an unknown key": (VALIDATION + "clinic: {file: x}\n", {}),
    "no provenance": (TITLE + "roles: [immune_phenotype]\n", {}),
    "no gene map": (VALIDATION + "expression: {file: e.tsv, unit: tpm, gene_id: ensembl}\n", {}),
    "an unknown unit": (VALIDATION + "expression: {file: e.tsv, unit: log2}\n", {}),
    "an endpoint without event": (VALIDATION + "endpoints:\n  pfs: {time: pfs_days}\n", {}),
    "an endpoint with two rules": (
        VALIDATION + "endpoints:\n  pcr: {column: pcr, positive: [yes], negative: [no], at_least: 1}\n",
        {},
    ),
    "an unknown word": (
        VALIDATION + "endpoints:\n  response: {column: recist, positive: [CR, PC], negative: [PD]}\n",
        {},
    ),
    "an empty subgroup": (VALIDATION + "subgroups:\n  early: {}\n", {}),
    "an unknown column": (
        VALIDATION
        + "clinical: [{file: c.csv, patient_id: id}]\nendpoints:\n"
        + "  lesion: {column: leison, positive: [seen], negative: [none seen]}\n",
        {"c.csv": "id,lesion\nA,seen\n"},
    ),
    "no split": (TITLE + "roles: [signature_discovery, signature_validation]\n" + SOURCE + FEATURES, {}),
    "nothing for its role": (VALIDATION + "clinical: [{file: c.csv, patient_id: id}]\n", {"c.csv": "id\nA\n"}),
    "an absent cohort": (
        VALIDATION + FEATURES + "phenotypes: {by: model, cohort: tcga}\n",
        {"f.csv": "patient_id,f1\nA,1\n"},
    ),
}


CHECKED = {
    "cohort.yaml": f"""title: Our trial, arm A
roles: [immunotherapy]
{SOURCE}clinical:
  - file: clinical.csv
    patient_id: pseudonym
    columns:
      age_years: age
      os_days: {{column: os_months, unit: months}}
      os_event: {{column: status, values: {{alive: 0, dead: 1}}}}
      recist: best_response
features: {{file: features.csv, feature_set: ours}}
""",
    "clinical.csv": "pseudonym,age,os_months,status,best_response,hospital\nP001,61,14,alive,PR,H1\n"
    "P002,55,30,dead,SD,H1\nP003,48,-4,alive,PD,H2\nP004,72,9,dead,SD,H2\nP005,66,41,alive,CR,H1\n",
    "features.csv": "patient_id,volume_ml,sphericity,peak_enhancement,software\n1,12.31,0.713,1.84,v1\n"
    "2,4.07,0.826,2.11,v1\n3,9.94,0.645,1.37,v1\n4,12.31,0.713,1.84,v1\n5,2.56,0.902,1.66,v1\n",
    "features_old.csv": "patient_id\n",
}
"""The folder of which the page shows what `tme check` says."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Everything that is said of the broken folders."""
    messages = []
    for declared, files in BROKEN.values():
        folder = tmp_path_factory.mktemp("landing") / "our_trial"
        for name, text in {"cohort.yaml": declared, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        with showing_cells():
            report = check_cohort(folder)
        messages += [*report.problems, *report.rejected["message"]]
    return [message.removeprefix("cohort our_trial: ") for message in messages]


def test_the_messages_are_those_that_are_given(said: list[str]) -> None:
    shown = [line for text in blocks(PAGE, "text", "messages") for line in text.splitlines()]
    assert len(shown) > 30
    assert [line for line in shown if line not in said] == []
    assert len(set(shown)) == len(shown)


def test_the_cohort_file_shown_is_one(tmp_path: Path) -> None:
    (text,) = blocks(PAGE, "yaml", "a whole cohort file")
    folder = tmp_path / "our_trial"
    folder.mkdir()
    (folder / "cohort.yaml").write_text(text)
    assert read_cohort(folder).clinical[0].columns["os_days"].unit == "months"


def test_the_endpoints_shown_can_be_declared(tmp_path: Path) -> None:
    (text,) = blocks(PAGE, "yaml", "endpoints of a cohort")
    (tmp_path / "clinical.csv").write_text("id,lesion_months,lesion\n")
    (tmp_path / "cohort.yaml").write_text(VALIDATION + "clinical: [{file: clinical.csv, patient_id: id}]\n" + text)
    cohort = read_cohort(tmp_path)
    assert set(cohort.subgroups.root) == {"early", "hr_positive", "early_luminal"}
    assert len(cohort.endpoints.root) == 5
    page = PAGE.read_text()
    assert [name for name in (*PACKAGED_ENDPOINTS.root, *PACKAGED_SUBGROUPS.root) if f"`{name}`" not in page] == []


def test_every_role_and_clinical_column_is_explained() -> None:
    page = PAGE.read_text()
    assert [role for role in Role if f"| `{role}` |" not in page] == []
    assert [name for name in CLINICAL_COLUMNS if f"`{name}`" not in page] == []


def test_the_output_shown_is_that_of_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "our_trial"
    folder.mkdir()
    for name, text in CHECKED.items():
        (folder / name).write_text(text)
    result = CliRunner().invoke(app, ["--study", "han2024", "--landing", str(tmp_path), "check", "our_trial"])
    assert result.exit_code == 1
    (shown,) = blocks(PAGE, "text", "output of tme check")
    assert [line.rstrip() for line in result.output.splitlines()] == shown.splitlines()
