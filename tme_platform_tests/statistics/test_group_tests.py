"""Tests between groups against R (see reference/survival/PROVENANCE.md), and Table 1."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.statistics import compare_categories, compare_groups, table_one


@pytest.mark.parametrize(
    ("test", "variable", "group", "name"),
    [
        ("auto", "esr1", "cluster", "wilcoxon_esr1_by_cluster_p"),
        ("auto", "esr1", "pam50", "kruskal_esr1_by_pam50_p"),
        ("welch", "age", "cluster", "t_welch_age_by_cluster_p"),
        ("student", "age", "cluster", "t_student_age_by_cluster_p"),
    ],
)
def test_p_values_match_r(
    scanb: pd.DataFrame, r_value: pd.Series, test: str, variable: str, group: str, name: str
) -> None:
    found = compare_groups(scanb[variable], scanb[group], test=test)
    assert found.p == pytest.approx(r_value[name], rel=1e-10)
    assert name.startswith(found.test) or name.startswith(f"t_{found.test}")


def test_shapiro_and_fisher_match_r(scanb: pd.DataFrame, r_value: pd.Series) -> None:
    whole = compare_groups(scanb["esr1"], ["all"] * 400)
    assert whole.groups.loc[0, "shapiro_p"] == pytest.approx(r_value["shapiro_esr1_p"], rel=1e-6)
    assert whole.reason == "fewer than two groups have values"
    fisher = compare_categories(scanb["er"], scanb["cluster"])
    assert fisher.p == pytest.approx(r_value["fisher_er_cluster_p"], rel=1e-8)
    assert fisher.groups["share"].sum() == pytest.approx(2)


def test_student_for_normal_groups_and_wilcoxon_otherwise() -> None:
    normal = np.concatenate([np.linspace(-2, 2, 30), np.linspace(-1, 3, 30)])
    group = ["a"] * 30 + ["b"] * 30
    assert compare_groups(normal, group).test == "student"
    skewed = compare_groups(np.exp(2 * normal), group)
    assert (skewed.test, skewed.reason) == ("wilcoxon", "not normal in every group")
    tiny = compare_groups(normal[:32], group[:32])
    assert (tiny.test, tiny.reason) == ("wilcoxon", "normality could not be tested in every group")


def test_group_summaries_and_dropped_rows() -> None:
    found = compare_groups([1.0, 2.0, 6.0, np.nan, 4.0, 8.0], ["a", "a", "a", "a", "b", None])
    first = found.groups.set_index("group").loc["a"]
    assert first[["n", "mean", "median", "q1", "q3"]].tolist() == [3, 3, 2, 1.5, 4]
    assert first["sd"] == pytest.approx(np.sqrt(7))
    assert found.n_dropped == 2


def test_impossible_tests_have_a_reason() -> None:
    assert compare_groups([1.0, 1.0, 1.0], ["a", "a", "b"]).reason == "all values are the same"
    assert compare_groups([1.0, 2.0], ["a", "b"], test="student").reason == "a group has fewer than two values"
    assert compare_categories(["x", "x"], ["a", "b"]).reason == "fewer than two levels occur"
    assert compare_categories(["x", "y"], ["a", "a"]).reason == "fewer than two groups have values"
    with pytest.raises(ValueError, match="compares two groups, not 3"):
        compare_groups([1.0, 2.0, 3.0], ["a", "b", "c"], test="welch")
    with pytest.raises(ValueError, match="2 and 1 rows"):
        compare_groups([1.0, 2.0], ["a"])


def test_simulated_fisher_is_close_to_the_exact_p() -> None:
    # Job satisfaction (Agresti 2002, p. 57; the example of R's fisher.test): exact p = 0.7827
    job = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
    rows, columns = np.indices(job.shape)
    found = compare_categories(np.repeat(rows, job.ravel()), np.repeat(columns, job.ravel()))
    assert found.test == "fisher_simulated"
    assert found.p == pytest.approx(0.7827, abs=4 * np.sqrt(0.7827 * 0.2173 / 9999))
    assert found.p == compare_categories(np.repeat(rows, job.ravel()), np.repeat(columns, job.ravel())).p


def test_table_one_describes_and_tests_variables(scanb: pd.DataFrame) -> None:
    frame = scanb.assign(empty=np.nan, late=scanb["age"].where(scanb["cluster"] == 1))
    frame.iloc[0, frame.columns.get_loc("cluster")] = np.nan
    table = table_one(frame, "cluster", ["age", "er", "pam50", "empty", "late"])
    by_variable = table.drop_duplicates("variable").set_index("variable")
    assert by_variable["kind"].tolist() == ["numeric", "categorical", "categorical", "categorical", "numeric"]
    assert by_variable["test"].tolist() == ["wilcoxon", "fisher", "fisher_simulated", "", ""]
    assert table.loc[table["variable"] == "pam50", "n"].sum() == 399
    assert table.loc[(table["variable"] == "late") & (table["group"] == 1), "n_missing"].tolist() == [0]
    tested = by_variable["p"].dropna().sort_values()
    np.testing.assert_allclose(by_variable.loc[tested.index[-1], "fdr"], tested.iloc[-1])
    assert by_variable.loc["empty", "reason"] == "fewer than two levels occur"
    assert by_variable.loc["late", "reason"] == "fewer than two groups have values"
    with pytest.raises(ValueError, match="lacks the columns grade"):
        table_one(scanb, "cluster", ["grade"])
    assert table_one(scanb, "cluster", []).empty


def test_groups_that_share_patients_are_described_but_not_tested() -> None:
    frame = pd.DataFrame(
        {
            "cohort": ["a", "a", "a", "b", "b", "b"],
            "patient": ["P1", "P2", "P3", "P3", "P4", "P5"],
            "age": [50.0, 60, 70, 70, 55, 65],
            "grade": ["1", "2", None, "2", "1", "2"],
        }
    )
    table = table_one(frame, "cohort", ["age", "grade"], patient="patient").set_index("variable")
    assert table.loc["age", "p"].isna().all()
    assert set(table.loc["age", "reason"]) == {"groups share patients: not tested"}
    assert table.loc["age", "median"].tolist() == [60, 65]
    # P3 has a grade in one cohort only, so the groups of this variable are independent
    assert table.loc["grade", "p"].notna().all()
    assert table.loc["grade", "fdr"].tolist() == table.loc["grade", "p"].tolist()
    assert table_one(frame, "cohort", ["age"])["p"].notna().all()


def test_an_infinite_odds_ratio_is_missing_with_the_reason() -> None:
    # fisher.test(matrix(c(3, 0, 0, 4), 2)): p-value = 0.02857, odds ratio Inf
    result = compare_categories(["a"] * 3 + ["b"] * 4, ["cold"] * 3 + ["hot"] * 4)
    assert np.isnan(result.statistic)
    assert result.p == pytest.approx(0.02857, abs=1e-5)
    assert "odds ratio is infinite" in result.reason
