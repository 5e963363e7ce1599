from tme_platform.cohorts import REJECTED_COLUMNS, Rejections


def test_rows_are_sorted_and_unique():
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


def test_more_than_twenty_cases_become_one_row():
    for n, rows in ((20, 20), (21, 1)):
        rejected = Rejections("c")
        rejected.add_cases([(f"P{i}", "is odd") for i in range(n)], rule="r", advice="Fix it.", action="x", file="f")
        frame = rejected.frame()
        assert len(frame) == rows
        assert frame["message"].str.contains("Fix it").all()
    assert frame["message"].item() == "21 patients: P0: is odd; P1: is odd; P2: is odd; ... Fix it."


def test_every_patient_left_out_has_a_row():
    rejected = Rejections("c")
    cases = [(f"P{i}", "is odd") for i in range(500)]
    rejected.add_cases(cases, rule="r", advice="Fix it.", action="patient left out", file="f")
    assert rejected.frame()["patient_id"].nunique() == 500


def test_no_rejections_give_an_empty_frame():
    frame = Rejections("c").frame()
    assert frame.empty
    assert list(frame.columns) == REJECTED_COLUMNS
