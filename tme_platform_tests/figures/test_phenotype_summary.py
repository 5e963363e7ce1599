import numpy as np
import pandas as pd
import pytest
from scipy.stats import nchypergeom_fisher

from tme_platform.figures import draw
from tme_platform.statistics import standardised_difference

Sample = dict[str, pd.DataFrame]


def test_values_directions_and_sources(sample: Sample) -> None:
    rows = draw("phenotype_summary", sample).data.set_index("variable")
    expected = standardised_difference((2.5, 1.0), (1, 1), (12, 28))
    assert rows.loc["adaptive", "value"] == pytest.approx(expected.value)
    assert rows.loc["adaptive", "ci_low"] == pytest.approx(expected.ci_low)
    assert rows.loc[["adaptive", "basal", "os", "pcr"], "higher_in"].tolist() == ["hot", "hot", "cold", ""]
    circular = rows.index[rows["source"] == "from the same RNA"]
    assert {"adaptive", "CD274", "basal", "purity_estimate"} <= set(circular)
    assert not {"purity_absolute", "purity_lump", "os", "pcr"} & set(circular)


def test_basal_is_the_conditional_odds_ratio(sample: Sample) -> None:
    """Its likelihood is largest where the expected number of hot Basal tumours is the observed one, 6."""
    row = draw("phenotype_summary", sample).data.set_index("variable").loc["basal"]
    assert nchypergeom_fisher(M=40, n=8, N=12, odds=row["value"]).mean() == pytest.approx(6, abs=1e-6)
    assert row["ci_low"] > 1
    assert (row["n_hot"], row["n_cold"]) == (12, 28)


def test_cohorts_with_labels_of_another_are_left_out(sample: Sample) -> None:
    tables = {
        name: pd.concat([frame, frame.assign(cohort="other")]) if "cohort" in frame else frame
        for name, frame in sample.items()
    }
    assert draw("phenotype_summary", tables).data["cohort"].nunique() == 2
    labels = tables["tme_phenotypes"]
    taken = labels.assign(method=np.where(labels["cohort"] == "other", "patient", "fit"))
    assert set(draw("phenotype_summary", {**tables, "tme_phenotypes": taken}).data["cohort"]) == {"sample"}


def test_subgroups_and_arms_do_not_count_as_all_patients(sample: Sample) -> None:
    tests, response = sample["survival_tests"], sample["phenotype_response"]
    tables = {
        **sample,
        "survival_tests": tests[tests["subgroup"] != "all"],
        "phenotype_response": response[response["arm"] != "all"],
    }
    assert "outcome" not in set(draw("phenotype_summary", tables).data["source"])


def test_values_beyond_the_axis_are_arrows(sample: Sample) -> None:
    tests = sample["survival_tests"].assign(hr_hot=400.0, hr_low=90.0, hr_high=np.nan)
    made = draw("phenotype_summary", {**sample, "survival_tests": tests})
    arrows = made.figure.findobj(lambda artist: artist.get_gid() == "beyond")
    rows = [float(arrow.get_ydata()[0]) for arrow in arrows]
    panel = arrows[0].axes
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert "overall survival, HR" in {labels[round(y)] for y in rows}
    assert made.data.set_index("variable").loc["os", "higher_in"] == "hot"
    points = np.concatenate(
        [
            found.get_offsets()
            for found in panel.findobj(lambda artist: str(artist.get_gid() or "").startswith("value:"))
        ]
    )
    assert labels.index("overall survival, HR") not in points[:, 1]
