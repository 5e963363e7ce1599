"""Parquet files of other programs are read as the same table in text would be, or refused."""

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tme_platform.cohorts import read_clinical, read_expression, read_features

VALUES = {"P1": [1.5, 2.0], "P2": [3.0, 4.0]}


@pytest.fixture
def matrix(land):
    def read(table: pd.DataFrame | pa.Table):
        folder, cohort = land("expression: {file: e.parquet, unit: tpm}\n")
        if isinstance(table, pa.Table):
            parquet.write_table(table, folder / "e.parquet")
        else:
            table.to_parquet(folder / "e.parquet")
        known = read_clinical(folder, "small", cohort).patients["patient_id"].tolist()
        genes, rejected = read_expression(folder, "small", cohort)
        assert set(genes.columns) <= set(known), "both readers agree on the samples"
        return genes, rejected

    return read


@pytest.fixture
def clinical(land):
    def read(table: pd.DataFrame | pa.Table, columns: str = "age_years: age", key: str = "id"):
        folder, cohort = land(f"clinical: [{{file: c.parquet, patient_id: {key}, columns: {{{columns}}}}}]\n")
        parquet.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), folder / "c.parquet")
        return read_clinical(folder, "small", cohort)

    return read


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(VALUES, index=["A", "B"]),
        pd.DataFrame(VALUES, index=pd.Index(["A", "B"], name="gene")),
        pd.DataFrame({"gene": ["A", "B"], **VALUES}),
        pd.DataFrame({"gene": ["A", "B"], **VALUES}, index=[3, 7]),
        pd.DataFrame({"gene": pd.Categorical(["A", "B"]), **VALUES}),
        pd.DataFrame({"gene": ["A", "B"], **VALUES}).convert_dtypes(),
        pd.DataFrame({"gene": [b"A", b"B"], **VALUES}),
        pd.DataFrame({"gene": ["A", "B"], "P1": ["1.5", "2"], "P2": pd.Categorical([3.0, 4.0])}),
        pd.DataFrame({"gene": ["A", "B"], "P1": [decimal.Decimal("1.5"), decimal.Decimal(2)], "P2": [3, 4]}),
    ],
    ids=["unnamed", "named", "column", "rows left", "categories", "nullable", "bytes", "text", "decimals"],
)
def test_the_genes_are_found_wherever_they_are(matrix, table):
    genes, rejected = matrix(table)
    assert genes.to_dict() == {"P1": {"A": 1.5, "B": 2}, "P2": {"A": 3, "B": 4}}
    assert rejected.empty


def test_genes_by_number_are_names(matrix):
    genes, _ = matrix(pd.DataFrame(VALUES, index=[5133, 3458]))
    assert genes.index.tolist() == ["5133", "3458"]


def test_columns_may_have_numbers_for_names(matrix):
    genes, _ = matrix(pd.DataFrame([[1, 2], [3, 4]], index=["A", "B"], columns=[101, 102]))
    assert genes.columns.tolist() == ["101", "102"]


def test_an_index_of_two_levels_is_two_columns(matrix):
    index = pd.MultiIndex.from_tuples([("A", "x"), ("B", "y")], names=["gene", "about"])
    genes, _ = matrix(pd.DataFrame(VALUES, index=index))
    assert genes.columns.tolist() == ["P1", "P2"]
    assert genes.index.tolist() == ["A", "B"]


def test_repeated_columns_are_rejected(matrix, clinical, rules):
    table = pa.table([pa.array(["A", "B"]), pa.array([1.0, 2.0]), pa.array([3.0, 4.0])], names=["gene", "P1", "P1"])
    genes, rejected = matrix(table)
    assert genes["P1"].tolist() == [1, 2]
    assert rules(rejected) == {"duplicate_sample": 1}
    tables = clinical(pa.table([pa.array(["A"]), pa.array([50]), pa.array([51])], names=["id", "age", "age"]))
    assert tables.patients["age_years"].tolist() == [50]
    assert rules(tables.rejected) == {"duplicate_column": 1}


def test_dates_are_no_expression(matrix):
    dates = pd.to_datetime(["2020-01-01", "2021-01-01"])
    genes, rejected = matrix(pd.DataFrame({"gene": ["A", "B"], "when": dates, **VALUES}))
    assert genes.columns.tolist() == ["P1", "P2"]
    assert "when" in rejected["message"].item()


