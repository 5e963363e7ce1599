"""Summary of hot and cold tumours: yardsticks, survival and response, in each cohort with clusters of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.evaluation import odds_ratio
from tme_platform.expression import CHECKPOINT_GENES
from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, endpoint_label, sorted_endpoints
from tme_platform.statistics import standardised_difference

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Hot compared with cold tumours"
_OTHERWISE, _SAME_RNA, _OUTCOME = "measured otherwise", "from the same RNA", "outcome"
_DIFFERENCE, _RATIO = "difference", "ratio"
_VARIABLES = {
    ("yardsticks", "leukocyte_fraction"): "leukocyte fraction",
    ("clinical", "cd8_percent"): "CD8, IHC",
    ("clinical", "stil_percent"): "stromal TILs",
    ("clinical", "pd_l1"): "PD-L1 score",
    ("purity", "purity_absolute"): "purity, ABSOLUTE",
    ("purity", "purity_lump"): "purity, LUMP",
    ("purity", "purity_ihc"): "purity, IHC",
    **{("population_groups", name): label for name, label in style.GROUP_LABELS.items()},
    ("estimate", "immune_score"): "immune score, ESTIMATE",
    ("purity", "purity_estimate"): "purity, ESTIMATE",
    **{("checkpoint_genes", gene): gene for gene in CHECKPOINT_GENES},
}
"""Family and name of the numeric variables in `phenotype_characteristics`, in the order of the figure."""
_RNA_FAMILIES = ("population_groups", "estimate", "checkpoint_genes")
_RNA_VARIABLES = ("purity_estimate",)
_MARKERS = {"hot": "o", "cold": "s", "": "D"}
_ROW_MM = 4.4
_NO_EVIDENCE = ""
_COLUMNS = [
    "cohort", "part", "source", "variable", "label", "value", "ci_low", "ci_high", "n_hot", "n_cold", "higher_in",
]  # fmt: skip


@figure(
    title=TITLE,
    caption="Standardised differences, odds and hazard ratios of hot against cold tumours with 95 % confidence "
    "intervals, in every cohort whose phenotypes are clusters of its own; what comes from the same RNA as the "
    "phenotypes is kept apart.",
)
def phenotype_summary(
    phenotype_characteristics: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    survival_tests: pd.DataFrame | None = None,
    phenotype_response: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
) -> Drawn:
    """Draw a column of panels per cohort: differences in standard deviations above, ratios below.

    Parameters
    ----------
    phenotype_characteristics, tme_phenotypes, survival_tests, phenotype_response, endpoints
        Tables of the same names, all cohorts.
    """
    fitted = tme_phenotypes[tme_phenotypes["method"] == "fit"] if len(tme_phenotypes) else tme_phenotypes
    check_not_empty(fitted, "no cohort has clusters of its own.")
    cohorts = sorted(fitted["cohort"].unique())
    rows = [
        row
        for cohort in cohorts
        for row in (
            *_differences(phenotype_characteristics, cohort),
            *_basal(phenotype_characteristics, cohort),
            *_hazards(survival_tests, endpoints, cohort),
            *_responses(phenotype_response, endpoints, cohort),
        )
    ]
    data = pd.DataFrame(rows, columns=_COLUMNS[:-1]).dropna(subset=["value"])
    check_not_empty(data, "nothing was compared between hot and cold tumours.")
    data["higher_in"] = np.select([_above(data), _below(data)], ["hot", "cold"], _NO_EVIDENCE)

    parts = [part for part in (_DIFFERENCE, _RATIO) if (data["part"] == part).any()]
    lines = {part: _lines(data[data["part"] == part]) for part in parts}
    counts = [len(lines[part]) for part in parts]
    figure, axes = canvas(
        style.DOUBLE_MM, 54 + _ROW_MM * sum(counts), len(parts) + 1, len(cohorts),
        heights=(*(count + 1.0 for count in counts), 1.8),
    )  # fmt: skip
    for part, panels in zip(parts, axes[:-1], strict=True):
        own = data[data["part"] == part]
        for panel, cohort in zip(panels, cohorts, strict=True):
            _draw(panel, own[own["cohort"] == cohort], lines[part], part, _reach(own, part))
            if panel is not panels[0]:
                panel.set_yticklabels([])
    for panel, cohort in zip(axes[0], cohorts, strict=True):
        n = fitted.loc[fitted["cohort"] == cohort, "phenotype"].value_counts()
        panel.set_title(f"{cohort}\n{n.get('hot', 0):,} hot, {n.get('cold', 0):,} cold", size=style.SMALL_POINTS)
    _draw_legend(axes[-1])
    notes = [
        "Difference: hot minus cold, in standard deviations (SD). OR: odds ratio; HR: hazard ratio, higher in hot if "
        "hot tumours have more events. Lines: 95 % CI, not corrected for their number; arrows: beyond the axis.",
        "From the same RNA: the phenotypes were defined by this RNA, so a difference is expected by construction and "
        "confirms nothing. No evidence of a difference is not evidence that there is none.",
    ]
    frames = (phenotype_characteristics, tme_phenotypes, survival_tests, phenotype_response)
    return finish(figure, data[_COLUMNS], title=TITLE, frames=frames, notes=notes)


def _differences(characteristics: pd.DataFrame, cohort: str) -> Iterator[tuple[object, ...]]:
    own = characteristics[(characteristics["cohort"] == cohort) & (characteristics["kind"] == "numeric")]
    for (family, variable), label in _VARIABLES.items():
        found = own[(own["family"] == family) & (own["variable"] == variable)].set_index("phenotype")
        if not {"hot", "cold"} <= set(found.index):
            continue
        hot, cold = (found.loc[name] for name in ("hot", "cold"))
        n = int(hot["n"]), int(cold["n"])
        made = standardised_difference(
            (float(hot["mean"]), float(cold["mean"])), (float(hot["sd"]), float(cold["sd"])), n
        )
        source = _SAME_RNA if family in _RNA_FAMILIES or variable in _RNA_VARIABLES else _OTHERWISE
        yield cohort, _DIFFERENCE, source, variable, label, made.value, made.ci_low, made.ci_high, *n


def _basal(characteristics: pd.DataFrame, cohort: str) -> Iterator[tuple[object, ...]]:
    """Yield the odds of a Basal subtype, as published or else as called from the RNA."""
    own = characteristics[
        (characteristics["cohort"] == cohort)
        & (characteristics["family"] == "subtype")
        & (characteristics["kind"] == "categorical")
    ]
    called = own[own["variable"] == ("published" if (own["variable"] == "published").any() else "called")]
    n = {name: int(called.loc[called["phenotype"] == name, "n"].sum()) for name in ("hot", "cold")}
    if min(n.values()) == 0:
        return
    basal = called[called["level"] == "Basal"].groupby("phenotype")["n"].sum()
    k = {name: int(basal.get(name, 0)) for name in n}
    outcome = np.concatenate([np.arange(n[name]) < k[name] for name in n])
    made = odds_ratio(outcome.astype(float), np.repeat([1.0, 0.0], [n["hot"], n["cold"]]))
    label = "Basal subtype, OR"
    yield cohort, _RATIO, _SAME_RNA, "basal", label, made.value, made.ci_low, made.ci_high, n["hot"], n["cold"]


def _hazards(
    survival_tests: pd.DataFrame | None, endpoints: pd.DataFrame | None, cohort: str
) -> Iterator[tuple[object, ...]]:
    if survival_tests is None or survival_tests.empty:
        return
    own = survival_tests[(survival_tests["cohort"] == cohort) & (survival_tests["subgroup"] == "all")]
    for name in sorted_endpoints(own):
        row = own[own["endpoint"] == name].iloc[0]
        label = f"{endpoint_label(name, endpoints, cohort)}, HR"
        limits = (float(row[column]) for column in ("hr_hot", "hr_low", "hr_high"))
        yield cohort, _RATIO, _OUTCOME, name, label, *limits, np.nan, np.nan


def _responses(
    phenotype_response: pd.DataFrame | None, endpoints: pd.DataFrame | None, cohort: str
) -> Iterator[tuple[object, ...]]:
    if phenotype_response is None or phenotype_response.empty:
        return
    own = phenotype_response[(phenotype_response["cohort"] == cohort) & (phenotype_response["arm"] == "all")]
    for name in sorted_endpoints(own):
        row = own[own["endpoint"] == name].iloc[0]
        label = f"{endpoint_label(name, endpoints, cohort)}, OR"
        limits = (float(row[column]) for column in ("odds_ratio", "ci_low", "ci_high"))
        yield cohort, _RATIO, _OUTCOME, name, label, *limits, row["n_hot"], row["n_cold"]


def _above(data: pd.DataFrame) -> pd.Series[bool]:
    return data["ci_low"] > np.where(data["part"] == _RATIO, 1.0, 0.0)


def _below(data: pd.DataFrame) -> pd.Series[bool]:
    return data["ci_high"] < np.where(data["part"] == _RATIO, 1.0, 0.0)


def _lines(part: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the rows of a part from top to bottom: source and label; a heading has an empty label."""
    found: list[tuple[str, str]] = []
    ordered = list(_VARIABLES.values())
    for source in (_OTHERWISE, _SAME_RNA, _OUTCOME):
        labels = part.loc[part["source"] == source, "label"].drop_duplicates().tolist()
        labels = sorted(labels, key=lambda label: ordered.index(label) if label in ordered else len(ordered))
        if labels:
            found += [(source, ""), *((source, label) for label in labels)]
    return found


