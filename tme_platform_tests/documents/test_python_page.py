"""The page "From Python" runs on a small study that has run, block after block."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tme_platform
from tme_platform.tables import TABLES
from tme_platform_tests.support.pages import DOCS, blocks


@pytest.fixture
def names(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the names of the page are bound to after its last block, on the cohorts and the study of a small run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data_lake").symlink_to(small_run / "lake")
    opened = 'tme_platform.open("data_lake"'
    text = "\n".join(blocks(DOCS / "python.md", "python", "run"))
    assert text.count(opened) == 1
    text = text.replace(opened, f"{opened}, study={str(small_run / 'small.yaml')!r}").replace("scanb", "reference")
    found: dict[str, Any] = {}
    exec(compile(text, "python.md", "exec"), found)  # noqa: S102
    return found


def test_the_page_runs_and_reads_what_it_says(names: dict[str, Any], tmp_path: Path) -> None:
    assert set(blocks(DOCS / "python.md", "python")) == set(blocks(DOCS / "python.md", "python", "run"))
    assert set(names["patients"]["cohort"]) == {"reference"}
    assert set(names["phenotypes"].columns) == {"cohort", "patient_id", "phenotype"}
    counted = names["phenotypes"].groupby("cohort").size()
    assert names["hot"].set_index("cohort")["tumours"].to_dict() == counted.to_dict()
    assert names["hot"]["share"].between(0, 1).all()
    assert set(names["checkpoints"].get("gene", ())) <= {"CD274", "PDCD1"}
    assert (tmp_path / "kaplan_meier.pdf").read_bytes().startswith(b"%PDF")
    assert len(pd.read_csv(tmp_path / "kaplan_meier.csv")) == len(names["drawn"].data) > 0
    assert names["study"].name == "small"


def test_reading_changes_nothing_and_wrong_names_are_sentences(small_run: Path) -> None:
    lake = tme_platform.open(small_run / "lake")
    before = {name: lake.workspace.lake.version(schema) for name, schema in TABLES.items()}
    assert set(lake.tables()["table_name"]) == set(TABLES)
    assert lake.figures().set_index("figure").loc["kaplan_meier", "per_cohort"]
    for call, said in (
        (lambda: lake.table("patient"), r"no table 'patient'. Did you mean patients"),
        (lambda: lake.table("patients", "refrence"), r"no cohort 'refrence'. Did you mean reference\?"),
        (lambda: lake.table("signature", "reference"), r"kept for the whole study"),
        (lambda: lake.figure("kaplan_meyer"), r"Did you mean kaplan_meier"),
        (lambda: lake.figure("kaplan_meier", "mri"), r"'kaplan_meier' of mri has no data: it is drawn from survival_"),
        (lambda: lake.figure("study_diagram", "mri"), r"shows all cohorts"),
        (lake.study, r"built by study 'small', which is not packaged"),
    ):
        with pytest.raises(LookupError, match=said):
            call()
    assert {name: lake.workspace.lake.version(schema) for name, schema in TABLES.items()} == before


def test_a_folder_without_tables_is_not_opened_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `tme demo` or `tme run` first"):
        tme_platform.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
