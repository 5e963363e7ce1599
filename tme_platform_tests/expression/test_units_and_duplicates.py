import warnings

import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import RELATIVE_UNITS, UNITS, collapse_duplicates, to_log2, unit_warning

COUNTS = pd.DataFrame({"s1": [0, 600, 400], "s2": [10, 0, 90]}, index=["a", "b", "c"])


def test_counts_become_log2_counts_per_million():
    # R: log2(t(t(counts) / colSums(counts)) * 1e6 + 1)
    expected = pd.DataFrame(
        {"s1": np.log2([1, 600001, 400001]), "s2": np.log2([100001, 1, 900001])}, index=COUNTS.index
    )
    pd.testing.assert_frame_equal(to_log2(COUNTS, "counts"), expected)


def test_counts_over_lengths_become_tpm():
    # by hand: s1 has 600 / 2 and 400 / 1 reads per base, so 3/7 and 4/7 of a million
    lengths = pd.Series({"c": 1.0, "b": 2.0, "a": 5.0, "other": 9.0})
    expected = pd.DataFrame(
        {"s1": np.log2([1, 3e6 / 7 + 1, 4e6 / 7 + 1]), "s2": np.log2([2e6 / 92 + 1, 1, 90e6 / 92 + 1])}, COUNTS.index
    )
    pd.testing.assert_frame_equal(to_log2(COUNTS, "counts", lengths), expected)
    pd.testing.assert_frame_equal(to_log2(COUNTS, "counts", lengths * 1000), expected)
    with pytest.raises(ValueError, match="Gene 'b' has no length"):
        to_log2(COUNTS, "counts", lengths.drop("b"))


@pytest.mark.parametrize("unit", ["tpm", "fpkm"])
def test_tpm_and_fpkm_become_log2(unit):
    pd.testing.assert_frame_equal(to_log2(COUNTS, unit), np.log2(COUNTS + 1.0))


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.startswith("log2_")])
def test_logarithms_are_not_changed(unit):
    logarithms = pd.DataFrame({"s": [-3.3, 0.0, np.nan, 15.0]})
    pd.testing.assert_frame_equal(to_log2(logarithms, unit), logarithms)


def test_unknown_unit_lists_the_known_units():
    with pytest.raises(ValueError, match=r"'rpkm'.*counts, tpm, fpkm, log2_counts, log2_cpm, log2_tpm, log2_fpkm"):
        to_log2(COUNTS, "rpkm")


def test_impossible_values_are_rejected():
    with pytest.raises(ValueError, match="gene 'b', sample 's2' is -1"):
        to_log2(COUNTS.replace({"s2": {0: -1}}), "counts")
    with pytest.raises(ValueError, match="Samples without counts: s1"):
        to_log2(COUNTS.assign(s1=0), "counts")


def test_values_of_another_unit_give_a_warning():
    logarithms = np.log2(COUNTS + 1)
    with pytest.warns(UserWarning, match="likely log2_tpm"):
        to_log2(logarithms, "tpm")
    with pytest.warns(UserWarning, match="likely fpkm"):
        to_log2(COUNTS, "log2_fpkm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_log2(COUNTS, "counts")
        to_log2(logarithms, "log2_counts")
    assert unit_warning(pd.DataFrame({"s": [np.nan]}), "tpm") is None


def test_repeated_gene_keeps_the_row_with_the_highest_mean():
    matrix = pd.DataFrame(
        {"s1": [1.0, 5.0, 2.0, 7.0, 3.0, 7.0], "s2": [1.0, 5.0, 9.0, np.nan, 3.0, 7.0]},
        index=["a", "b", "a", "c", "a", "c"],
    )
    kept, collapsed = collapse_duplicates(matrix)
    pd.testing.assert_frame_equal(kept, matrix.iloc[[1, 2, 3]])
    expected = pd.DataFrame({"gene": ["a", "c"], "n_rows": [3, 2], "kept_row": [2, 3], "kept_mean": [5.5, 7.0]})
    pd.testing.assert_frame_equal(collapsed, expected)


def test_matrix_without_repeats_is_not_changed():
    kept, collapsed = collapse_duplicates(COUNTS)
    assert kept is COUNTS
    assert collapsed.empty
    assert list(collapsed.columns) == ["gene", "n_rows", "kept_row", "kept_mean"]


@pytest.mark.parametrize("unit", RELATIVE_UNITS)
def test_relative_units_are_not_changed(unit):
    matrix = pd.DataFrame([[-1.2, 0.1, 1.1], [0.9, -0.2, -0.7]], index=["a", "b"], columns=["P1", "P2", "P3"])
    pd.testing.assert_frame_equal(to_log2(matrix, unit), matrix)


def test_levels_declared_as_relative_are_noticed():
    matrix = pd.DataFrame([[6.2, 7.1, 6.9], [3.9, 4.2, 4.7]], index=["a", "b"], columns=["P1", "P2", "P3"])
    assert "do not look relative to the cohort" in (unit_warning(matrix, "z_score") or "")


def test_counts_are_known_by_whole_numbers_and_their_sum():
    counts = pd.DataFrame({"s": [10, 2_000_000, 900_001], "t": [0, 3_000_000, 5]})
    for unit in ("tpm", "fpkm"):
        assert "likely counts" in (unit_warning(counts, unit) or "")
        assert unit_warning(counts / 7, unit) is None, "not whole"
        assert unit_warning(counts // 10, unit) is None, "rounded amounts"
    assert unit_warning(counts, "counts") is None


def test_small_counts_are_no_logarithms_and_small_amounts_can_be_declared_as_such():
    counts = pd.DataFrame({"s": [0, 3, 12], "t": [1, 0, np.nan]})
    assert unit_warning(counts, "counts") is None
    amounts = counts + 0.25
    assert "save log2(value + 1) and declare log2_fpkm" in (unit_warning(amounts, "fpkm") or "")
    declared = np.log2(amounts + 1)
    assert unit_warning(declared, "log2_fpkm") is None
    pd.testing.assert_frame_equal(to_log2(declared, "log2_fpkm"), np.log2(amounts + 1))
