"""Tables are collected from their modules, and their definitions are consistent."""

from types import ModuleType

import pytest

from tme_platform.tables import TABLES, Stage, TableSchema, gather, rejections
from tme_platform.tables.schema import Column
from tme_platform_tests.support.pages import REPOSITORY

TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


def module(name: str, **members: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


def schema(name: str, stage: Stage = Stage.COHORTS) -> TableSchema:
    return TableSchema(name, stage, "A test.", (Column("a", "string", "A column."),), ("a",))


def test_every_table_that_a_module_defines_is_gathered() -> None:
    sources = (REPOSITORY / "tme_platform" / "tables").glob("*.py")
    defined = sum(source.read_text(encoding="utf-8").count(" = TableSchema(\n") for source in sources)
    assert len(TABLES) == defined > 40


def test_tables_are_ordered_by_stage_then_by_definition() -> None:
    late, first, second = schema("late", Stage.CATALOG), schema("z"), schema("a")
    gathered = gather([module("m", LATE=late, number=1), module("n", Z=first, A=second)])
    assert list(gathered) == ["z", "a", "late"]


def test_an_imported_table_counts_once() -> None:
    shared = schema("shared")
    assert gather([module("m", SHARED=shared), module("n", SHARED=shared)]) == {"shared": shared}


def test_two_tables_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="table same is defined twice, the second time in n"):
        gather([module("m", ONE=schema("same")), module("n", OTHER=schema("same"))])


@TABLE
def test_keys_and_units_are_columns(table: TableSchema) -> None:
    names = [column.name for column in table.all_columns]
    assert len(names) == len(set(names))
    assert {*table.key, table.counted_by} <= set(names)


@TABLE
def test_descriptions_are_sentences(table: TableSchema) -> None:
    for text in (table.description, *(column.description for column in table.columns)):
        assert text.endswith(".")


def test_stages_are_numbered_so_that_groups_sort_in_order() -> None:
    assert [stage.number for stage in Stage] == list(range(1, len(Stage) + 1))
    assert Stage.COHORTS.group == "s1_cohorts"
    groups = [stage.group for stage in Stage]
    assert groups == sorted(groups)


def test_rejections_of_a_table_are_an_internal_table_with_row_keys() -> None:
    internal = rejections(TABLES["patients"])
    assert internal.internal
    assert internal.name == "_patients_rejected"
    assert internal.stage == Stage.COHORTS
    assert internal.key[-1] == "row_key"
    assert "_patients_rejected" not in TABLES
