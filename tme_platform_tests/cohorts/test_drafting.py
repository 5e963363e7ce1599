"""A drafted cohort file is read by our own reader, `tme check` accepts it, and guesses and doubts are marked."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tme_platform.cohorts import CohortReport, check_cohort, read_clinical, read_cohort
from tme_platform.cohorts.drafting import Draft, draft_cohort
from tme_platform.cohorts.drafting.vocabulary import canonical_name
from tme_platform.expression import gene_set_path, read_gmt
from tme_platform_tests.support.workbooks import write_workbook

PATIENTS = [f"P{number:03}" for number in range(1, 13)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "our_trial"
    made.mkdir()
    return made


def accepted(folder: Path) -> tuple[Draft, CohortReport]:
    """The draft, written, and what `tme check` says of it."""
    draft = draft_cohort(folder)
    (folder / "cohort.yaml").write_text(draft.text)
    if draft.manifest is not None:
        (folder / "imaging.csv").write_text(draft.manifest)
    read_cohort(folder)
    return draft, check_cohort(folder)


def clinical(**columns: list[object]) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    given: dict[str, object] = {
        "Pseudonym": PATIENTS,
        "Age at diagnosis": rng.integers(35, 80, 12),
        "OS_months": rng.uniform(5, 90, 12).round(1),
        "Vital status": ["Alive", "Dead"] * 6,
        "ER status": ["pos", "neg"] * 6,
        "family doctor": [f"Dr Secret {name}" for name in PATIENTS],
    }
    return pd.DataFrame(given | columns)


def expression(scale: str = "log2") -> pd.DataFrame:
    rng = np.random.default_rng(2)
    genes = sorted({gene for genes in read_gmt(gene_set_path("tme24")).values() for gene in genes})
    log2 = rng.normal(5, 2, (len(genes), 12)).clip(0)
    values = {"log2": log2, "counts": np.floor(2**log2), "z": rng.normal(0, 1, log2.shape)}[scale]
    return pd.DataFrame(values, index=pd.Index(genes, name="gene"), columns=PATIENTS)


def test_expression_and_clinical_table(folder: Path) -> None:
    expression().to_csv(folder / "rna.tsv", sep="\t")
    clinical().to_csv(folder / "clinical.csv", index=False)
    draft, report = accepted(folder)
    assert report.problems == ()
    assert report.counts["patients"] == report.counts["samples"] == report.counts["patients with survival"] == 12
    assert report.counts["deaths"] == 6
    cohort = read_cohort(folder)
    assert [role.value for role in cohort.roles] == ["phenotype_replication"]
    lines = draft.text.splitlines()
    assert "  unit: log2_fpkm  # guessed: values are small, like logarithms; log2_tpm, log2_cpm and" in draft.text
    assert any("OS_months, unit: months}" in line and "# guessed" in line for line in lines)
    assert any("values: {Alive: 0, Dead: 1}" in line and "# guessed: " in line for line in lines)
    assert sum("# guessed" in line for line in lines) == draft.guesses


def test_no_cell_but_known_words_is_in_the_draft(folder: Path) -> None:
    expression().to_csv(folder / "rna.tsv", sep="\t")
    table = clinical(Site=["St Mary", "Clinic Zweig"] * 6, Grade=["well", "poor"] * 6)
    table.to_csv(folder / "clinical.csv", index=False)
    draft, _ = accepted(folder)
    for secret in ("Secret", "Mary", "Zweig", "well", "poor", "P001"):
        assert secret not in draft.text
        assert not any(secret in line for line in draft.found)
    assert "# grade: Grade  # its values are no words of ours" in draft.text


@pytest.mark.parametrize(
    ("scale", "unit"), [("log2", "log2_fpkm"), ("counts", "counts"), ("z", "z_score")]
)  # fmt: skip
def test_the_unit_is_guessed_by_the_values(folder: Path, scale: str, unit: str) -> None:
    expression(scale).to_csv(folder / "rna.csv")
    accepted(folder)
    assert read_cohort(folder).expression.unit == unit


def test_tpm_sums_to_a_million(folder: Path) -> None:
    tpm = expression("counts") + 0.5
    (tpm / tpm.sum() * 1e6).to_csv(folder / "rna.tsv", sep="\t")
    accepted(folder)
    assert read_cohort(folder).expression.unit == "tpm"


def test_the_name_of_the_file_may_tell_the_unit_but_not_against_the_values(folder: Path) -> None:
    expression("log2").to_csv(folder / "log2_tpm.tsv", sep="\t")
    assert "unit: log2_tpm  # guessed: by the name" in draft_cohort(folder).text
    expression("counts").to_csv(folder / "log2_tpm.tsv", sep="\t")
    assert "unit: counts  # guessed: values are whole numbers" in draft_cohort(folder).text


def test_a_unit_in_doubt_is_left_to_the_person(folder: Path) -> None:
    clinical(OS=[float(n) + 0.5 for n in range(12)]).drop(columns="OS_months").to_csv(folder / "c.csv", index=False)
    expression().to_csv(folder / "rna.tsv", sep="\t")
    draft, report = accepted(folder)
    assert "# os_days: OS  # the unit is in doubt: add `unit`, and remove the # before the line" in draft.text
    assert report.problems == ()


def test_a_coding_in_doubt_is_left_to_the_person(folder: Path) -> None:
    clinical(**{"Vital status": [1, 2] * 6}).to_csv(folder / "c.csv", index=False)
    draft, _ = accepted(folder)
    assert "# os_event: Vital status  # the coding is in doubt" in draft.text


def test_fractions_and_decimal_commas(folder: Path) -> None:
    table = clinical(CD8=[f"0,{number:02}" for number in range(1, 13)], Age=[f"{n},5" for n in range(40, 52)])
    table.drop(columns="Age at diagnosis").to_csv(folder / "c.tsv", index=False, sep="\t")
    draft, _ = accepted(folder)
    assert 'decimal: ","  # guessed' in draft.text
    patients = read_clinical(folder, "our_trial", read_cohort(folder)).patients
    assert patients["age_years"].iloc[0] == 40.5
    assert patients["cd8_percent"].round(6).tolist() == [float(number) for number in range(1, 13)]


def test_sheets_of_a_workbook(folder: Path) -> None:
    rows = clinical(Biopsy=[datetime.date(2020, 1, 1)] * 12)
    pathology = [["case id", "CD8 (%)", "pCR"], *([name, 10, "yes"] for name in PATIENTS)]
    sheets = {
        "Patients": [list(rows.columns), *rows.to_numpy(dtype=object).tolist()],
        "IHC": pathology,
        "Notes": [["x"]],
    }
    write_workbook(folder / "trial data.xlsx", sheets)
    expression().to_csv(folder / "rna.tsv", sep="\t")
    _, report = accepted(folder)
    assert report.problems == ()
    cohort = read_cohort(folder)
    assert [source.sheet for source in cohort.clinical] == ["Patients", "IHC"]
    assert [role.value for role in cohort.roles] == ["phenotype_replication", "immune_phenotype"]
    assert report.counts["patients"] == 12


def test_a_finished_feature_table(folder: Path) -> None:
    rng = np.random.default_rng(3)
    names = [f"original_glcm_{name}" for name in ("Contrast", "Energy", "Idm", "Imc1", "Imc2", "JointEnergy")]
    features = pd.DataFrame(rng.normal(size=(12, 6)), columns=names)
    features.insert(0, "Patient ID", PATIENTS)
    features.to_csv(folder / "radiomics.csv", index=False)
    clinical(RECIST=["CR", "PD"] * 6).to_csv(folder / "c.csv", index=False)
    _, report = accepted(folder)
    assert report.problems == ()
    assert report.counts["features"] == 6
    assert [role.value for role in read_cohort(folder).roles] == ["immunotherapy"]


def test_fractions_of_a_known_map(folder: Path) -> None:
    from tme_platform.expression import lineage_map

    rng = np.random.default_rng(4)
    states = list(lineage_map("lm22").lineage)
    fractions = pd.DataFrame(rng.dirichlet(np.ones(len(states)), 12), columns=states)
    fractions.insert(0, "Mixture", PATIENTS)
    fractions.to_csv(folder / "cibersort.csv", index=False)
    clinical().to_csv(folder / "c.csv", index=False)
    _, report = accepted(folder)
    assert report.problems == ()
    assert read_cohort(folder).cell_scores.lineages == "lm22"


def test_ensembl_ids_need_a_map(folder: Path) -> None:
    matrix = expression()
    ids = [f"ENSG{number:011}.3" for number in range(len(matrix))]
    pd.Series(matrix.index, index=pd.Index(ids, name="id"), name="symbol").to_csv(folder / "map.tsv", sep="\t")
    matrix.set_axis(pd.Index(ids, name="id")).to_csv(folder / "rna.tsv", sep="\t")
    clinical().to_csv(folder / "c.csv", index=False)
    _, report = accepted(folder)
    assert report.counts["genes"] == len(matrix)
    (folder / "map.tsv").unlink()
    draft, _ = accepted(folder)
    assert read_cohort(folder).expression is None
    assert "# genes are Ensembl ids: add a two-column file (id, symbol)" in draft.text


def test_a_transposed_matrix_is_named_and_not_declared(folder: Path) -> None:
    expression().T.to_csv(folder / "rna.csv")
    clinical().to_csv(folder / "c.csv", index=False)
    draft, _ = accepted(folder)
    assert read_cohort(folder).expression is None
    assert "'rna.csv': genes are in columns" in draft.text


LAYOUTS = {
    "folder per patient": [f"{p}/{name}.nii.gz" for p in PATIENTS[:3] for name in ("image", "mask")],
    "folder per patient, named series": [f"scans/{p}/{n}.nrrd" for p in PATIENTS[:3] for n in ("dce", "segmentation")],
    "side by side": [f"images/{p}_{name}.nii.gz" for p in PATIENTS[:3] for name in ("image", "mask")],
    "two folders": [f"{folder}/{p}.mha" for p in PATIENTS[:3] for folder in ("images", "masks")],
    "series in the name": [f"{p}_T1{name}.nii.gz" for p in PATIENTS[:3] for name in ("", "_seg")],
}


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_of_images(folder: Path, files: list[str]) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(file.encode())
    clinical().to_csv(folder / "c.csv", index=False)
    draft, report = accepted(folder)
    assert report.problems == ()
    assert report.counts["outlines"] == report.counts["patients with outlines"] == 3
    assert [role.value for role in read_cohort(folder).roles] == ["imaging_methods"]
    rows = pd.read_csv(folder / "imaging.csv")
    assert rows["patient_id"].tolist() == PATIENTS[:3]
    assert not rows["image"].str.contains("mask|seg").any()
    assert draft.found[-1] == "3 outlines of 3 patients, in imaging.csv"


def test_two_readers_and_two_series(folder: Path) -> None:
    for file in ("P1/dce.nii", "P1/dce_mask_reader1.nii", "P1/dce_mask_reader2.nii", "P1/t2.nii", "P1/t2_mask.nii"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(file.encode())
    draft, _ = accepted(folder)
    assert draft.manifest == (
        "patient_id,series,image,mask,reader\nP1,dce,P1/dce.nii,P1/dce_mask_reader1.nii,1\n"
        "P1,dce,P1/dce.nii,P1/dce_mask_reader2.nii,2\nP1,t2,P1/t2.nii,P1/t2_mask.nii,1\n"
    )
    assert read_cohort(folder).imaging.series == "dce"


def test_an_image_without_a_partner_is_counted(folder: Path) -> None:
    for file in ("P1/image.nii", "P1/mask.nii", "P2/image.nii"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(file.encode())
    assert "1 image files without a partner are not in imaging.csv" in draft_cohort(folder).found


def test_names_that_mean_something_in_yaml(folder: Path) -> None:
    table = clinical()
    names = {"Pseudonym": "Patient: #1 {id}", "Age at diagnosis": "yes", "family doctor": "a\tb"}
    table = table.rename(columns=names).assign(age=table["Age at diagnosis"])
    table.to_csv(folder / "it's, a [table] #2.csv", index=False)
    accepted(folder)
    (source,) = read_cohort(folder).clinical
    assert (source.file, source.patient_id.column) == ("it's, a [table] #2.csv", "Patient: #1 {id}")


def test_nothing_to_draft_from(folder: Path) -> None:
    (folder / "letter.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValueError, match="is recognised: put a clinical table"):
        draft_cohort(folder)


def test_a_file_that_cannot_be_read_is_said_so(folder: Path) -> None:
    clinical().to_csv(folder / "c.csv", index=False)
    (folder / "semicolons.csv").write_text("a;b\n1;2\n")
    draft, report = accepted(folder)
    assert "#   'semicolons.csv': " in draft.text
    assert yaml.safe_load(draft.text)["title"] == "our_trial"
    assert report.counts["patients"] == 12


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("OS_MONTHS", ("os_days", "months")),
        ("osDays", ("os_days", None)),
        ("Overall Survival (years)", ("os_days", "years")),
        ("tumor_volume_mm3", ("tumour_volume_ml", "mm3")),
        ("FTV (cc)", ("tumour_volume_ml", None)),
        ("Ki-67 [%]", ("ki67_percent", None)),
        ("HER2_status", ("her2", None)),
        ("os_censored", None),
        ("age_group", None),
        ("OS years percent", None),
    ],
)
def test_names_of_columns(name: str, found: tuple[str, str | None] | None) -> None:
    assert canonical_name(name) == found
