"""Families of variables by phenotype: which tests, corrected over what, who takes part."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tme_platform.phenotypes import characterise, group_means
from tme_platform.statistics import benjamini_hochberg

PATIENTS = [f"P{n:02d}" for n in range(40)]
PHENOTYPES = pd.Series(["hot", "cold"] * 19 + ["intermediate"] * 2, index=PATIENTS)


@pytest.fixture
def values() -> pd.DataFrame:
    random = np.random.default_rng(4)
    quantiles = norm.ppf((np.arange(40) + 0.5) / 40)
    skewed = random.exponential(size=40) ** 3
    return pd.DataFrame({"normal": quantiles, "skewed": skewed, "empty": np.nan}, index=PATIENTS)


def test_the_rule_chooses_the_test_and_a_family_may_overrule_it(values: pd.DataFrame) -> None:
    table = characterise({"a": values, "b": values}, PHENOTYPES, tests={"b": "wilcoxon"})
    tests = table.drop_duplicates(["family", "variable"]).set_index(["family", "variable"])["test"]
    assert tests.to_dict() == {
        ("a", "normal"): "student",
        ("a", "skewed"): "wilcoxon",
        ("b", "normal"): "wilcoxon",
        ("b", "skewed"): "wilcoxon",
    }


def test_the_false_discovery_rate_is_over_the_family(values: pd.DataFrame) -> None:
    table = characterise({"one": values[["normal"]], "two": values}, PHENOTYPES)
    by_variable = table.drop_duplicates(["family", "variable"]).set_index("family")
    assert by_variable.loc["one", "fdr"] == by_variable.loc["one", "p"]
    np.testing.assert_allclose(by_variable.loc["two", "fdr"], benjamini_hochberg(by_variable.loc["two", "p"]))


def test_intermediate_tumours_take_no_part(values: pd.DataFrame) -> None:
    table = characterise({"a": values}, PHENOTYPES)
    assert set(table["phenotype"]) == {"hot", "cold"}
    assert table["n"].tolist() == [19] * 4


def test_identifiers_take_no_part() -> None:
    names = pd.DataFrame({"site": PATIENTS, "sex": ["female", "male"] * 20}, index=PATIENTS)
    assert set(characterise({"clinical": names}, PHENOTYPES)["variable"]) == {"sex"}


def test_one_phenotype_alone_gives_nothing(values: pd.DataFrame) -> None:
    assert characterise({"a": values}, pd.Series("hot", index=PATIENTS)).empty


def test_group_means_are_over_the_populations_that_have_a_group() -> None:
    scores = pd.DataFrame({"P1": [1.0, 3.0, 9.0], "P2": [2.0, 4.0, 9.0]}, index=["B", "T", "other"])
    means = group_means(scores, {"B": "adaptive", "T": "adaptive"})
    assert means.to_dict("index") == {"adaptive": {"P1": 2.0, "P2": 3.0}}
