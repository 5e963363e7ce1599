import gzip
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import _matrix, read_content, read_expression, read_gene_lengths, scored_patients
from tme_platform.expression import packaged_gene_lengths


@pytest.fixture
def read(land):
    def read_one(text: str, more: str = "", **files: str):
        folder, cohort = land(f"expression: {{file: e.tsv, unit: tpm{more}}}\n", {"e.tsv": text, **files})
        return read_expression(folder, "small", cohort)

    return read_one


def test_the_matrix_is_read_in_the_order_of_the_file(read):
    matrix, rejected = read("gene\tP2\tP1\nB\t1.5\t2\nA\t0.25\t1e3\n")
    expected = pd.DataFrame({"P2": [1.5, 0.25], "P1": [2.0, 1000.0]}, index=pd.Index(["B", "A"], name="gene"))
    pd.testing.assert_frame_equal(matrix, expected)
    assert rejected.empty


def test_a_non_numeric_value_removes_only_its_gene(read, rules):
    matrix, rejected = read("gene\tP1\tP2\nA\t1\tlow\nB\t3\t4\nC\tinf\t1\nD\t5\t6\n")
    assert matrix.index.tolist() == ["B", "D"]
    assert matrix.to_numpy().tolist() == [[3, 4], [5, 6]]
    assert rules(rejected) == {"not_a_number": 2}
    assert "gene 'A', sample 'P2': 'low' is not a number" in rejected["message"][0]
    assert rejected["action"].unique().tolist() == ["gene left out"]


def test_a_text_column_removes_no_gene(read, rules):
    matrix, rejected = read("gene\tdescription\tP1\tP2\nA\tfirst\t1\t2\nB\tsecond\t3\t4\n")
    assert matrix.columns.tolist() == ["P1", "P2"]
    assert len(matrix) == 2
    assert rules(rejected) == {"annotation_column": 1}


def test_missing_values_remove_the_gene_or_the_sample(read, rules):
    matrix, rejected = read("gene\tP1\tP2\tP3\nA\t1\tNA\t2\nB\t3\t\t4\nC\t5\t6\t\nD\t7\tnan\t8\n")
    assert matrix.columns.tolist() == ["P1", "P3"]
    assert matrix.index.tolist() == ["A", "B", "D"]
    assert rules(rejected) == {"empty_sample": 1, "missing_expression": 1}
    assert rejected.set_index("rule")["patient_id"]["empty_sample"] == "P2"


def test_the_highest_row_of_a_repeated_gene_is_kept(read):
    matrix, rejected = read("gene\tP1\tP2\nA\t1\t1\nB\t2\t2\nA\t3\t5\n")
    assert matrix.loc["A"].tolist() == [3, 5]
    assert matrix.index.is_unique
    (row,) = rejected.itertuples()
    assert row.rule == "gene_twice"
    assert "gene A has 2 rows; the one with the highest mean (4)" in row.message


def test_missing_and_repeated_names_are_rejected(read, rules):
    matrix, rejected = read("gene\tP1\t\tP1\nA\t1\t2\t3\n\t4\t5\t6\n \t4\t5\t6\nB\t7\t8\t9\n")
    assert matrix.columns.tolist() == ["P1"]
    assert matrix["P1"].tolist() == [1, 7]
    assert rules(rejected) == {"empty_sample_name": 1, "duplicate_sample": 1, "empty_gene_name": 1}


def test_a_pattern_turns_samples_into_patients(read, rules):
    matrix, rejected = read("gene\tAA-01\tAA-11\tBB-01\tBB-01\nA\t1\t2\t3\t4\n", more=", patient_pattern: '^(..)-01'")
    assert matrix.loc["A"].to_dict() == {"AA": 1, "BB": 3}
    assert rules(rejected) == {"other_samples": 1, "duplicate_sample": 1}


def test_ensembl_ids_are_mapped_to_symbols(read, rules):
    text = "gene\tP1\nENSG01.5\t1\nENSG02\t2\nENSG03.1\t3\nENSG09\t4\n"
    more = ", gene_id: ensembl, gene_map: map.tsv"
    matrix, rejected = read(text, more, **{"map.tsv": "id\tsymbol\nENSG01.2\tA\nENSG02\tB\nENSG03\tB\n"})
    assert matrix["P1"].to_dict() == {"A": 1, "B": 3}
    assert rules(rejected) == {"gene_not_in_map": 1, "gene_twice": 1}
    assert "ENSG09" in rejected.loc[rejected["rule"] == "gene_not_in_map", "message"].item()


def test_ensembl_ids_without_a_map_give_no_genes(read, rules):
    matrix, rejected = read("gene\tP1\nENSG01\t1\n", ", gene_id: ensembl, gene_map: map.tsv")
    assert matrix.empty
    assert rules(rejected)["file_missing"] == 1


def test_a_sample_without_counts_is_left_out(land, rules):
    folder, cohort = land("expression: {file: e.tsv, unit: counts}\n", {"e.tsv": "gene\tP1\tP2\nA\t0\t1\nB\t0\t2\n"})
    matrix, rejected = read_expression(folder, "small", cohort)
    assert matrix.columns.tolist() == ["P2"]
    assert rules(rejected) == {"empty_sample": 1}


@pytest.fixture
def lengths(land):
    def read_lengths(text: str, more: str = "", **files: str):
        folder, cohort = land(
            f"expression: {{file: e.tsv, unit: counts, gene_lengths: l.tsv{more}}}\n", {"l.tsv": text, **files}
        )
        return read_gene_lengths(folder, "small", cohort.expression, pd.Index(["A", "B", "C"]))

    return read_lengths


