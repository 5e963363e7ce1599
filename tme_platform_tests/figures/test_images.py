"""Compare nine figures with stored pictures.

The comparison is of brightness and colour in blocks of four pixels, so that a different rendering of a letter passes
and a missing curve, another colour or a moved legend fails. To renew the pictures after looking at the new ones:
``TME_RENEW_FIGURES=1 pytest tme_platform_tests/figures/test_images.py``.
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tme_platform.figures import draw, to_small_png
from tme_platform.figures.canvas import Drawn

BASELINE = Path(__file__).parent / "baseline"
NAMES = (
    "auc_evidence",
    "cell_score_heatmap",
    "kaplan_meier",
    "cox_bubbles",
    "population_groups",
    "roc",
    "metric_bars",
    "calibration",
    "scanner_effect",
)
MOST_BYTES = 25_000
BLOCK = 4
TOLERATED_SHARE = 0.004
"""Share of blocks that may differ by more than 12 % of the range."""


def picture(made: Drawn) -> bytes:
    return to_small_png(made.figure, at_most=MOST_BYTES)


def blocks(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    height, width = (size // BLOCK * BLOCK for size in pixels.shape[:2])
    return pixels[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean(axis=(1, 3))


def difference(first: bytes, second: bytes) -> float:
    """Share of blocks that differ visibly; 1 for pictures of different size."""
    a, b = blocks(first), blocks(second)
    return 1.0 if a.shape != b.shape else float((np.abs(a - b).max(axis=2) > 0.12).mean())


@pytest.mark.parametrize("name", NAMES)
def test_looks_like_its_baseline(sample, name):
    drawn, file = picture(draw(name, sample)), BASELINE / f"{name}.png"
    if os.environ.get("TME_RENEW_FIGURES"):
        file.write_bytes(drawn)
    assert difference(file.read_bytes(), drawn) <= TOLERATED_SHARE


def test_comparison_detects_a_lost_curve_and_another_colour(sample):
    before = (BASELINE / "kaplan_meier.png").read_bytes()
    lost, recoloured = draw("kaplan_meier", sample), draw("kaplan_meier", sample)
    lost.figure.axes[0].collections[1].remove()
    recoloured.figure.axes[0].collections[1].set_facecolor("green")
    for made in (lost, recoloured):
        assert difference(before, picture(made)) > 2 * TOLERATED_SHARE


def test_baselines_are_small_and_all_used():
    files = sorted(path.stem for path in BASELINE.glob("*.png"))
    assert files == sorted(NAMES)
    assert all((BASELINE / f"{name}.png").stat().st_size <= MOST_BYTES for name in NAMES)
