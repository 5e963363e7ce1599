import numpy as np
import pandas as pd
import pytest

from tme_platform.radiomics import agreement, icc


@pytest.fixture
def readings():
    """Twelve patients, two readers, two sessions: a repeatable feature, one with a reader bias, and noise."""
    random = np.random.default_rng(5)
    rows = []
    for patient in range(12):
        truth = random.normal(0, 10)
        for reader, offset in (("r1", 0), ("r2", 15)):
            for session in ("1", "2"):
                rows.append(
                    {
                        "patient_id": f"p{patient}",
                        "reader": reader,
                        "session": session,
                        "series": "dce",
                        "row_key": f"{patient}{reader}{session}",
                        "good": truth + random.normal(0, 0.5),
                        "reader_bias": truth + offset + random.normal(0, 0.5),
                        "noise": random.normal(),
                        "constant": 3.0,
                    }
                )
    return pd.DataFrame(rows)


def test_agreement_between_readers_and_sessions(readings):
    found = agreement(readings).set_index(["feature", "kind"])
    assert set(found.index.get_level_values("kind")) == {"reader", "session"}
    assert set(found.index.get_level_values("feature")) == {"good", "reader_bias", "noise", "constant"}
    kept = found["kept"].groupby("feature").first()
    assert kept.to_dict() == {"good": True, "reader_bias": False, "noise": False, "constant": False}
    assert found.loc[("reader_bias", "session"), "reason"] == ""
    assert "reader ICC" in found.loc[("reader_bias", "reader"), "reason"]
    assert "same value" in found.loc[("constant", "reader"), "reason"]
    assert found.loc[("good", "reader"), ["subjects", "raters"]].to_list() == [12, 2]
    assert found.loc[("good", "session"), ["subjects", "raters"]].to_list() == [24, 2]


def test_reader_icc_uses_the_first_session(readings):
    first = readings[readings["session"] == "1"].rename(columns={"patient_id": "subject", "reader": "rater"})
    expected = icc(first[["subject", "rater", "good"]]).loc["good", "icc"]
    found = agreement(readings).set_index(["feature", "kind"]).loc[("good", "reader"), "icc"]
    assert found == pytest.approx(expected, rel=1e-12)


def test_patients_read_once_are_dropped(readings):
    once = readings.iloc[[0]].assign(patient_id="alone", row_key="x")
    pd.testing.assert_frame_equal(agreement(pd.concat([readings, once])), agreement(readings))


def test_perturbations_are_kinds_of_their_own(readings):
    original = readings[(readings["reader"] == "r1") & (readings["session"] == "1")].drop(columns=["reader", "session"])
    random = np.random.default_rng(0)
    table = [original]
    for name in ("contour_dilated", "contour_eroded", "noise_1", "field_of_view_2"):
        changed = original.assign(perturbation=name)
        changed["good"] += random.normal(0, 0.1, len(changed))
        changed["reader_bias"] += random.normal(0, 20 if name.startswith("contour") else 0.1, len(changed))
        table.append(changed)
    found = agreement(pd.concat(table)).set_index(["feature", "kind"])
    assert set(found.index.get_level_values("kind")) == {
        f"perturbation:{kind}" for kind in ("contour", "noise", "field_of_view")
    }
    assert found.loc[("good", "perturbation:contour"), "raters"] == 3
    assert found.loc[("good", "perturbation:noise"), "raters"] == 2
    assert found.loc["good", "kept"].all()
    assert not found.loc["reader_bias", "kept"].any()
    assert found.loc[("reader_bias", "perturbation:noise"), "reason"] == ""


def test_lower_threshold_keeps_more_features(readings):
    loose = agreement(readings, threshold=0.2).set_index("feature")["kept"].groupby("feature").first()
    assert loose["reader_bias"]


def test_table_without_repetitions_raises(readings):
    with pytest.raises(ValueError, match="perturbations"):
        agreement(readings[(readings["reader"] == "r1") & (readings["session"] == "1")])
    with pytest.raises(ValueError, match="patient_id"):
        agreement(readings.drop(columns="patient_id"))


def test_the_first_session_is_that_of_the_lesion(readings):
    """A reader who saw some patients only in the second session has read them once, in that session."""
    late = readings.query("reader == 'r1' and session == '1' or reader == 'r2' and session == '2'")
    first = readings.query("session == '1'").assign(patient_id=lambda rows: "other " + rows["patient_id"])
    found = agreement(pd.concat([late, first])).set_index(["feature", "kind"])
    assert set(found.index.get_level_values("kind")) == {"reader"}
    assert found.loc[("good", "reader"), "subjects"] == 24