@pytest.mark.parametrize("cells", [[[1, 2], [3]], [{"a": 1}, {"a": 2}]])
def test_cells_with_several_values_are_refused(matrix, clinical, cells):
    for rejected in (
        matrix(pa.table({"gene": ["A", "B"], "P1": cells}))[1],
        clinical(pa.table({"id": ["A", "B"], "age": cells})).rejected,
    ):
        assert rejected["rule"].tolist() == ["file_unreadable"]
        assert "lists or records" in rejected["message"].item()


def test_codes_with_missing_values_stay_whole_numbers(clinical):
    table = pd.DataFrame({"id": [1, 2, 3], "er": pd.array([1, None, 0], dtype="Int64")})
    tables = clinical(table, "er: {column: er, values: {'0': negative, '1': positive}}")
    assert tables.patients["er"].fillna("-").tolist() == ["positive", "-", "negative"]
    assert tables.patients["patient_id"].tolist() == ["1", "2", "3"]


def test_an_unnamed_index_can_be_named_as_a_column(clinical):
    tables = clinical(pd.DataFrame({"age": [50, 51]}, index=["A", "B"]), key="column_1")
    assert tables.patients["age_years"].tolist() == [50, 51]


def test_features_by_an_index_are_read(land):
    folder, cohort = land("features: {file: f.parquet, feature_set: x}\n")
    table = pd.DataFrame({"f": np.float32([1, 2])}, index=pd.Index(["P1", "P2"], name="patient_id"))
    table.to_parquet(folder / "f.parquet")
    assert read_features(folder, "small", cohort)[0]["f"].to_dict() == {"P1": 1, "P2": 2}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"id,age\nA,50\n"])
def test_what_is_no_parquet_is_refused(land, content):
    folder, cohort = land("clinical: [{file: c.parquet, patient_id: id}]\nexpression: {file: c.parquet, unit: tpm}\n")
    (folder / "c.parquet").write_bytes(content)
    assert read_clinical(folder, "small", cohort).rejected["rule"].tolist() == ["file_unreadable"]
    assert read_expression(folder, "small", cohort)[1]["rule"].tolist() == ["file_unreadable"]


def _repeated(text, rows):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array([text]))


@pytest.mark.parametrize("store_schema", [False, True], ids=["text", "categories"])
def test_a_text_repeated_without_end_is_refused(land, store_schema):
    folder, cohort = land("clinical: [{file: c.parquet, patient_id: id}]\n")
    table = pa.table({"id": pa.array(map(str, range(2_000))), "about": _repeated("x" * 900_000, 2_000)})
    parquet.write_table(table, folder / "c.parquet", store_schema=store_schema)
    assert (folder / "c.parquet").stat().st_size < 100_000
    rejected = read_clinical(folder, "small", cohort).rejected
    assert rejected["rule"].tolist() == ["file_unreadable"]
    assert "times its size, which no ordinary table does" in rejected["message"].item()


def test_values_of_a_declared_length_count_with_it(land, monkeypatch):
    monkeypatch.setattr("tme_platform.limits.UNCHECKED_BYTES", 1_000_000)
    folder, cohort = land("clinical: [{file: c.parquet, patient_id: id}]\n")
    cells = _repeated(bytes(500_000), 30).cast(pa.dictionary(pa.int32(), pa.binary()))
    fixed = pa.DictionaryArray.from_arrays(cells.indices, cells.dictionary.cast(pa.binary(500_000)))
    parquet.write_table(pa.table({"id": fixed}), folder / "c.parquet")
    rejected = read_clinical(folder, "small", cohort).rejected
    assert "times its size, which no ordinary table does" in rejected["message"].item()


def test_a_large_table_of_few_texts_is_read(clinical):
    rows = 20_000
    table = pa.table({"id": pa.array(map(str, range(rows))), "age": [50] * rows, "about": _repeated("x" * 90, rows)})
    tables = clinical(table)
    assert tables.patients["age_years"].eq(50).sum() == rows


def test_an_expanding_file_is_refused_before_it_is_read(land, monkeypatch):
    monkeypatch.setattr("tme_platform.limits.UNCHECKED_BYTES", 1000)
    monkeypatch.setattr("tme_platform.limits.MAX_RATIO", 2)
    monkeypatch.setattr(parquet.ParquetFile, "read", None)  # not called
    folder, cohort = land("clinical: [{file: c.parquet, patient_id: id}]\n")
    parquet.write_table(pa.table({"id": np.zeros(100_000)}), folder / "c.parquet")
    rejected = read_clinical(folder, "small", cohort).rejected
    assert "times its size, which no ordinary table does" in rejected["message"].item()
