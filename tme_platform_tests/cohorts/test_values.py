"""The mapping of clinical text and the `patients` table allow the same values."""

import pandas as pd
import pytest

from tme_platform.cohorts._codings import SYNONYMS
from tme_platform.cohorts._values import empty_values, to_canonical
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS, ClinicalColumn
from tme_platform.tables.cohorts import PATIENTS

COLUMNS = pytest.mark.parametrize("column", CLINICAL_COLUMNS.values(), ids=list(CLINICAL_COLUMNS))
NUMBERS = [
    *map(str, (-1e9, -1, -0.001, 0, 0.001, 0.5, 1, 2, 99, 100, 100.1, 120, 121, 1e9)),
    "inf",
    "-inf",
    "nan",
    "1e999",
]
WORDS = ["", "x", "Stage X", "stage iiic", "IVD", "00", "007", "TRUE", "maybe", "POSITIVE", "lumc", "-", "\u00e9"]


def mapped(column: ClinicalColumn, texts: list[str]) -> pd.Series:
    index = pd.Index([f"P{number}" for number in range(len(texts))], name="patient_id")
    text = pd.Series(texts, index=index, dtype="string").replace("", pd.NA)
    unit = column.own_unit if column.units else None  # stated, so that single values are not doubted
    return to_canonical(text, column.name, ColumnRule(column="theirs", unit=unit), ".", "c.csv", Rejections("c"))


def table_problems(column: ClinicalColumn, values: pd.Series) -> list[str]:
    frame = empty_values(values.index).assign(**{column.name: values}).reset_index()
    return PATIENTS.problems(PATIENTS.conform(frame, cohort="c", provenance="real"))


@COLUMNS
def test_the_table_accepts_what_the_mapping_produces(column: ClinicalColumn) -> None:
    allowed = [*column.allowed, *(word.upper() for word in column.allowed)]
    texts = [*NUMBERS, *WORDS, *SYNONYMS.get(column.name, {}), *allowed]
    # a coding is judged over the whole column, so that words which do not belong together are mapped one by one
    columns = [[text] for text in texts] if column.allowed else [texts]
    values = pd.concat([mapped(column, together) for together in columns])
    values.index = pd.Index([f"P{number}" for number in range(len(values))], name="patient_id")
    assert values.dtype == column.dtype
    assert values.notna().any()
    assert table_problems(column, values) == []


@COLUMNS
def test_the_mapping_produces_every_word_that_the_table_accepts(column: ClinicalColumn) -> None:
    assert list(map(str, mapped(column, list(column.allowed)))) == list(column.allowed)


@pytest.mark.parametrize("column", [c for c in CLINICAL_COLUMNS.values() if c.dtype == "float64"], ids=lambda c: c.name)
def test_the_mapping_keeps_exactly_the_numbers_that_the_table_accepts(column: ClinicalColumn) -> None:
    for number in map(float, NUMBERS):
        value = pd.Series([number], index=pd.Index(["P1"], name="patient_id"))
        accepted = pd.notna(number) and table_problems(column, value) == []
        assert mapped(column, [str(number)]).notna().item() == accepted, number


@pytest.mark.parametrize(
    ("name", "value"),
    [("pd_l1", 101.0), ("immune_phenotype", "warm"), ("os_event", 2), ("os_days", 0.0), ("stage", "X")],
)
def test_the_table_refuses_values_outside_its_definition(name: str, value: object) -> None:
    column = CLINICAL_COLUMNS[name]
    values = pd.Series([value], index=pd.Index(["P1"], name="patient_id"), dtype=column.dtype)
    assert len(table_problems(column, values)) == 1


def test_synonyms_stand_for_allowed_words() -> None:
    for name, words in SYNONYMS.items():
        assert set(words.values()) <= set(CLINICAL_COLUMNS[name].allowed)
        assert all(word == word.lower() for word in words)
