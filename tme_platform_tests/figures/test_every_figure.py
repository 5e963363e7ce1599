"""What holds for all figures: drawn from the lake's tables as they are, readable, honest about nothing and about n."""

import re
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from tme_platform import figures
from tme_platform.figures import FIGURES, Drawn, draw
from tme_platform.figures.style import SMALL_POINTS
from tme_platform.tables import TABLES
from tme_platform_tests.support.sample_tables import POPULATIONS, tables

FRAMES = {
    "roc_curves",
    "reliability_curves",
    "decision_curves",
    "clinical_decision_curves",
    "rad_score_groups",
    "rad_score_group_members",
    "learning_curve",
    "label_permutations",
}
"""What functions give as frames; in the lake or not, the figure takes it by this name."""


def texts(made: Drawn) -> list[Text]:
    return [text for text in made.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def words(made: Drawn) -> str:
    return " ".join(text.get_text() for text in texts(made)).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")


@pytest.fixture(scope="module")
def all_drawn(sample):
    return {name: draw(name, sample) for name in FIGURES}


def test_tables_are_named_as_in_the_lake():
    for entry in FIGURES.values():
        assert set(entry.tables) <= set(TABLES) | FRAMES, entry.name
        assert entry.title
        assert entry.caption.endswith(".")


@pytest.mark.parametrize("name", list(FIGURES))
def test_drawn_data_are_tidy_and_n_is_stated(all_drawn, name):
    made = all_drawn[name]
    assert len(made.data) > 0
    assert not made.data.columns.duplicated().any()
    assert made.data.to_csv(index=False)
    said = words(made)
    assert re.search(
        r"n = \d|\d (hot|tumours|patients|of \d+ indices)|\(\d+ hot\)|\d rows rejected|n \w+ \||n below each group",
        said,
    )


@pytest.mark.parametrize("name", list(FIGURES))
def test_no_letter_is_too_small_or_cut_off(all_drawn, name):
    made = all_drawn[name]
    canvas = FigureCanvasAgg(made.figure)
    canvas.draw()
    renderer, page = canvas.get_renderer(), made.figure.bbox
    not_drawn = _ticks_out_of_sight(made)
    for text in texts(made):
        assert text.get_fontsize() >= SMALL_POINTS, text.get_text()
        if text in not_drawn:
            continue
        box = text.get_window_extent(renderer)
        assert box.x0 > page.x0 - 3, text.get_text()
        assert box.x1 < page.x1 + 3, text.get_text()
        assert box.y0 > page.y0 - 3, text.get_text()
        assert box.y1 < page.y1 + 3, text.get_text()


def _ticks_out_of_sight(made: Drawn) -> set[Text]:
    """Labels of ticks that lie outside their axis' limits: matplotlib has them, but does not draw them."""
    labels = set()
    for axis in (axis for axes in made.figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        margin = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - margin <= tick.get_loc() <= high + margin or not axis.axes.axison:
                labels |= {tick.label1, tick.label2}
    return labels


@pytest.mark.parametrize("name", list(FIGURES))
def test_figure_without_rows_states_the_reason(sample, name):
    entry = FIGURES[name]
    made = draw(name, {table: frame.iloc[:0] for table, frame in sample.items()})
    assert made.is_empty
    assert "Nothing to draw" in words(made)
    assert entry.title in words(made)


def test_simulated_data_are_marked_and_real_ones_are_not(all_drawn):
    marked = tables("simulated")
    some = ("cohort_flow", "kaplan_meier", "cox_bubbles", "roc", "model_history", "enrichment_run", "segmentation")
    for name in some:
        assert "simulated data" in words(draw(name, marked)), name
    for name in FIGURES:
        assert "simulated data" not in words(all_drawn[name]), name


def test_several_cohorts_are_not_drawn_as_one(sample):
    curves = sample["survival_curves"]
    both = {**sample, "survival_curves": pd.concat([curves, curves.assign(cohort="other")])}
    with pytest.raises(ValueError, match=r"other, sample.*cohort="):
        draw("kaplan_meier", both)
    assert len(draw("kaplan_meier", both, cohort="sample").data) == (curves["at_risk"] >= 10).sum()


def test_unknown_figure_and_missing_table_are_named():
    with pytest.raises(KeyError, match="no figure 'roc_plot'"):
        draw("roc_plot", {})
    with pytest.raises(KeyError, match="needs the table 'roc_curves'"):
        draw("roc", {})


def test_drawing_changes_no_setting_and_no_table(sample):
    before, copies = dict(mpl.rcParams), {name: frame.copy() for name, frame in sample.items()}
    for name in ("kaplan_meier", "cell_score_heatmap", "rad_score_by_group"):
        draw(name, sample)
    assert dict(mpl.rcParams) == before
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(sample[name], frame)


def test_no_figure_uses_pyplot():
    sources = [path.read_text() for path in Path(figures.__file__).parent.glob("*.py")]
    assert len(sources) > len(FIGURES)
    assert not any("pyplot" in source for source in sources)


def test_sample_covers_all_populations(all_drawn):
    assert set(all_drawn["cell_score_heatmap"].data["population"]) == set(POPULATIONS)
