"""Printed tables: what stands in a cell, and that Word and LaTeX show it as it is."""

import io
import re

import pandas as pd
import pytest
from docx import Document

from tme_platform.report.facts import StudyFacts
from tme_platform.report.latex import to_latex
from tme_platform.report.print_tables import PrintTable, print_tables
from tme_platform.report.word import to_docx

ODD = PrintTable(
    "odd",
    "50 % of A_B & C",
    ("Variable", "[n]"),
    (("  level <1", "*"), ("\\input{x}", "~^#$\x0b")),
    ("p ≥ 0.05 – uncorrected.",),
)


def facts_with(**tables: pd.DataFrame) -> StudyFacts:
    cohorts = pd.DataFrame({"cohort": ["a", "b"], "title": ["Alpha", "Beta"], "roles": "", "provenance": "real"})
    patients = pd.DataFrame({"cohort": ["a"] * 8 + ["b"] * 9, "patient_id": [f"p{n}" for n in range(17)]})
    return StudyFacts("small", "Small", {}, {"cohorts": cohorts, "patients": patients, **tables})


def described() -> pd.DataFrame:
    common = {"statistic": 1.0, "test": "Wilcoxon", "reason": None, "p": 0.0123, "mean": 1.0, "sd": 1.0}
    age = {"variable": "age_years", "kind": "numeric", "level": None, "n_missing": 2, "share": None, **common}
    er = {"variable": "er", "kind": "categorical", "n_missing": 0, "median": None, "q1": None, "q3": None, **common}
    return pd.DataFrame(
        [
            {"cohort": "a", "n": 8, "median": 61.25, "q1": 50.0, "q3": 70.0, **age},
            {"cohort": "b", "n": 9, "median": 40.0, "q1": 30.0, "q3": 50.0, **age},
            {"cohort": "a", "n": 6, "share": 0.75, "level": "positive", **er},
            {"cohort": "a", "n": 2, "share": 0.25, "level": "negative", **er},
            {"cohort": "b", "n": 9, "share": 1.0, "level": "positive", **er},
        ]
    )


def test_characteristics_count_levels_and_missing_values() -> None:
    (table,) = print_tables(facts_with(cohort_table_one=described()))
    cells = {row[0].strip(): row[1:] for row in table.rows}
    age = next(value for name, value in cells.items() if name.startswith("age"))
    assert age[:2] == ("61.2 (50.0 to 70.0)", "40.0 (30.0 to 50.0)")
    assert cells["positive"][:2] == ("6 (75 %)", "9 (100 %)")
    assert cells["negative"][:2] == ("2 (25 %)", "0 (0 %)"), "a level that nobody has is 0, not a dash"
    assert cells["missing"][:2] == ("2", "2")
    assert table.columns[-1] == "p"
    assert "not corrected" in " ".join(table.notes)


def test_a_study_without_rows_has_no_table() -> None:
    assert print_tables(facts_with()) == []


def test_latex_prints_what_would_be_commands() -> None:
    text = to_latex(ODD, 3)
    assert r"\caption{50 \% of A\_B \& C}" in text
    assert r"\label{tab:3}" in text
    assert r"\textbackslash{}input\{x\} & \textasciitilde{}\textasciicircum{}\#\$ " in text
    assert r"\quad level \textless{}1 & {}* \\" in text
    assert "Variable & {}[n] \\\\" in text, "a bracket after a line's end would be its option"
    assert r"p $\geq$ 0.05 -- uncorrected." in text
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert not re.search(r"[^\x20-\x7e\n]", text)


def test_word_holds_the_same_cells_and_the_same_bytes_each_time() -> None:
    content = to_docx(ODD, 3)
    assert content == to_docx(ODD, 3)
    document = Document(io.BytesIO(content))
    (grid,) = document.tables
    found = [[cell.text for cell in row.cells] for row in grid.rows]
    assert found == [["Variable", "[n]"], ["\N{NO-BREAK SPACE}" * 2 + "level <1", "*"], ["\\input{x}", "~^#$ "]]
    assert document.paragraphs[0].text == "Table 3. 50 % of A_B & C"
    assert document.core_properties.author == ""


@pytest.mark.parametrize("columns", [3, 9])
def test_wide_tables_fit_the_page(columns: int) -> None:
    wide = PrintTable("wide", "Wide", tuple(map(str, range(columns))), (("x",) * columns,), ())
    section = Document(io.BytesIO(to_docx(wide, 1))).sections[0]
    assert (section.page_width > section.page_height) == (columns >= 5)
    assert (r"\resizebox" in to_latex(wide, 1)) == (columns >= 6)
