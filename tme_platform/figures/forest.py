"""Forest plots of ratios: a point with its interval per row. The figures are in their own modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8)
_NEAR_TICKS = (0.5, 0.67, 0.8, 1, 1.25, 1.5, 2)


def forest(panel: Axes, rows: pd.DataFrame, labels: Sequence[str], *, x_label: str) -> None:
    """Draw a ratio and its 95 % interval per row, from top to bottom, on a log axis around 1.

    Parameters
    ----------
    panel
        The axes.
    rows
        ``ratio``, ``ci_low``, ``ci_high``; missing limits are left out, and ratios beyond the axis are clipped.
    labels
        Text at the left of each row.
    x_label
        Text below the axis.
    """
    y = np.arange(len(rows))
    ratio, low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("ratio", "ci_low", "ci_high"))
    with np.errstate(invalid="ignore"):
        apart = (low > 1) | (high < 1)
    colours = np.where(apart, style.INK, style.MUTED)
    panel.axvline(1, color=style.MUTED, linewidth=0.8)
    panel.hlines(y, low, high, color=colours, linewidth=1.2)
    panel.scatter(ratio, y, s=18, marker="D", color=colours, zorder=3, gid="forest")
    finite = np.concatenate([low, high, ratio])
    finite = finite[np.isfinite(finite) & (finite > 0)]
    reach = (
        float(np.clip(np.abs(np.log(finite)).max() * 1.06, np.log(1.5), np.log(8.2))) if finite.size else np.log(2.1)
    )
    panel.set_xscale("log")
    panel.set_xlim(np.exp(-reach), np.exp(reach))
    ticks = [tick for tick in (_TICKS if reach > np.log(3) else _NEAR_TICKS) if abs(np.log(tick)) <= reach]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set_xlabel(x_label)
    panel.set_yticks(y, list(labels))
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", color=style.FAINT, linewidth=0.4)