def _reach(part: pd.DataFrame, name: str) -> float:
    """Return the largest distance from no difference that the axis shows."""
    values = part[["value", "ci_low", "ci_high"]].to_numpy(dtype=float)
    if name == _RATIO:
        with np.errstate(divide="ignore"):
            values = np.log2(values)
    finite = np.abs(values[np.isfinite(values)])
    return float(np.clip(finite.max(initial=0.0) * 1.08, 1.1, 5.2 if name == _RATIO else 6.0))


def _draw(panel: Axes, own: pd.DataFrame, lines: list[tuple[str, str]], part: str, reach: float) -> None:
    from matplotlib.ticker import MaxNLocator

    rows = {line: y for y, line in enumerate(lines)}
    panel.axvline(0, color=style.MUTED, linewidth=0.8)
    for row in own.to_dict("records"):
        y = rows[(row["source"], row["label"])]
        values = np.array([row["value"], row["ci_low"], row["ci_high"]], dtype=float)
        if part == _RATIO:
            with np.errstate(divide="ignore"):
                values = np.log2(values)
        _mark(panel, y, values, row, reach)
    panel.set_xlim(-1.08 * reach, 1.08 * reach)
    panel.set_ylim(len(lines) - 0.4, -0.6)
    panel.set_yticks(range(len(lines)), [label or source[0].upper() + source[1:] for source, label in lines])
    for tick, (_, label) in zip(panel.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("normal" if label else "bold")
    panel.tick_params(axis="y", length=0)
    for y, (_, label) in enumerate(lines):
        if label:
            panel.axhline(y, color=style.FAINT, linewidth=0.4, zorder=0)
    if part == _RATIO:
        step = 1 if reach < 2.5 else 2 if reach < 4 else 4
        powers = np.arange(-4, 5, step)
        powers = powers[np.abs(powers) <= reach]
        panel.set_xticks(powers, [f"{2.0**power:g}" if power >= 0 else f"1/{2**-power}" for power in powers])
    else:
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=reach > 2))
    panel.set_xlabel("ratio, hot to cold" if part == _RATIO else "difference, SD", size=style.SMALL_POINTS)


