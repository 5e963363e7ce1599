import pandas as pd
import pytest

from tme_platform.figures import draw

Sample = dict[str, pd.DataFrame]


def test_the_honest_auc_comes_first_and_the_apparent_one_is_marked(sample: Sample) -> None:
    data = draw("auc_evidence", sample).data
    assert data["kind"].tolist() == ["honest", "paper", "honest", "shuffled", "rival", "rival", "definitions"]
    assert data.loc[0, ["value", "low", "high", "n", "n_positive"]].tolist() == [0.7, 0.55, 0.85, 40, 12]
    assert (data.loc[1, "value"], data.loc[1, "low":"high"].isna().all()) == (0.98, True)


def test_only_honest_estimates_of_the_rivals_are_compared(sample: Sample) -> None:
    rivals = draw("auc_evidence", sample).data.query("kind == 'rival'")
    assert rivals["value"].tolist() == [0.66, 0.55]


def test_shuffles_show_their_middle_and_definitions_their_range(sample: Sample) -> None:
    data = draw("auc_evidence", sample).data.set_index("kind")
    assert data.loc["shuffled", ["value", "low", "high"]].tolist() == pytest.approx([0.5, 0.405, 0.595])
    assert data.loc["definitions", ["low", "high"]].tolist() == [0.48, 0.66]
    assert pd.isna(data.loc["definitions", "value"]), "none is picked"


def test_it_is_drawn_from_the_signature_alone(sample: Sample) -> None:
    assert draw("auc_evidence", {"signature": sample["signature"]}).data["kind"].tolist() == ["honest", "paper"]
