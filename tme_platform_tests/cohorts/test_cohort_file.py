from pathlib import Path

import pytest

from tme_platform.cohorts import CohortError, landing_path, list_cohorts, read_cohort

from .conftest import HEAD


def refused(folder: Path, text: str) -> CohortError:
    (folder / "cohort.yaml").write_text(text)
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    return caught.value


def test_short_forms_are_expanded(land):
    _, cohort = land("clinical: [{file: c.csv, patient_id: id, columns: {age_years: Age}}]\nimaging: {}\n")
    assert cohort.clinical[0].patient_id.column == "id"
    assert cohort.clinical[0].columns["age_years"].column == "Age"
    assert cohort.imaging.manifest == "imaging.csv"


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        ("title: [unclosed\nroles: x", "malformed_yaml", "line 2"),
        ("- a\n- b\n", "malformed_yaml", "should hold"),
        ("", "malformed_yaml", "should hold"),
        ("a: &x [1]\nb: *x\n", "malformed_yaml", "aliases"),
        (HEAD + "title: again\n", "malformed_yaml", "line 4: `title` is already defined in line 1"),
        ("[" * 3000, "malformed_yaml", "nested too deeply"),
        (HEAD + "split: {fraction: 2024-13-45}\n", "malformed_yaml", "cannot be read as YAML"),
        (HEAD + "expresion: {file: e.tsv}\n", "unknown_key", "line 4, expresion: unknown key"),
        (HEAD + "expression:\n  file: e.tsv\n  unit: rpkm\n", "unknown_unit", "line 6, expression.unit"),
        (
            HEAD + "expression: {file: e.tsv, unit: tpm, gene_lengths: l.tsv}\n",
            "invalid_value",
            "converts counts, not tpm",
        ),
        (HEAD + "expression: {file: e.tsv, unit: tpm, gene_id: ensembl}\n", "invalid_value", "needs gene_map"),
        (HEAD.replace("immune_phenotype", "main"), "invalid_value", "roles.0"),
        (HEAD.replace("title: A cohort\n", ""), "invalid_value", "title: is missing"),
        (
            HEAD + "clinical: [{file: c.csv, patient_id: {column: id, pattern: '('}}]\n",
            "invalid_value",
            "line 4, clinical.0.patient_id.pattern: '(' is not a valid regular",
        ),
        (
            HEAD + "clinical: [{file: c.csv, patient_id: id, columns: {er: {column: x, unit: days}}}]\n",
            "unknown_unit",
            "not to er",
        ),
        (
            HEAD
            + "clinical:\n  - file: c.csv\n    patient_id: id\n"
            + "    columns:\n      er: {column: er, values: {1: positive}}\n",
            "invalid_value",
            "line 8, clinical.0.columns.er.values.1: 1 is not text in YAML. Put it in quotes",
        ),
        ("#" * 1_000_001, "too_large", "larger than 1 MB"),
    ],
)
def test_errors_name_the_line_and_the_rule(tmp_path, text, rule, said):
    error = refused(tmp_path, text)
    assert error.rule == rule
    assert said in str(error)
    assert "cohort.yaml" in str(error)


def test_an_unknown_unit_lists_the_known_units(tmp_path):
    message = str(refused(tmp_path, HEAD + "expression: {file: e.tsv, unit: rpkm}\n"))
    assert "'log2_fpkm'" in message
    assert "'rpkm'" in message


def test_missing_and_misencoded_files_are_refused(tmp_path):
    (tmp_path / "cohort.yaml").write_bytes("title: Jürgen".encode("latin-1"))
    with pytest.raises(CohortError, match="UTF-8"):
        read_cohort(tmp_path)
    with pytest.raises(CohortError, match=r"there is no .*cohort\.yaml") as caught:
        read_cohort(tmp_path / "nowhere")
    assert caught.value.rule == "cohort_file_missing"


def test_cohorts_are_folders_with_a_cohort_file_and_a_valid_name(tmp_path):
    for name in ("b_2", "a", "No Good", "9lives", "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "cohort.yaml").touch()
    (tmp_path / "cohort.yaml").touch()
    assert list_cohorts(tmp_path) == ["a", "b_2"]
    assert list_cohorts(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "path", ["../other/x.csv", "/etc/passwd", "a/../../x", "", "..\\x", "C:\\x", "a\0b", "link/x", "loop/x"]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, path):
    folder = tmp_path / "cohort"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(CohortError) as caught:
        landing_path(folder, path)
    assert caught.value.rule == "path_leaves_folder"


def test_a_path_inside_is_resolved_whether_or_not_it_exists(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "inside").symlink_to(tmp_path / "images")
    assert landing_path(tmp_path, "images/../images/x.nii") == (tmp_path / "images" / "x.nii").resolve()
    assert landing_path(tmp_path, "inside/x.nii") == (tmp_path / "images" / "x.nii").resolve()
