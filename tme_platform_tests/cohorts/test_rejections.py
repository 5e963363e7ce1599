from tme_platform.cohorts import REJECTED_COLUMNS, Rejections


def test_rows_are_sorted_and_each_stands_once():
    rejected = Rejections("c")
    rejected.add(rule="b", message="m", action="x", patient_id="P2", file="f")
    rejected.add(rule="a", message="m", action="x", file="f")
    rejected.add(rule="b", message="m", action="x", patient_id="P1", file="f")
    rejected.add(rule="b", message="m", action="x", patient_id="P2", file="f")
    frame = rejected.frame()
    assert list(frame.columns) == REJECTED_COLUMNS
    assert frame["patient_id"].fillna("").tolist() == ["", "P1", "P2"]
    assert (frame.dtypes == "string").all()
    assert rejected.patients("b") == {"P1", "P2"}


def test_twenty_are_rows_and_twenty_one_are_one_row():
    for n, rows in ((20, 20), (21, 1)):
        rejected = Rejections("c")
        rejected.add_cases([(f"P{i}", "is odd") for i in range(n)], rule="r", advice="Mend it.", action="x", file="f")
        frame = rejected.frame()
        assert len(frame) == rows
        assert frame["message"].str.contains("Mend it").all()
    assert frame["message"].item() == "21 patients: P0: is odd; P1: is odd; P2: is odd; ... Mend it."


def test_patients_that_are_left_out_can_always_be_counted():
    rejected = Rejections("c")
    cases = [(f"P{i}", "is odd") for i in range(500)]
    rejected.add_cases(cases, rule="r", advice="Mend it.", action="patient left out", file="f")
    assert rejected.frame()["patient_id"].nunique() == 500


def test_nothing_rejected_is_an_empty_frame():
    frame = Rejections("c").frame()
    assert frame.empty
    assert list(frame.columns) == REJECTED_COLUMNS
