import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import read_cell_scores, read_features

GROUPS = "population\tgroup\nT cells\tadaptive\nFibroblasts\tnon_immune\n"


@pytest.fixture
def scores(land):
    def read_one(text: str, groups: str = GROUPS):
        declared = "cell_scores: {file: s.tsv, groups: g.tsv, method: by hand}\n"
        folder, cohort = land(declared, {"s.tsv": text, "g.tsv": groups})
        return read_cell_scores(folder, "small", cohort.cell_scores)

    return read_one


@pytest.fixture
def features(land):
    def read_one(text: str, more: str = ""):
        folder, cohort = land(f"features: {{file: f.csv, feature_set: x{more}}}\n", {"f.csv": text})
        return read_features(folder, "small", cohort)

    return read_one


def test_scores_are_read_for_populations_with_a_group(scores):
    table, groups, rejected = scores("patient_id\tCancer\tFibroblasts\tT cells\nP2\t.8\t0.15\t.05\nP1\t1\t0\t0\n")
    assert table.index.tolist() == ["Fibroblasts", "T cells"]
    assert table.columns.tolist() == ["P2", "P1"]
    assert table["P2"].tolist() == [0.15, 0.05]
    assert groups == {"Fibroblasts": "non_immune", "T cells": "adaptive"}
    assert rejected.empty


def test_a_patient_needs_every_score(scores, rules):
    table, _, rejected = scores("patient_id\tT cells\tFibroblasts\nP1\t1\t2\nP2\thigh\t2\nP3\t1\t\nP4\t1\tinf\n")
    assert table.columns.tolist() == ["P1"]
    assert rules(rejected) == {"not_a_number": 2, "missing_score": 1}
    assert rejected["action"].unique().tolist() == ["patient left out"]
    assert rejected["patient_id"].tolist() == ["P3", "P2", "P4"]


def test_unknown_populations_and_groups_are_rejected(scores, rules):
    text = "patient_id\tT cells\tFibroblasts\tB cells\nP1\t1\t2\t3\n"
    table, groups, rejected = scores(text, GROUPS + "B cell\tadaptive\nB cells\tinnate\n")
    assert list(groups) == table.index.tolist() == ["T cells", "Fibroblasts"]
    assert rules(rejected) == {"unknown_column": 1, "unknown_group": 1}
    said = rejected.set_index("rule")["message"]
    assert "nearest: B cells" in said["unknown_column"]
    assert "innate_inactivated" in said["unknown_group"]


def test_without_groups_there_are_no_scores(scores, rules):
    table, groups, rejected = scores("patient_id\tT cells\nP1\t1\n", "a\tb\n1\t2\n")
    assert table.empty
    assert groups == {}
    assert rules(rejected) == {"unknown_column": 1}


@pytest.fixture
def fractions(land):
    def read_one(header: str, values: str = "0.1\t0.2", lineages: str = "own.tsv", own: str = "", times=None):
        declared = f"cell_scores: {{file: f.tsv, kind: fractions, lineages: {lineages}, method: m}}\n"
        text = f"patient_id\t{header}\nP1\t{values}\n"
        folder, cohort = land(declared, {"f.tsv": text, "own.tsv": f"state\tlineage\tgroup\n{own}"})
        return read_cell_scores(folder, "small", cohort.cell_scores, times=times)

    return read_one


def test_states_are_found_whatever_their_spaces_and_punctuation(fractions):
    table, groups, _ = fractions("T cells regulatory (Tregs)\tB_cells_naive", lineages="lm22")
    assert groups == {"B cells": "adaptive", "Regulatory T cells": "adaptive"}
    assert table["P1"].to_dict() == pytest.approx({"B cells": np.log10(0.2001), "Regulatory T cells": np.log10(0.1001)})


def test_states_that_differ_only_in_punctuation_are_not_confused(fractions, rules):
    own = "CD8+ T\tA\tadaptive\nCD8- T\tB\tadaptive\nNK\tN\tinnate_activated\n"
    table, _, rejected = fractions("CD8 T\tNK", own=own)
    assert table.index.tolist() == ["N"]
    assert rules(rejected) == {"unknown_column": 2}
    exact, _, _ = fractions("CD8- T\tCD8+ T", own=own)
    assert exact["P1"].to_dict() == pytest.approx({"A": np.log10(0.2001), "B": np.log10(0.1001)})


def test_percentages_and_unknown_lineage_maps_say_what_to_write(fractions):
    said = fractions("NK.cells.resting", "12", "lm22")[2].set_index("rule")["message"]
    assert "Divide percentages by 100" in said["not_fractions"]
    assert "Use one of instaprism, lm22" in fractions("NK.cells.resting", "0.1", "lm23")[2]["message"].item()


def test_patients_who_all_lack_a_fraction_are_the_only_problem(fractions, rules):
    table, groups, rejected = fractions("a\tb", "\t0.2", own="a\tA\tadaptive\nb\tB\tadaptive\n")
    assert table.empty
    assert groups == {}
    assert rules(rejected) == {"missing_score": 1}


def test_raw_fractions_are_multiplied_too(land):
    declared = "cell_scores: {file: s.tsv, kind: fractions, groups: g.tsv, method: m}\n"
    text = "patient_id\tT cells\tFibroblasts\nP1\t.1\t.2\nP2\t.3\t.4\n"
    folder, cohort = land(declared, {"s.tsv": text, "g.tsv": GROUPS})
    factor = pd.Series({"P1": 0.5, "P2": None})
    table, _, _ = read_cell_scores(folder, "small", cohort.cell_scores, times=factor)
    assert table.to_dict() == {"P1": {"T cells": 0.05, "Fibroblasts": 0.1}}


