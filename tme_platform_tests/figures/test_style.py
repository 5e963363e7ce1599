"""Colours hold for people who see them otherwise, and on a grey print."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from tme_platform.figures import style
from tme_platform.figures.cell_score_heatmap import _BARS

# Machado, Oliveira & Fernandes 2009, IEEE Trans Vis Comput Graph 15:1291, severity 1.0, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour", [style.INK, style.MUTED, style.ALERT])
def test_text_has_contrast_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_contrast_is_counted_as_wcag_does():
    assert 1.05 / (luminance("#767676") + 0.05) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("sight", [np.eye(3), DEUTERANOPIA, PROTANOPIA])
@pytest.mark.parametrize(
    "colours",
    [
        [style.PHENOTYPE_COLOURS[name] for name in style.PHENOTYPES],
        list(style.SERIES_COLOURS),
        list(style.GROUP_COLOURS.values()),
    ],
    ids=["phenotypes", "series", "groups"],
)
def test_colours_stay_apart(colours, sight):
    distances = [
        np.linalg.norm(lab(sight @ linear(a)) - lab(sight @ linear(b))) for a, b in itertools.combinations(colours, 2)
    ]
    assert min(distances) > 15


def test_red_and_green_would_not():
    red, green = ("#d62728", "#2ca02c")
    assert np.linalg.norm(lab(DEUTERANOPIA @ linear(red)) - lab(DEUTERANOPIA @ linear(green))) < 30


def test_phenotypes_differ_without_colour():
    for marks in (style.PHENOTYPE_MARKERS, style.PHENOTYPE_HATCHES, style.PHENOTYPE_LINES):
        assert len(set(marks.values())) == len(marks)


def test_series_differ():
    looks = [tuple(map(str, style.series_style(at).values())) for at in range(35)]
    assert len(set(looks)) == 35
    assert len({style.series_style(at)["color"] for at in range(7)}) == 7, "the seven classes of features"


def test_ratios_and_subtypes_have_no_colour_of_a_phenotype():
    ends = [style.diverging()(share) for share in np.linspace(0, 1, 21)]
    subtypes = [linear(colour) for colour in _BARS["pam50"].values()]
    for phenotype in ("hot", "cold"):
        own = lab(linear(style.PHENOTYPE_COLOURS[phenotype]))
        for colour in [linear(to_hex(end)) for end in ends] + subtypes:
            assert np.linalg.norm(lab(colour) - own) > 20
