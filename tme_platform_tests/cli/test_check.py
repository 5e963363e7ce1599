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
