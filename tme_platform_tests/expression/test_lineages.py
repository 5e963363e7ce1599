import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import LineageMap, lineage_map, log_lineages

MAP = LineageMap({"a1": "A", "a2": "A", "b": "B", "absent": "C"}, {"A": "adaptive", "B": "non_immune", "C": "adaptive"})


def test_fractions_are_summed_before_the_logarithm():
    fractions = pd.DataFrame({"P1": [0.25, 0.2499, 0.0, 0.5]}, index=["a1", "a2", "b", "epithelium"])
    found = log_lineages(fractions, MAP)
    assert found.index.tolist() == ["A", "B"]
    np.testing.assert_allclose(found["P1"], [np.log10(0.5), -4])


@pytest.mark.parametrize(
    ("values", "message"),
    [([0.2, -0.1], "from -0.1 to 0.2"), ([30.0, 20.0], "from 20 to 30")],
)
def test_values_that_are_no_fractions_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        log_lineages(pd.DataFrame({"P1": values}, index=["a1", "b"]), MAP)


def test_other_states_and_a_limit_of_zero_are_refused():
    fractions = pd.DataFrame({"P1": [1.0]}, index=["T cells"])
    with pytest.raises(ValueError, match="None of the 1 states is in the lineage map"):
        log_lineages(fractions, MAP)
    with pytest.raises(ValueError, match="detection_limit"):
        log_lineages(fractions, MAP, detection_limit=0)


@pytest.mark.parametrize(("name", "states", "lineages"), [("instaprism", 41, 20), ("lm22", 22, 16)])
def test_packaged_maps(name, states, lineages):
    found = lineage_map(name)
    assert (len(found.lineage), len(found.group)) == (states, lineages)
    assert set(found.lineage.values()) == set(found.group)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("state\tlineage\nx\tA\n", "lacks the column.s. group"),
        ("state\tlineage\tgroup\nx\tA\tadaptive\nx\tB\tadaptive\n", "line 3: the state 'x' is listed twice"),
        ("state\tlineage\tgroup\nx\tA\tadaptive\ny\tA\tnon_immune\n", "line 3: the lineage 'A' is in group non_immune"),
    ],
)
def test_mistakes_in_an_own_map_name_the_line(tmp_path, text, message):
    (tmp_path / "map.tsv").write_text(text)
    with pytest.raises(ValueError, match=message):
        lineage_map(tmp_path / "map.tsv")


def test_an_unknown_map_lists_the_packaged_ones():
    with pytest.raises(ValueError, match="instaprism, lm22"):
        lineage_map("xcell")
