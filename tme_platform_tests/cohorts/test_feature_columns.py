"""Which columns of a finished table are features."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tme_platform.cohorts import CohortError, read_clinical, read_features
from tme_platform.cohorts._feature_columns import refused_by_name
from tme_platform.radiomics import feature_dictionary

N = 12
random = np.random.default_rng(3)
IDS = [f"P{n:02d}" for n in range(N)]
FEATURES = pd.DataFrame(random.normal(size=(N, 3)).round(4), columns=["f0", "f1", "f2"])
CLINICAL = pd.DataFrame({"id": IDS, "days": random.integers(9, 999, N), "dead": [0, 1] * 6, "age": range(40, 40 + N)})


@pytest.fixture
def read(land):
    def read_one(frame: pd.DataFrame, more: str = "", clinical: str = "", index: bool = False):
        folder, cohort = land(
            f"features: {{file: f.csv, feature_set: x{more}}}\n{clinical}",
            {"f.csv": frame.to_csv(index=index), "c.csv": CLINICAL.to_csv(index=False)},
        )
        features, rejected = read_features(folder, "small", cohort)
        return features, rejected, read_clinical(folder, "small", cohort).patients["patient_id"].tolist()

    return read_one


def table(**more: object) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": IDS}).join(FEATURES).assign(**more)


def test_the_index_that_pandas_writes_is_no_feature(read, rules):
    features, rejected, patients = read(table(), index=True)
    assert list(features.columns) == ["f0", "f1", "f2"]
    assert rules(rejected) == {"unnamed_column": 1}
    assert patients == IDS


@pytest.mark.parametrize(
    ("name", "values", "rule"),
    [
        ("diagnostics_Image-original_Mean", random.normal(size=N), "diagnostic_column"),
        ("tumour_diagnostics_Mask-original_VoxelNum", random.normal(size=N), "diagnostic_column"),
        ("Label", [1, 2] * 6, "row_description"),
        ("Reader", [1, 2] * 6, "row_description"),
        ("Patient ID", random.normal(size=N), "row_description"),
        ("Unnamed: 0", random.normal(size=N), "unnamed_column"),
        ("hot", [0, 1] * 6, "outcome_column"),
        ("OS.time", random.normal(size=N), "outcome_column"),
        ("OS_STATUS", [1, 2] * 6, "outcome_column"),
        ("os_event", [0, 1] * 6, "outcome_column"),
        ("PFS (months)", random.normal(size=N), "outcome_column"),
        ("Age at diagnosis", random.normal(size=N), "outcome_column"),
        ("pathological_complete_response", [0, 1] * 6, "outcome_column"),
        ("immunePhenotype", [0, 1] * 6, "outcome_column"),
        ("CD8", random.normal(size=N), "outcome_column"),
        ("deceased_flag", random.normal(size=N), "outcome_column"),
        ("y_true", random.normal(size=N), "outcome_column"),
        ("risk_score", random.normal(size=N), "outcome_column"),
        ("PFI.time", random.normal(size=N), "outcome_column"),
        ("N_stage", random.normal(size=N), "outcome_column"),
        ("TumorPurity", random.normal(size=N), "outcome_column"),
        ("lesion_id", random.normal(size=N), "row_description"),
        ("train_test", random.normal(size=N), "row_description"),
        ("n", np.arange(N), "counter_column"),
        ("n", random.permutation(N) + 1, "counter_column"),
        ("n", np.arange(N) * 3 + 7, "counter_column"),
        ("n", random.permutation(10**6)[:N] + 10**6, "identifier_column"),
        ("when", [f"2021-03-{day + 10}" for day in range(N)], "date_column"),
        ("when", [20210310 + day * 2 for day in range(N)][::-1], "date_column"),
    ],
)
def test_columns_that_are_no_features_are_left_out_with_a_reason(read, rules, name, values, rule):
    features, rejected, _ = read(table(**{name: values}))
    assert list(features.columns) == ["f0", "f1", "f2"]
    assert rules(rejected) == {rule: 1}
    assert name[:30] in rejected["message"].item()


@pytest.mark.parametrize("values", [1 - CLINICAL["dead"], CLINICAL["dead"] + 1, CLINICAL["days"] / 30.4375])
def test_a_column_that_repeats_a_clinical_variable_is_an_outcome(read, rules, values):
    clinical = "clinical: [{file: c.csv, patient_id: id, columns: {os_days: days, os_event: dead}}]\n"
    features, rejected, _ = read(table(z=values), clinical=clinical)
    assert list(features.columns) == ["f0", "f1", "f2"]
    assert rules(rejected) == {"outcome_column": 1}
    assert "os_" in rejected["message"].item(), "the variable is named"
    assert "z" in read(table(z=values))[0].columns, "without the clinical table nobody can know"


def test_the_columns_of_a_declared_endpoint_are_outcomes(read, rules):
    declared = "clinical: [{file: c.csv, patient_id: id}]\nendpoints: {lesion: {column: age, at_least: 45}}\n"
    features, rejected, _ = read(table(lesion=[0.5, 1] * 6, Lesion_volume=range(0, 5 * N, 5)), clinical=declared)
    assert "Lesion_volume" not in features  # runs with the rows
    assert rules(rejected) == {"outcome_column": 1, "counter_column": 1}


def test_listed_columns_are_taken_unless_they_are_outcomes(read, rules):
    frame = table(n=np.arange(N), Image=[1, 2] * 6, hot=[0, 1] * 6)
    features, rejected, _ = read(frame, ", columns: [f0, n, Image, hot, f9]")
    assert list(features.columns) == ["f0", "n", "Image"]
    assert rules(rejected) == {"excluded_column": 1, "outcome_column": 1, "unknown_column": 1}


def test_patterns_choose_columns_but_do_not_vouch_for_them(read, rules):
    features, rejected, _ = read(table(f9=np.arange(N)), ', columns: "f.", exclude: "f[01]"')
    assert list(features.columns) == ["f2"]
    assert rules(rejected) == {"excluded_column": 1, "counter_column": 1}
    with pytest.raises(CohortError, match=r"features\.columns.*not a valid regular expression"):
        read(table(), ', columns: "f("')


def test_a_pattern_turns_samples_into_patients(read, rules):
    frame = table().assign(patient_id=[f"S-{name}-{'AB'[n % 2]}" for n, name in enumerate(IDS)])
    features, rejected, patients = read(frame, ", patient_id: {column: patient_id, pattern: '^S-(P..)-A'}")
    assert features.index.tolist() == patients == IDS[::2]
    assert rules(rejected) == {"other_samples": 1}


def test_constant_and_repeated_features_are_stated_and_kept(read, rules):
    features, rejected, _ = read(table(same=1.5, again=FEATURES["f1"]))
    assert list(features.columns) == ["f0", "f1", "f2", "same", "again"]
    assert rules(rejected) == {"constant_feature": 1, "duplicate_feature": 1}
    assert "'again' and 'f1'" in " ".join(rejected["message"])


def test_a_table_of_ranks_is_a_table_of_features(read):
    ranks = FEATURES.rank()
    features, rejected, _ = read(table(**{name: ranks[name] for name in ranks}))
    assert list(features.columns) == ["f0", "f1", "f2"]
    assert rejected.empty


def test_no_feature_of_the_platform_is_refused_by_name():
    names = feature_dictionary(None)["feature"].tolist()
    assert len(names) > 900
    assert refused_by_name([*names, "Time to peak (K2)", "Size/Lesion volume (S1)", "tumour_volume_ml"], []) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40))
def test_measured_values_are_never_counters(seed, n):
    values = np.random.default_rng(seed).normal(size=(n, 4))
    frame = pd.DataFrame(values, columns=list("abcd"), index=[f"P{i}" for i in range(n)])
    from tme_platform.cohorts._feature_columns import refused_by_value

    assert refused_by_value(frame, frame.astype(str), {}) == []


@pytest.mark.parametrize(
    "name",
    [
        *("Time to peak", "T2 time", "age_ratio", "Hotspot", "target_volume", "response_rate_kinetic", "group_delay"),
        *("class_separability", "Number of voxels", "Set size", "phase_1_mean", "center_x", "original_glcm_Id", "SER"),
    ],
)
def test_names_of_features_that_share_a_word_with_outcomes_are_features(name):
    assert refused_by_name([name], []) == []


def test_a_column_without_values_beside_others_raises_no_warning(read):
    features, _, _ = read(table(empty=[""] * N, f3=FEATURES["f0"]))
    assert features["f3"].notna().all()