def test_repeated_and_unnamed_patients_are_rejected(scores, rules):
    table, _, rejected = scores("patient_id\tT cells\tFibroblasts\nP1\t1\t2\nP1\t1\t2\nP2\t3\t4\nP2\t5\t6\n\t7\t8\n")
    assert table.loc["T cells"].to_dict() == {"P1": 1, "P2": 3}
    assert rules(rejected) == {"duplicate_patient": 1, "patient_id_missing": 1}


def test_features_are_renamed(features):
    table, rejected = features("patient_id,Max (K1),E\nP2,1.5,2\nP1,3,\n", ", rename: {Max (K1): K1_maximum}")
    expected = pd.DataFrame(
        {"K1_maximum": [1.5, 3.0], "E": [2.0, None]}, index=pd.Index(["P2", "P1"], name="patient_id", dtype="string")
    )
    pd.testing.assert_frame_equal(table, expected, check_names=False)
    assert rejected.empty


def test_features_that_are_not_finite_numbers_are_rejected(features, rules):
    text = "patient_id,version,a,b\nP1,v3,1,2\nP2,v3,inf,high\nP3,v3,,\nP4,v3,5,-inf\n"
    table, rejected = features(text)
    assert table.columns.tolist() == ["a", "b"]
    assert table.index.tolist() == ["P1", "P4"]
    assert table["b"].isna().tolist() == [False, True]
    assert rules(rejected) == {"not_a_number": 4, "no_features": 2}
    assert sorted(rejected["action"].unique()) == ["column left out", "patient left out", "value set missing"]


def test_clashing_and_missing_feature_names_are_rejected(features, rules):
    table, rejected = features("patient_id,a,a,b\nP1,1,2,3\n", ", rename: {b: a, c: d}")
    assert table.to_dict("list") == {"a": [1.0]}
    assert rules(rejected) == {"duplicate_column": 2, "unknown_column": 1}


def test_without_a_patient_column_there_are_no_features(features, rules):
    table, rejected = features("id,a\nP1,1\n")
    assert table.empty
    assert rules(rejected) == {"unknown_column": 1}
    assert "'patient_id'; nearest: id" in rejected["message"].item()


def test_percentages_are_no_fractions_even_if_each_is_below_one(land, rules):
    declared = "cell_scores: {file: s.tsv, kind: fractions, groups: g.tsv, method: m}\n"
    for values in ("40\t60", "0.9\t0.8", "-0.1\t0.3"):
        folder, cohort = land(declared, {"s.tsv": f"patient_id\tT cells\tFibroblasts\nP1\t{values}\n", "g.tsv": GROUPS})
        table, _, rejected = read_cell_scores(folder, "small", cohort.cell_scores)
        assert table.empty
        assert rules(rejected) == {"not_fractions": 1}
        assert "Divide percentages by 100" in rejected["message"].item()


def test_what_cibersort_says_about_its_fit_is_no_population(scores, rules):
    text = "\tpatient_id\tT cells\tFibroblasts\tP-value\tRMSE\n0\tP1\t0.1\t0.2\t0.01\t0.9\n1\tP2\t0.1\t0.2\t0.01\t0.9\n"
    table, _, rejected = scores(text, GROUPS + "P-value\tadaptive\nRMSE\tnon_immune\ncolumn_1\tadaptive\n")
    assert table.index.tolist() == ["T cells", "Fibroblasts"]
    assert rules(rejected) == {"not_a_population": 1}
    assert scores(text)[2].empty


def test_populations_are_found_whatever_their_case_and_punctuation(scores):
    table, groups, rejected = scores("patient_id\tt.cells\tFIBROBLASTS\nP1\t1\t2\n")
    assert table["P1"].to_dict() == {"T cells": 1, "Fibroblasts": 2}
    assert groups == {"T cells": "adaptive", "Fibroblasts": "non_immune"}
    assert rejected.empty


def test_features_that_never_vary_are_no_table(features, rules):
    table, rejected = features("patient_id,a,b\n" + "".join(f"P{n},1,2\n" for n in range(6)))
    assert table.empty
    assert rules(rejected) == {"constant_feature": 1}


@pytest.mark.parametrize(
    ("lineages", "said"),
    [
        ("state\tlineage\tgroup\nT\tTcell\n", "line 2 has 2 fields"),
        ("state\tlineage\tgroup\nT\t\tadaptive\n", "line 2: state, lineage or group is missing"),
        ('state\tlineage\tgroup\nT\t"Tcell\tadaptive\n', "quotation mark"),
        ("state\tlineage\tgroup\nT\tTcell\tadaptive\n".encode("utf-16").decode("latin-1"), "UTF-16"),
    ],
)
def test_a_lineage_map_is_read_like_any_table(land, lineages, said):
    declared = "cell_scores: {file: f.csv, kind: fractions, lineages: l.tsv, method: M}\n"
    folder, cohort = land(declared, {"f.csv": "patient_id,T,B\nA,0.4,0.6\nB,0.5,0.5\n"})
    (folder / "l.tsv").write_bytes(lineages.encode("latin-1"))
    scores, _, rejected = read_cell_scores(folder, "small", cohort.cell_scores)
    assert scores.empty
    assert said in " ".join(rejected["message"])
    (folder / "l.tsv").write_text("\ufeffstate\tlineage\tgroup\r\nT\tTcell\tadaptive\r\nB\tUnknown\tnon_immune\r\n")
    scores, _, rejected = read_cell_scores(folder, "small", cohort.cell_scores)
    assert scores.index.tolist() == ["Tcell", "Unknown"]
    assert rejected.empty