def test_lengths_of_a_cohort_are_read_and_bad_ones_rejected(lengths, rules):
    found, rejected = lengths("gene\tlength\nB\t200\nA\t100\nA\t300\nC\t0\nD\tlong\n")
    assert found.bases.to_dict() == {"A": 200, "B": 200, "C": 200}
    assert (found.source, found.without) == ("given", ("C",))
    assert rules(rejected) == {"gene_length_invalid": 2}


def test_lengths_by_ensembl_id_are_mapped(lengths):
    more = ", gene_id: ensembl, gene_map: map.tsv"
    text = "gene\tlength\nENSG1.3\t100\nENSG2\t500\nENSG9\t1\n"
    found, rejected = lengths(text, more, **{"map.tsv": "id\tsymbol\nENSG1\tA\nENSG2\tC\n"})
    assert found.bases.to_dict() == {"A": 100, "B": 300, "C": 500}
    assert rejected.empty


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("gene\tlength\nA\t100\nX\t100\n", "gene_lengths_unusable"),
        ("gene\nA\n", "file_unreadable"),
        ("", "file_unreadable"),
    ],
)
def test_unusable_lengths_are_not_replaced(lengths, rules, text, rule):
    found, rejected = lengths(text)
    assert found is None
    assert rules(rejected) == {rule: 1}


@pytest.mark.parametrize("text", ["", "gene\n", "gene,P1\nA,1\n", "gene\tP1\nA\t1\t2\n", "gene\tP1\n"])
def test_files_without_a_matrix_are_rejected(read, text):
    matrix, rejected = read(text)
    assert matrix.empty
    assert set(rejected["rule"]) <= {"file_unreadable"}
    assert len(rejected) == (text != "gene\tP1\n")


def test_a_missing_file_is_rejected_and_expression_is_optional(land, rules):
    folder, cohort = land("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv.gz": ""})
    matrix, rejected = read_expression(folder, "small", cohort)
    assert matrix.empty
    assert "nearest: e.tsv.gz" in rejected["message"].item()
    folder, cohort = land("")
    matrix, rejected = read_expression(folder, "small", cohort)
    assert matrix.empty
    assert rejected.empty


def test_a_parquet_matrix_is_read_within_a_few_times_its_size(land):
    """Numbers that become text on the way, as those of all samples once did, take ten times their size."""
    folder, cohort = land("expression: {file: e.parquet, unit: log2_tpm}\n", {})
    samples = [f"P{number:03d}" for number in range(100)]
    genes = packaged_gene_lengths().index[:2000]
    values = pd.DataFrame(np.random.default_rng(0).normal(5, 1, (len(genes), 100)), columns=samples)
    values.insert(0, "gene", genes)
    values.to_parquet(folder / "e.parquet", index=False)
    read_expression(folder, "small", cohort)  # what is imported and remembered at the first use is not counted
    tracemalloc.start()
    try:
        matrix, _ = read_expression(folder, "small", cohort)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert matrix.shape == (2000, 100)
    assert peak < 8 * matrix.to_numpy().nbytes


def test_gzip_csv_and_parquet_give_the_same_matrix(land):
    frame = pd.DataFrame({"P1": [1.5, 2.0], "P2": [3.0, 4.0]}, index=pd.Index(["A", "B"], name="gene"))
    found = []
    for file in ("e.csv", "e.tsv.gz", "e.parquet"):
        folder, cohort = land(f"expression: {{file: {file}, unit: tpm}}\n")
        if file == "e.parquet":
            frame.to_parquet(folder / file)
        else:
            frame.to_csv(folder / file, sep="," if file == "e.csv" else "\t")
        found.append(read_expression(folder, "small", cohort)[0])
    for matrix in found:
        pd.testing.assert_frame_equal(matrix, frame)


def test_a_large_matrix_is_read_exactly(land):
    values = np.random.default_rng(0).integers(0, 50_000, size=(5_000, 100))
    folder, cohort = land("expression: {file: e.tsv.gz, unit: counts}\n")
    lines = ["gene\t" + "\t".join(f"P{i}" for i in range(100))]
    genes = packaged_gene_lengths().index
    lines += [f"{gene}\t" + "\t".join(map(str, row)) for gene, row in zip(genes, values.tolist(), strict=False)]
    with gzip.open(folder / "e.tsv.gz", "wt", compresslevel=1) as stream:
        stream.write("\n".join(lines))
    matrix, rejected = read_expression(folder, "small", cohort)
    assert rejected.empty
    np.testing.assert_array_equal(matrix.to_numpy(), values)


def test_a_matrix_is_read_once_for_its_values_and_its_patients(land, monkeypatch):
    folder, cohort = land("expression: {file: e.tsv, unit: log2_tpm}\n", {"e.tsv": "gene\tP2\tP1\nA\t1\t2\nB\t3\t5\n"})
    opened = []
    original = _matrix._read
    monkeypatch.setattr(_matrix, "_read", lambda path, *more: opened.append(path.name) or original(path, *more))
    content = read_content(folder, cohort)
    assert content.clinical.patients["patient_id"].tolist() == ["P1", "P2"]
    assert content.expression.log2.shape == (2, 2)
    assert opened == ["e.tsv"]
    assert scored_patients(folder) == {"P1", "P2"}
    assert opened == ["e.tsv"]
    (folder / "e.tsv").write_text("gene\tP3\tP1\nA\t1\t2\nB\t3\t5\n")
    assert scored_patients(folder) == {"P1", "P3"}, "it has changed"
    assert opened == ["e.tsv", "e.tsv"]
