"""Findings of I-SPY2 that an independent computation gave as well. If one changes, find out why."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform.evaluation import auc_delong


@pytest.mark.parametrize(
    ("signature", "pembrolizumab", "control"),
    [
        ("chemokine12_score", 0.79, 0.68),
        ("stat1_sig", 0.78, 0.64),
        ("dendritic_cells", 0.78, 0.56),
        ("mast_cells", 0.24, 0.44),
    ],
)
def test_auc_for_pcr_by_arm(landing: Path, signature: str, pembrolizumab: float, control: float) -> None:
    trial = pd.read_csv(landing / "ispy2" / "pembrolizumab_and_control.tsv", sep="\t")
    found = {arm: auc_delong(rows["pcr"], rows[signature]).auc for arm, rows in trial.groupby("arm")}
    assert trial["arm"].value_counts().to_dict() == {"Ctr": 210, "Pembro": 69}
    assert found["Pembro"] == pytest.approx(pembrolizumab, abs=0.005)
    assert found["Ctr"] == pytest.approx(control, abs=0.005)
