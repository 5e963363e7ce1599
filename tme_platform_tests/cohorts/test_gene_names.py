"""What the rows of an expression matrix are: genes by another name, or no genes at all."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tme_platform.cohorts import check_cohort, read_expression
from tme_platform.expression import known_symbols, not_symbols, to_log2

GENES = sorted(known_symbols() & {f"CD{n}" for n in range(1, 400)})[:40]
BODY = "".join(f"{gene}\t{10 + n}.5\t{90 - n}.25\n" for n, gene in enumerate(GENES))


@pytest.fixture
def read(land):
    def read_one(text: str, declared: str = "unit: tpm"):
        folder, cohort = land(f"expression: {{file: e.tsv, {declared}}}\n", {"e.tsv": text})
        return read_expression(folder, "small", cohort)

    return read_one


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ("__no_feature\t5000\t100\n__alignment_not_unique\t7\t8\n", "counter_row"),
        ("N_unmapped\t5000\t100\nN_noFeature\t1\t2\n", "counter_row"),
        ("Mean\t30\t40\n", "counter_row"),
        ("Library size\t1200\t3200\n", "counter_row"),
        ("ERCC-00002\t900\t800\n", "spike_in"),
        ("CRLF2_PAR_Y\t0\t0\n", "par_y_copy"),
        ("gene\tP1\tP2\n", "repeated_header"),
        ("1-Mar\t5\t6\nSep-2\t7\t8\n2-Sep\t1\t2\n", "gene_is_a_date"),
        ("43892\t5\t6\n", "gene_is_a_date"),
        ("2001-03-01 00:00:00\t5\t6\n", "gene_is_a_date"),
    ],
)
def test_rows_that_are_no_genes_are_left_out_before_units(read, rules, rows, rule):
    clean, nothing = read("gene\tP1\tP2\n" + BODY)
    matrix, rejected = read("gene\tP1\tP2\n" + rows + BODY)
    assert nothing.empty
    assert rules(rejected) == {rule: 1}
    pd.testing.assert_frame_equal(matrix, clean)


def test_a_row_that_is_the_sum_of_the_others_is_no_gene(read, rules):
    clean, _ = read("gene\tP1\tP2\n" + BODY)
    total = clean.sum()
    matrix, rejected = read(f"gene\tP1\tP2\n{BODY}everything\t{total['P1']}\t{total['P2']}\n")
    assert rules(rejected) == {"counter_row": 1}
    pd.testing.assert_frame_equal(matrix, clean)


def test_counters_do_not_dilute_counts_per_million(read):
    counts = "".join(f"{gene}\t{5 + n}\t{50 - n}\n" for n, gene in enumerate(GENES))
    clean, _ = read("gene\tP1\tP2\n" + counts, "unit: counts")
    diluted, _ = read(f"gene\tP1\tP2\n{counts}__not_aligned\t99999\t5\n", "unit: counts")
    pd.testing.assert_frame_equal(to_log2(diluted, "counts"), to_log2(clean, "counts"))


def test_names_with_an_id_become_symbols(read, rules):
    matrix, rejected = read(
        "g\tP1\tP2\n?|100130426\t1\t2\n" + "".join(f"{g}|{n}\t{n}.5\t30.5\n" for n, g in enumerate(GENES))
    )
    assert list(matrix.index) == GENES
    assert rules(rejected) == {"gene_name_with_id": 1, "empty_gene_name": 1}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (lambda n, gene: gene.capitalize(), "mouse"),
        (lambda n, gene: str(n), "gene_column"),
        (lambda n, gene: f"ENSG{n:011d}.3", "gene_id: ensembl"),
        (lambda n, gene: f"{200000 + n}_s_at", "probes"),
        (lambda n, gene: f"contig_{n}", "HGNC"),
    ],
)
def test_names_of_another_kind_are_refused_with_what_to_do(read, rules, name, said):
    body = "".join(f"{name(n, gene)}\t{n}.5\t50.5\n" for n, gene in enumerate(GENES))
    matrix, rejected = read("gene\tP1\tP2\n" + body)
    assert matrix.empty
    assert rules(rejected) == {"genes_not_recognised": 1}
    assert said in rejected["message"].item()


def test_row_numbers_before_the_symbols_name_the_column_to_declare(read):
    text = ",".join(["", "symbol", "P1"]).replace(",", "\t") + "\n"
    text += "".join(f"{n}\t{gene}\t{n}.5\n" for n, gene in enumerate(GENES, start=40))
    refused, rejected = read(text)
    assert refused.empty
    assert "write `gene_column: symbol`" in rejected["message"].item()
    matrix, _ = read(text, "unit: tpm, gene_column: symbol")
    assert (list(matrix.index), list(matrix.columns)) == (GENES, ["P1"])
    unknown, rejected = read(text, "unit: tpm, gene_column: symbl")
    assert unknown.empty
    assert "nearest: symbol" in rejected["message"].item()


def test_the_gdc_layout_is_read_by_its_gene_name(read):
    text = "gene_id\tgene_name\tgene_type\tT1\n"
    text += "".join(f"ENSG{n:011d}.3\t{gene}\tprotein_coding\t{n}.5\n" for n, gene in enumerate(GENES, start=40))
    assert "write `gene_column: gene_name`" in read(text)[1]["message"].item()
    matrix, _ = read(text, "unit: tpm, gene_column: gene_name")
    assert (list(matrix.index), list(matrix.columns)) == (GENES, ["T1"])


def test_a_transposed_matrix_is_refused_and_names_no_patients(land, rules):
    text = "sample\t" + "\t".join(GENES) + "\n" + "".join(f"P{n}\t" + "\t".join(["3.5"] * 40) + "\n" for n in range(3))
    folder, cohort = land("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": text})
    matrix, rejected = read_expression(folder, "small", cohort)
    assert matrix.empty
    assert rules(rejected) == {"matrix_transposed": 1}
    assert check_cohort(folder).counts["patients"] == 0


@pytest.mark.parametrize("unit", ["counts", "tpm", "fpkm"])
def test_a_negative_amount_is_found_when_reading_not_in_the_run(read, rules, unit):
    matrix, rejected = read("gene\tP1\tP2\nCD4\t40\t50\nCD8A\t60\t-0.01\n", f"unit: {unit}")
    assert matrix.empty
    assert rules(rejected) == {"negative_expression": 1}
    assert "gene 'CD8A', sample 'P2' is -0.01" in rejected["message"].item()
    assert not read("gene\tP1\tP2\nCD4\t40\t50\nCD8A\t60\t-0.01\n", f"unit: log2_{unit}")[0].empty


@pytest.mark.parametrize(("unit", "factor"), [("tpm", 0.1), ("log2_tpm", 1.0), ("z_score", 1.0)])
def test_values_of_another_unit_are_refused_when_reading(read, rules, unit, factor):
    body = "".join(f"{gene}\t{(10 + n) * factor}\t{(90 - n) * factor}\n" for n, gene in enumerate(GENES))
    matrix, rejected = read("gene\tP1\tP2\n" + body, f"unit: {unit}")
    assert matrix.empty
    assert rules(rejected) == {"unit_unlikely": 1}
    assert "Correct `unit`" in rejected["message"].item()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(sorted(known_symbols())), min_size=20, max_size=60, unique=True), st.integers(0, 9))
def test_a_matrix_of_symbols_is_recognised_among_any_other_names(symbols, times):
    mixed = symbols + [f"novel_{n}" for n in range(min(times, 8) * len(symbols))]
    assert not_symbols(mixed) is None
    assert not_symbols(f"{name}_x" for name in symbols) is not None
