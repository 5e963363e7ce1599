"""`tme check` prints what is wrong as it is, with the line, for the cohort file and the study file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tme_platform.cli.app import app

COHORT = """title: A [bold] cohort
roles: [phenotype_replication]
provenance: {kind: simulated, source: typed by hand, licence: none}
cell_scores: {file: s.tsv, groups: g.tsv, method: ours}
"""


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing" / "small"
    folder.mkdir(parents=True)
    (folder / "cohort.yaml").write_text(COHORT)
    (folder / "s.tsv").write_text("patient_id\tT\nA\t1\n")
    (folder / "g.tsv").write_text("population\tgroup\nT\tadaptive\n")
    return folder.parent


def checked(landing: Path, study: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--landing", str(landing), "--study", study, "check", "small"])
    return result.exit_code, result.output


def test_a_usable_cohort_is_ready(landing: Path) -> None:
    code, said = checked(landing, "han2024")
    assert code == 0
    assert "A [bold] cohort" in said
    assert "ready" in said


def test_brackets_in_a_message_are_printed(landing: Path) -> None:
    (landing / "small" / "cohort.yaml").write_text(COHORT + "subgroups:\n  early: {}\n")
    code, said = checked(landing, "han2024")
    assert code == 1
    assert "cohort.yaml line 6, subgroups.early: is empty." in said
    assert "such as `{her2: [positive]}`" in said


def test_a_wrong_study_file_is_named_with_its_line(landing: Path, tmp_path: Path) -> None:
    study = tmp_path / "mine.yaml"
    study.write_text("extends: han2024\nname: mine\nendpoints:\n  pfs: {time: pfs_days}\n")
    code, said = checked(landing, str(study))
    assert code == 1
    assert f"study {study} line 4, endpoints.pfs.event: is missing. Add it" in said


def test_the_check_says_what_it_took_everything_for(landing: Path) -> None:
    (landing / "small" / "notes.csv").write_text("x")
    code, said = checked(landing, "han2024")
    assert code == 0
    assert "s.tsv: cell scores (scores by ours)" in said
    assert "1 patient (column patient_id): A" in said
    assert "1 population (adaptive 1): T" in said
    assert "notes.csv: not used" in said
    assert "look  cohort.yaml has no `phenotypes`" in said


def test_rejections_are_grouped_by_rule_with_three_examples(landing: Path) -> None:
    rows = "".join(f"B{number}\tx\n" for number in range(6))
    (landing / "small" / "s.tsv").write_text(f"patient_id\tT\nA\t1\n{rows}")
    _, said = checked(landing, "han2024")
    assert "6 x not_a_number in s.tsv: patient left out" in said
    assert "B2: the score of 'T' is 'x', not a number" in said
    assert "B3:" not in said
    assert "... and 3 more" in said


def test_the_overview_counts_by_rule_over_all_cohorts(landing: Path, tmp_path: Path) -> None:
    study = tmp_path / "mine.yaml"
    study.write_text("extends: han2024\nname: mine\n")
    for name, rows in (("small", "B\tx\nC\tx\n"), ("other", "B\tx\nC\t1\nC\t2\n")):
        folder = landing / name
        folder.mkdir(exist_ok=True)
        for file in ("cohort.yaml", "g.tsv"):
            (folder / file).write_text((landing / "small" / file).read_text())
        (folder / "s.tsv").write_text(f"patient_id\tT\nA\t1\n{rows}")
    result = CliRunner().invoke(app, ["--landing", str(landing), "--study", str(study), "check"])
    counts = [line.strip() for line in result.output.splitlines() if " x " in line and " in " not in line]
    assert counts == ["3 x not_a_number: other 1, small 2", "1 x duplicate_patient: other 1"], result.output


def test_misspelled_keys_and_values_come_with_what_may_be_meant(landing: Path, tmp_path: Path) -> None:
    text = COHORT.replace("provenance", "provenence").replace("replication", "replicaton").replace("groups", "group")
    (landing / "small" / "cohort.yaml").write_text(
        text + "clinical: [{file: c.csv, columns: {age_years: {colum: a}}}]\n"
    )
    _, said = checked(landing, "han2024")
    for meant in (
        "provenence: unknown key. Did you mean provenance?",
        "(found 'phenotype_replicaton'). Did you mean phenotype_replication or phenotype_reference?",
        "cell_scores.group: unknown key. Did you mean groups?",
        "clinical.0.columns.age_years.colum: unknown key. Did you mean column?",
    ):
        assert meant in said
    study = tmp_path / "mine.yaml"
    study.write_text("extends: han2024\nname: mine\nphenotypes: {k_mx: 3}\nzzzzzz: 1\n")
    _, said = checked(landing, str(study))
    assert "line 3, phenotypes.k_mx: unknown key. Did you mean k_max or k_min? Correct its spelling" in said
    assert "line 4, zzzzzz: unknown key. Correct its spelling" in said


def test_without_a_name_every_cohort_and_the_study_are_checked(landing: Path, tmp_path: Path) -> None:
    study = tmp_path / "mine.yaml"
    study.write_text("extends: han2024\nname: mine\ntitle: Mine\ncohorts: [small]\n")
    result = CliRunner().invoke(app, ["--landing", str(landing), "--study", str(study), "check"])
    assert result.exit_code == 0, result.output
    assert "Study  Mine" in result.output
    assert "gene sets tme24:" in result.output
    study.write_text("extends: han2024\nname: mine\ncohorts: [small, smal]\n")
    result = CliRunner().invoke(app, ["--landing", str(landing), "--study", str(study), "check"])
    assert result.exit_code == 1
    assert "`cohorts` names 'smal', which is not in" in result.output
    assert "nearest: small" in result.output


def test_names_from_files_cannot_steer_the_terminal(landing: Path) -> None:
    (landing / "small" / "s.tsv").write_text("patient_id\tT\n[red]A\x1b[2J\t1\n")
    code, said = checked(landing, "han2024")
    assert code == 0
    assert "[red]A\\x1b[2J" in said
    assert "\x1b" not in said


def test_counts_and_lines_are_printed_as_they_are_read(landing: Path) -> None:
    clinical = "clinical: [{file: c.csv, patient_id: id, columns: {os_event: e, age_years: a}}]\n"
    (landing / "small" / "cohort.yaml").write_text(COHORT + clinical)
    (landing / "small" / "c.csv").write_text("id,e,a\nA,2,50\n")
    _, said = checked(landing, "han2024")
    assert "1 patient, 1 population, 1 patient with cell scores (0.0 MB)" in said
    assert "  Clinical columns\n  age_years <- c.csv: a (1 known): 50 years\n" in said
    assert "(1 row of rejected_inputs)" in said
    assert [line for line in said.splitlines() if line != line.rstrip()] == []


def test_a_cohort_outside_the_study_is_ready_for_another_study(landing: Path) -> None:
    code, said = checked(landing, "tcga_brca")
    assert code == 0
    assert "it is not among the `cohorts`" not in said, "none of the study's cohorts is in this folder"
    assert "ready: `tme run --cohort small` reads it with a study that has it among its `cohorts` (--study)." in said
