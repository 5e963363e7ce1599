"""Declared endpoints and subgroups: what they mean, how they override each other, and that they survive storage."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import (
    PACKAGED_ENDPOINTS,
    PACKAGED_SUBGROUPS,
    BinaryEndpoint,
    Endpoints,
    Subgroup,
    Subgroups,
    TimeEndpoint,
    combined_endpoints,
    combined_subgroups,
    endpoint_outcome,
    endpoint_times,
    endpoint_title,
    subgroup_members,
)


def values(**columns: list[object]) -> pd.DataFrame:
    index = [f"P{number}" for number in range(len(next(iter(columns.values()))))]
    return pd.DataFrame({name: pd.Series(column, index=index) for name, column in columns.items()})


def outcome(clinical: pd.DataFrame, **declared: object) -> list[float]:
    return endpoint_outcome(clinical, BinaryEndpoint.model_validate(declared)).tolist()


def test_excluded_is_not_cold() -> None:
    inflamed = PACKAGED_ENDPOINTS.root["inflamed"]
    assert isinstance(inflamed, BinaryEndpoint)
    clinical = values(
        cd8_percent=[np.nan] * 6 + [25.0, 10.0],
        immune_phenotype=["inflamed", "hot", "desert", "cold", "excluded", "intermediate", "desert", "inflamed"],
    )
    found = endpoint_outcome(clinical, inflamed)
    np.testing.assert_array_equal(found, [1, 1, 0, 0, np.nan, np.nan, 1, 0])


def test_limits_include_or_exclude_the_cut() -> None:
    clinical = values(pd_l1=[0.0, 1.0, 10.0, np.nan])
    np.testing.assert_array_equal(outcome(clinical, column="pd_l1", at_least=1), [0, 1, 1, np.nan])
    np.testing.assert_array_equal(outcome(clinical, column="pd_l1", above=1), [0, 0, 1, np.nan])
    np.testing.assert_array_equal(outcome(clinical, column="pd_l1", above=0), [0, 1, 1, np.nan])


def test_where_leaves_other_patients_out() -> None:
    clinical = values(pd_l1=[5.0, 5.0, 0.0, 5.0], pd_l1_assay=["22C3", "SP142", "22c3 ", None])
    found = outcome(clinical, column="pd_l1", at_least=1, where={"pd_l1_assay": ["22C3"]})
    np.testing.assert_array_equal(found, [1, np.nan, 0, np.nan])


@pytest.mark.parametrize(
    ("texts", "positive", "negative"),
    [
        (["yes", "No", "true", "FALSE", "maybe"], [True], [False]),  # as YAML reads [yes] and [no]
        (["1", "0", "1.0", "0.0", "2"], [1], [0]),
        (["CR", "pd", " cr ", "PD", "SD"], ["CR"], ["PD"]),
    ],
)
def test_words_are_compared_without_case_and_numbers_as_numbers(
    texts: list[str], positive: list[object], negative: list[object]
) -> None:
    found = outcome(values(own=texts), column="own", positive=positive, negative=negative)
    np.testing.assert_array_equal(found, [1, 0, 1, 0, np.nan])


def test_time_and_event_are_known_together() -> None:
    clinical = values(months=["12", "6", "0", "x", "3"], state=["relapse", "none", "none", "none", None])
    endpoint = TimeEndpoint(time="months", unit="months", event="state", positive=("relapse",), negative=("none",))
    found = endpoint_times(clinical, endpoint)
    np.testing.assert_allclose(found["time_days"], [365.25, 182.625, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["event"], [1, 0, np.nan, np.nan, np.nan])
    canonical = endpoint_times(values(pfs_days=[10.0, 20.0], pfs_event=[1, pd.NA]), pfs())
    np.testing.assert_array_equal(canonical, [[10, 1], [np.nan, np.nan]])
    assert endpoint_times(values(er=["positive"]), pfs()).isna().all(axis=None), "a cohort without the columns"


def pfs() -> TimeEndpoint:
    found = PACKAGED_ENDPOINTS.root["pfs"]
    assert isinstance(found, TimeEndpoint)
    return found


def test_subgroups_combine_columns_with_and_and_any_of_with_or() -> None:
    clinical = values(
        her2=["negative", "negative", "negative", "positive", None],
        er=["positive", "negative", "negative", "positive", "positive"],
        pr=["negative", "positive", "negative", "positive", "positive"],
    )
    luminal = PACKAGED_SUBGROUPS.root["her2_negative_hr_positive"]
    assert luminal is not None
    assert subgroup_members(clinical, luminal).tolist() == [True, True, False, False, False]
    either = Subgroup.model_validate({"any_of": [{"er": ["positive"], "pr": ["positive"]}, {"her2": ["negative"]}]})
    assert subgroup_members(clinical, either).tolist() == [True, True, True, True, True]


def test_the_cohort_overrides_the_study_which_overrides_the_packaged() -> None:
    study = Endpoints.model_validate(
        {
            "pd_l1_positive": {"column": "pd_l1", "at_least": 10},
            "dfs": None,
            "ki67": {"column": "ki67_percent", "above": 20},
        }
    )
    cohort = Endpoints.model_validate({"pd_l1_positive": {"column": "pd_l1", "at_least": 50}, "ki67": None})
    assert combined_endpoints(study, Endpoints({}))["pd_l1_positive"].at_least == 10
    both = combined_endpoints(study, cohort)
    assert both["pd_l1_positive"].at_least == 50
    assert both["os"] == PACKAGED_ENDPOINTS.root["os"]
    assert {"dfs", "ki67"} & set(both) == set()
    assert "triple_negative" not in combined_subgroups(Subgroups({}), Subgroups({"triple_negative": None}))
    assert endpoint_title("pd_l1_positive", both["pd_l1_positive"]) == "PD-L1 positive"
    assert endpoint_title("my_own") == "my own"


def test_declarations_survive_storage_as_json() -> None:
    assert Endpoints.model_validate_json(PACKAGED_ENDPOINTS.model_dump_json()) == PACKAGED_ENDPOINTS
    assert Subgroups.model_validate_json(PACKAGED_SUBGROUPS.model_dump_json()) == PACKAGED_SUBGROUPS
