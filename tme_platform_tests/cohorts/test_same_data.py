"""The same image or the same numbers under two patients are found by content, and chance is not taken for it."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import check_cohort, image_fingerprints, reject_same_data, row_fingerprints, same_data


def rows(values: np.ndarray | list[list[float]]) -> pd.DataFrame:
    frame = pd.DataFrame(values)
    return frame.set_axis([f"P{n}" for n in range(len(frame))]).add_prefix("f")


def groups(values: pd.DataFrame) -> list[list[str]]:
    found = same_data(row_fingerprints(values, "features"))
    return [members["patient_id"].tolist() for _, members in found.groupby("group")]


def test_equal_rows_are_found_among_many() -> None:
    values = rows(np.random.default_rng(1).normal(size=(300, 200)))
    values.iloc[250] = values.iloc[3]
    values.iloc[[7, 8, 9]] = values.iloc[9].to_numpy()
    assert groups(values) == [["P250", "P3"], ["P7", "P8", "P9"]] or groups(values) == [
        ["P7", "P8", "P9"],
        ["P250", "P3"],
    ]


def test_the_order_of_columns_and_the_precision_of_the_file_do_not_matter() -> None:
    values = rows([[1.2345, -0.0, 5.25], [9.5, 3.25, 7.125]])
    single = values.astype("float32").astype("float64").add(0.0)[["f2", "f0", "f1"]]
    first, second = row_fingerprints(values, "features"), row_fingerprints(single, "features")
    assert first["fingerprint"].tolist() == second["fingerprint"].tolist()


@pytest.mark.parametrize(
    "values",
    [
        [[4, 2], [4, 2], [3, 1]],  # two coarse scores
        [[1, 0, 0, 1, 1, 0]] * 4,  # yes and no
        [[0.5], [0.5]],
    ],
)
def test_values_that_agree_by_chance_are_no_match(values: list[list[float]]) -> None:
    assert groups(rows(values)) == []


def test_one_column_with_many_digits_is_enough() -> None:
    assert groups(rows([[12.34567], [12.34567], [3.1]])) == [["P0", "P1"]]


def test_missing_values_have_no_fingerprint() -> None:
    assert groups(rows([[np.nan] * 9, [np.nan] * 9])) == []
    assert row_fingerprints(rows(np.zeros((2, 0))), "features").empty


def test_an_image_under_two_patients_but_not_two_readings_of_one() -> None:
    outlines = pd.DataFrame(
        [
            ("A", "h1", None), ("A", "h1", None), ("B", "h1", None), ("C", "h2", "1"), ("D", "h2", "2"),
        ],
        columns=["patient_id", "image_sha256", "dicom_series"],
    )  # fmt: skip
    rejected = reject_same_data("c", image_fingerprints(outlines), "imaging.csv")
    (message,) = rejected["message"]
    assert message.startswith("A, B have the same image.")
    assert rejected["rule"].tolist() == ["same_data_twice"]


@pytest.mark.parametrize(
    ("declared", "files", "who"),
    [
        (
            "features: {file: f.csv, feature_set: x}\n",
            {"f.csv": "patient_id,a,b\nA,1.234,5.678\nB,1.234,5.678\nC,2,3\n"},
            "A, B have the same features",
        ),
        (
            "expression: {file: e.tsv, unit: log2_tpm}\n",
            {"e.tsv": "gene\tA\tB\tC\nCD8A\t1.5\t2.5\t1.5\nCD4\t5.62\t4.33\t5.62\nGZMB\t0.31\t4\t0.31\n"},
            "A, C have the same expression values",
        ),
        (
            "cell_scores: {file: s.csv, groups: g.csv, method: m}\n",
            {"s.csv": "patient_id,x,y\nA,0.125,0.75\nB,0.125,0.75\n",
             "g.csv": "population,group\nx,adaptive\ny,non_immune\n"},
            "A, B have the same cell scores",
        ),
        (
            "imaging: {}\n",
            {"imaging.csv": "patient_id,image,mask\nA,i.nii,m.nii\nB,copy.nii,n.nii\n", "i.nii": "x", "copy.nii": "x",
             "m.nii": "m", "n.nii": "n"},
            "A, B have the same image",
        ),
    ],
)  # fmt: skip
def test_check_names_the_patients(land, declared: str, files: dict[str, str], who: str) -> None:
    folder, _ = land(declared, files)
    report = check_cohort(folder)
    assert any(problem.startswith(who) for problem in report.problems)
    assert "same_data_twice" in set(report.rejected["rule"])