def _mark(panel: Axes, y: int, values: np.ndarray, row: dict[Hashable, object], reach: float) -> None:
    """Draw a value with its interval; what is missing or beyond the axis ends in an arrow."""
    higher_in = str(row["higher_in"])
    colour = style.PHENOTYPE_COLOURS[higher_in] if higher_in else style.MUTED
    value, low, high = values
    if np.isfinite(low) or np.isfinite(high):
        ends = np.clip([-reach if np.isnan(low) else low, reach if np.isnan(high) else high], -reach, reach)
        panel.hlines(y, *ends, color=colour, linewidth=1.2)
        for side, limit, marker in ((-1, ends[0], "<"), (1, ends[1], ">")):
            if limit == side * reach:
                panel.plot([limit * 1.03], [y], marker, color=colour, markersize=3.5, gid="beyond")
    if abs(value) > reach:
        return
    is_circular = row["source"] == _SAME_RNA
    panel.scatter(
        [value], [y], s=17, marker=_MARKERS[higher_in], zorder=3, edgecolor=colour,
        facecolor="white" if is_circular else colour, linewidth=1.0, gid=f"value:{higher_in or 'none'}",
    )  # fmt: skip


def _draw_legend(panels: np.ndarray) -> None:
    """Draw the legend over the whole width of an otherwise empty row of panels."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import blended_transform_factory

    for panel in panels:
        panel.set_axis_off()
    words = {"hot": "higher in hot", "cold": "higher in cold", _NO_EVIDENCE: "no evidence of a difference"}
    handles = [
        Line2D(
            [], [], linestyle="", marker=_MARKERS[name], markersize=4.5, label=label,
            color=style.PHENOTYPE_COLOURS[name] if name else style.MUTED,
        )
        for name, label in words.items()
    ]  # fmt: skip
    handles.append(
        Line2D(
            [], [], linestyle="", marker="o", markersize=4.5, markerfacecolor="white", markeredgecolor=style.INK,
            label="empty: from the same RNA (circular)",
        )
    )  # fmt: skip
    first = panels[0]
    legend = first.legend(
        handles=handles, loc="center left", ncols=len(handles), bbox_to_anchor=(0.0, 0.5), columnspacing=1.2,
        handlelength=1.2, bbox_transform=blended_transform_factory(first.figure.transFigure, first.transAxes),
    )  # fmt: skip
    legend.set_in_layout(False)
