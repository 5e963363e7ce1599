"""The clinical columns are defined once: the table is built from them, and limits are worded from them."""

import ast

from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.tables.cohorts import PATIENTS
from tme_platform_tests.support.pages import REPOSITORY


def test_the_patients_table_has_exactly_the_clinical_columns() -> None:
    assert PATIENTS.columns[1:] == tuple(CLINICAL_COLUMNS.values())
    assert PATIENTS.columns[0].name == "patient_id"


def test_limits_are_stated_with_their_unit() -> None:
    assert CLINICAL_COLUMNS["age_years"].allowed_range == "0 to 120 (years)"
    assert CLINICAL_COLUMNS["os_days"].allowed_range == "more than 0 (days)"
    assert all(column.unit for column in CLINICAL_COLUMNS.values() if column.dtype == "float64")


def test_allowed_values_are_words_or_whole_numbers() -> None:
    assert CLINICAL_COLUMNS["os_event"].allowed == ("0", "1")
    assert len(CLINICAL_COLUMNS["stage"].allowed) == 20
    assert CLINICAL_COLUMNS["site"].allowed == CLINICAL_COLUMNS["age_years"].allowed == ()


def test_tables_import_no_other_part_of_the_platform() -> None:
    for path in (REPOSITORY / "tme_platform" / "tables").glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        imported = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        house = {name for name in imported if name.startswith("tme_platform")}
        assert all(name.startswith("tme_platform.tables") for name in house), path
