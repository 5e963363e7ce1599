"""Families of variables by phenotype: tests, correction, and included patients and variables."""

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


def test_default_test_can_be_overridden_by_family(values: pd.DataFrame) -> None:
    table = characterise({"a": values, "b": values}, PHENOTYPES, tests={"b": "wilcoxon"})
    tests = table.drop_duplicates(["family", "variable"]).set_index(["family", "variable"])["test"]
    assert tests.to_dict() == {
        ("a", "normal"): "student",
        ("a", "skewed"): "wilcoxon",
        ("b", "normal"): "wilcoxon",
        ("b", "skewed"): "wilcoxon",
    }


def test_false_discovery_rate_is_within_the_family(values: pd.DataFrame) -> None:
    table = characterise({"one": values[["normal"]], "two": values}, PHENOTYPES)
    by_variable = table.drop_duplicates(["family", "variable"]).set_index("family")
    assert by_variable.loc["one", "fdr"] == by_variable.loc["one", "p"]
    np.testing.assert_allclose(by_variable.loc["two", "fdr"], benjamini_hochberg(by_variable.loc["two", "p"]))


def test_intermediate_tumours_are_excluded(values: pd.DataFrame) -> None:
    table = characterise({"a": values}, PHENOTYPES)
    assert set(table["phenotype"]) == {"hot", "cold"}
    assert table["n"].tolist() == [19] * 4


def test_identifiers_are_excluded() -> None:
    names = pd.DataFrame({"site": PATIENTS, "sex": ["female", "male"] * 20}, index=PATIENTS)
    assert set(characterise({"clinical": names}, PHENOTYPES)["variable"]) == {"sex"}


def test_single_phenotype_gives_an_empty_table(values: pd.DataFrame) -> None:
    assert characterise({"a": values}, pd.Series("hot", index=PATIENTS)).empty


def test_group_means_use_populations_with_a_group() -> None:
    scores = pd.DataFrame({"P1": [1.0, 3.0, 9.0], "P2": [2.0, 4.0, 9.0]}, index=["B", "T", "other"])
    means = group_means(scores, {"B": "adaptive", "T": "adaptive"})
    assert means.to_dict("index") == {"adaptive": {"P1": 2.0, "P2": 3.0}}
