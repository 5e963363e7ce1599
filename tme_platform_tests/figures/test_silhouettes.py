import pandas as pd
import pytest

from tme_platform.figures import draw


def test_every_tumour_has_a_bar_sorted_within_its_cluster(sample: dict[str, pd.DataFrame]) -> None:
    made = draw("silhouettes", sample)
    assert len(made.data) == len(sample["cluster_silhouettes"]) == 160
    for panel, (k, rows) in zip(made.figure.axes, made.data.groupby("k"), strict=True):
        assert all(widths.is_monotonic_decreasing for _, widths in rows.groupby("cluster")["width"])
        bars = panel.findobj(lambda artist: str(artist.get_gid() or "").startswith("cluster:"))
        assert len(bars) == k
        (mean,) = panel.findobj(lambda artist: artist.get_gid() == "mean")
        assert mean.get_xdata()[0] == pytest.approx(rows["width"].mean())
        labels = [text.get_text() for text in panel.texts]
        assert labels[0].startswith(str((rows["cluster"] == 1).sum()))


def test_share_below_zero_is_stated(sample: dict[str, pd.DataFrame]) -> None:
    table = sample["cluster_silhouettes"]
    made = draw("silhouettes", {"cluster_silhouettes": table.assign(width=[-0.1] + [0.3] * 159)})
    assert "2% for k = 2, 0% for k = 3" in " ".join(made.notes)
