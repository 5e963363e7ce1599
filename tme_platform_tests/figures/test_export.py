"""A figure as bytes."""

import io

import pytest
from PIL import Image

from tme_platform.figures import draw, shrink_png, to_pdf, to_png, to_small_png, to_svg


@pytest.mark.parametrize("export", [to_png, to_svg, to_pdf], ids=["png", "svg", "pdf"])
def test_same_figure_gives_same_bytes_without_date_or_software(sample, export):
    first, second = (export(draw("auc_by_size", sample).figure) for _ in range(2))
    assert first == second
    for word in (b"Matplotlib v", b"matplotlib.org", b"CreationDate", b"dc:date", b"Software"):
        assert word not in first


def test_png_has_the_size_of_print(sample):
    figure = draw("kaplan_meier", sample).figure
    with Image.open(io.BytesIO(to_png(figure, dpi=300))) as picture:
        assert picture.width == pytest.approx(170 * 0.6 / 25.4 * 300, abs=2)


def test_small_png_is_small_and_still_a_picture(sample):
    figure = draw("cell_score_heatmap", sample).figure
    small = to_small_png(figure)
    assert len(small) < 60_000
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.width > 400
        assert len(picture.convert("RGB").getcolors(100_000)) > 8
    assert len(to_small_png(figure, at_most=20_000)) < 20_000


def test_figure_too_large_for_the_limit_is_refused(sample):
    with pytest.raises(ValueError, match="more than 500"):
        to_small_png(draw("auc_by_size", sample).figure, at_most=500)


def test_a_small_picture_is_made_smaller_without_drawing_it_again(sample):
    small = to_small_png(draw("cell_score_heatmap", sample).figure)
    smaller = shrink_png(small, at_most=len(small) * 3 // 4)
    assert len(smaller) <= len(small) * 3 // 4
    with Image.open(io.BytesIO(small)) as before, Image.open(io.BytesIO(smaller)) as after:
        assert after.width < before.width
        assert after.width / after.height == pytest.approx(before.width / before.height, rel=0.02)
