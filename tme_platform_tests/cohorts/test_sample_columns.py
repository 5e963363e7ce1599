"""Which columns of an expression matrix are samples; the patients of a cohort are the same ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tme_platform.cohorts import read_clinical, read_expression
from tme_platform.cohorts._sample_columns import identifier_columns, is_annotation, summary_columns
from tme_platform.expression import known_symbols

GENES = sorted(known_symbols() & {f"CD{n}" for n in range(1, 400)})[:40]
random = np.random.default_rng(1)
TPM = pd.DataFrame(random.gamma(2, 30, (40, 4)).round(2), GENES, ["P1", "P2", "P3", "P4"]).rename_axis("gene")
COUNTS = (TPM * 7).round().rename_axis("gene")
COUNTS.iloc[:4] = 0
IDS = random.permutation(90_000)[:40] + 1


@pytest.fixture
def patients_and_samples(land):
    def read(frame: pd.DataFrame, unit: str = "tpm"):
        folder, cohort = land(f"expression: {{file: e.csv, unit: {unit}}}\n", {"e.csv": frame.to_csv()})
        matrix, rejected = read_expression(folder, "small", cohort)
        return read_clinical(folder, "small", cohort).patients["patient_id"].tolist(), list(matrix.columns), rejected

    return read


@pytest.mark.parametrize("name", ["Entrez_Gene_Id", "Length", "Mean", "chromosome", "gene_biotype", "Unnamed: 0"])
@pytest.mark.parametrize("place", [0, 4])
def test_annotation_is_known_by_name(patients_and_samples, rules, name, place):
    frame = TPM.copy()
    frame.insert(place, name, IDS if name != "gene_biotype" else "protein_coding")
    patients, samples, rejected = patients_and_samples(frame)
    assert patients == samples == ["P1", "P2", "P3", "P4"]
    assert rules(rejected) == {"annotation_column": 1}
    assert name in rejected["message"].item()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (IDS, "all different"),
        (np.arange(40), "running order"),
        (np.arange(40)[::-1] * 3, "running order"),
        (np.ones(40), "same number"),
        (np.repeat([15_000, 22_000], 20), "far larger"),
    ],
)
@pytest.mark.parametrize("frame", [TPM, COUNTS], ids=["tpm", "counts"])
def test_identifiers_are_known_by_shape(patients_and_samples, rules, frame, values, what):
    patients, samples, rejected = patients_and_samples(frame.assign(ncbi_no=values), "tpm")
    as_large_as_counts = what == "far larger" and frame is COUNTS
    assert patients == samples == ["P1", "P2", "P3", "P4", *(["ncbi_no"] if as_large_as_counts else [])]
    assert rules(rejected) == ({} if as_large_as_counts else {"identifier_column": 1})
    assert as_large_as_counts or what in rejected["message"].item()


def test_a_text_column_of_any_name_is_no_patient(patients_and_samples, rules):
    patients, samples, rejected = patients_and_samples(TPM.assign(remarks="none to speak of"))
    assert patients == samples == ["P1", "P2", "P3", "P4"]
    assert rules(rejected) == {"not_a_number": 1}


@pytest.mark.parametrize(
    "name", ["percentage_gene_gc_content", "chromosome_name", "Mean_expression", "max_tpm", "log2FC"]
)
def test_what_biomart_and_tables_of_results_add_is_annotation(name):
    assert is_annotation(name)


@pytest.mark.parametrize(("of", "what"), [("mean", "mean of the others"), ("sum", "sum of the others")])
def test_a_column_computed_from_the_samples_is_no_patient(patients_and_samples, rules, of, what):
    patients, samples, rejected = patients_and_samples(TPM.assign(all_tumours=TPM.agg(of, axis=1).round(3)))
    assert patients == samples == ["P1", "P2", "P3", "P4"]
    assert rules(rejected) == {"annotation_column": 1}
    assert what in rejected["message"].item()


def test_samples_that_are_alike_are_no_summary():
    same = np.tile(TPM.iloc[:, :1].to_numpy(), (1, 5))
    assert summary_columns(same) == {}
    assert summary_columns(TPM.to_numpy()) == {}
    assert summary_columns(TPM.to_numpy()[:, :2]) == {}


@pytest.mark.parametrize("name", ["X1", "TCGA-3C-AAAU", "P1", "A", "Mean1", "sample_12"])
def test_names_of_patients_are_no_annotation(name):
    assert not is_annotation(name)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (25, 6), elements=st.integers(0, 400).map(float)))
def test_counts_are_samples_whatever_they_are(counts):
    counts[0] = counts[1] = 0  # genes that are not expressed
    assert set(identifier_columns(counts).values()) <= {"the same number in every row"}


@pytest.mark.parametrize("samples", [1, 2, 3, 8])
def test_few_genes_of_many_counts_are_expression_even_if_they_are_sorted(samples):
    counts = random.integers(0, 10**6, (30, samples)).astype(float)
    assert identifier_columns(counts) == {}
    assert identifier_columns(counts[np.argsort(counts[:, 0])]) == {}


def test_infinite_and_missing_values_raise_no_warning():
    values = random.normal(size=(30, 4))
    values[:, 0] = np.inf
    values[::2, 1] = np.nan
    values[:, 2] = np.arange(30)
    assert identifier_columns(values) == {2: "whole numbers in running order"}
