"""Diagram of the study: what each cohort brings, and where phenotypes and signature come from."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.cohorts.declaration import Cohort, Role
from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, endpoint_label, format_interval, sorted_endpoints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Design of the study"
_ROLES = {
    Role.PHENOTYPE_REFERENCE: "defines the phenotypes",
    Role.SIGNATURE_DISCOVERY: "trains the signature",
    Role.SIGNATURE_VALIDATION: "validates the signature",
    Role.IMMUNE_PHENOTYPE: "immune phenotype",
    Role.IMMUNOTHERAPY: "immunotherapy",
    Role.PHENOTYPE_REPLICATION: "replicates the phenotypes",
    Role.SCORE_COMPARISON: "compares cell scores",
    Role.IMAGING_METHODS: "tests image methods",
}
"""Roles in the order of the diagram, with their words."""
_X = {"cohort": 3.0, "data": 45.0, "phenotypes": 76.0, "signature": 114.0}
_HEADINGS = {"cohort": "cohort", "data": "data", "phenotypes": "phenotypes", "signature": "signature, AUC (95 % CI)"}
_WIDTH, _ROW_MM, _BOX = 158.0, 21.5, 0.88
"""Width of a box, mm; height of a row, mm; share of the row that the box takes."""
_GUTTER_MM, _LANE_MM = 7.0, 2.5
_CHARACTERS = {"cohort": 27, "phenotypes": 28, "signature": 31}
"""Letters per line of a column."""
_MOST_AUCS = 2
"""AUCs shown per cohort."""


@dataclass
class _Box:
    """The text of a cohort's box, and the cohorts that it takes phenotypes and signature from."""

    cohort: str
    n: int
    roles: tuple[Role, ...]
    simulated: bool
    data: list[tuple[str, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    labels: str = ""
    labels_from: str | None = None
    signature: list[str] = field(default_factory=list)
    trains: int = 0
    is_scored: bool = False


@figure(
    title=TITLE,
    caption="The cohorts with their roles and data, where hot and cold come from (arrows on the left), and where the "
    "signature is trained and applied (arrows on the right).",
)
def study_diagram(
    cohorts: pd.DataFrame,
    patients: pd.DataFrame | None = None,
    imaging_series: pd.DataFrame | None = None,
    cell_scores: pd.DataFrame | None = None,
    tme_phenotypes: pd.DataFrame | None = None,
    radiomic_features: pd.DataFrame | None = None,
    signature_patients: pd.DataFrame | None = None,
    rad_scores: pd.DataFrame | None = None,
    signature: pd.DataFrame | None = None,
    cohort_metrics: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
) -> Drawn:
    """Draw a box per cohort, in the order of their roles, connected by what one cohort takes from another.

    Parameters
    ----------
    cohorts, patients, imaging_series, cell_scores, tme_phenotypes, radiomic_features, signature_patients, rad_scores,
    signature, cohort_metrics, endpoints
        Tables of the same names, all cohorts. Numbers of a missing table are left out.
    """
    check_not_empty(cohorts, "there is no cohort.")
    counted = {
        name: _patients_by_cohort(table)
        for name, table in {
            "patients": patients, "images": imaging_series, "scores": cell_scores, "features": radiomic_features,
        }.items()
    }  # fmt: skip
    boxes = [_box(row, counted) for row in cohorts.to_dict("records")]
    boxes = sorted(boxes, key=lambda box: (min(list(_ROLES).index(role) for role in box.roles), box.cohort))
    for box in boxes:
        _add_phenotypes(box, tme_phenotypes)
        _add_signature(box, signature_patients, rad_scores, signature)
        _add_aucs(box, cohort_metrics, endpoints)
    data = pd.DataFrame([_data_row(box) for box in boxes])

    figure, axes = canvas(style.DOUBLE_MM, 26 + _ROW_MM * len(boxes))
    panel = axes[0, 0]
    for y, box in enumerate(boxes):
        _draw_box(panel, y, box)
    lanes = _arrows(panel, boxes)
    for name, heading in _HEADINGS.items():
        panel.text(_X[name], -0.62, heading, va="center", color=style.MUTED, size=style.SMALL_POINTS)
    panel.set_xlim(-lanes["left"], _WIDTH + lanes["right"])
    panel.set_ylim(len(boxes) - 0.5, -0.75)
    panel.set_axis_off()
    notes = ["n = patients. hot and cold: tumours with a label. A dash means that the cohort has no such data."]
    if any(": " in entry for box in boxes for entry in box.signature):
        notes.append(
            "AUCs: out of fold on the training patients; elsewhere with the model as it was trained (“honest” in the "
            "table cohort_metrics, which has every endpoint)."
        )
    frames = (
        cohorts, patients, imaging_series, cell_scores, tme_phenotypes, radiomic_features, signature_patients,
        rad_scores, signature, cohort_metrics,
    )  # fmt: skip
    return finish(figure, data, title=TITLE, frames=frames, notes=notes)


def _patients_by_cohort(table: pd.DataFrame | None) -> dict[str, int]:
    if table is None or table.empty:
        return {}
    return {str(cohort): int(n) for cohort, n in table.groupby("cohort")["patient_id"].nunique().items()}


def _box(row: dict[Hashable, object], counted: dict[str, dict[str, int]]) -> _Box:
    """Return the box with what the cohort file declares and how many patients have it."""
    declared = Cohort.model_validate_json(str(row["declaration"]))
    name = str(row["cohort"])
    n = {table: of_cohort.get(name, 0) for table, of_cohort in counted.items()}
    scores = "RNA" if declared.expression is not None else "cell scores"
    if declared.cell_scores is not None and declared.cell_scores.kind == "fractions":
        scores = "cell fractions"
    data = [
        (scores, n["scores"]),
        ("clinical", n["patients"] if declared.clinical else 0),
        ("MRI", n["images"]),
        ("MRI features", n["features"]),
    ]
    return _Box(name, n["patients"], declared.roles, declared.simulated, [entry for entry in data if entry[1]])


def _add_phenotypes(box: _Box, tme_phenotypes: pd.DataFrame | None) -> None:
    own = _of_cohort(tme_phenotypes, box.cohort)
    if own.empty:
        return
    counts = own["phenotype"].value_counts()
    box.counts = {name: int(counts[name]) for name in style.PHENOTYPES if name in counts}
    method, source = str(own["method"].iloc[0]), str(own["model_cohort"].iloc[0])
    words = {"fit": "own clusters", "patient": f"labels of {source}", "model": f"model of {source}"}
    box.labels = words[method]
    box.labels_from = None if method == "fit" else source


def _add_signature(
    box: _Box,
    signature_patients: pd.DataFrame | None,
    rad_scores: pd.DataFrame | None,
    signature: pd.DataFrame | None,
) -> None:
    """Note how many patients train the signature with its out-of-fold AUC, and whether others were scored."""
    own = _of_cohort(signature_patients, box.cohort)
    scored = _of_cohort(rad_scores, box.cohort)
    box.trains = int((own["side"] == "discovery").sum()) if len(own) else 0
    box.is_scored = bool(len(scored)) and bool((scored["side"] != "discovery").any())
    if box.trains:
        box.signature.append(f"training\nn = {box.trains:,}")
        if signature is not None and len(signature):
            trained = signature.iloc[-1]
            area = format_interval(trained["oof_auc"], trained["oof_auc_low"], trained["oof_auc_high"])
            box.signature[-1] = f"training, out of fold\nn = {box.trains:,}: {area}"


def _add_aucs(box: _Box, cohort_metrics: pd.DataFrame | None, endpoints: pd.DataFrame | None) -> None:
    """Note the AUCs of patients that did not train the signature, that for hot first."""
    own = _of_cohort(cohort_metrics, box.cohort)
    if own.empty:
        return
    own = own[
        (own["metric"] == "auc") & (own["analysis"] == "honest") & (own["model"] == "signature")
        & (own["subgroup"] == "all") & (own["side"] != "discovery") & own["value"].notna()
    ]  # fmt: skip
    names = sorted(sorted_endpoints(own), key=lambda name: name != "hot")
    for name in names[:_MOST_AUCS]:
        row = own[own["endpoint"] == name].iloc[0]
        what = "validation" if row["side"] == "validation" and name == "hot" else ""
        what = what or endpoint_label(name, endpoints, box.cohort)
        area = format_interval(row["value"], row["ci_low"], row["ci_high"])
        label = textwrap.shorten(what, _CHARACTERS["signature"], placeholder="…")
        box.signature.append(f"{label}\nn = {int(row['n']):,}: {area}")
    if len(names) > _MOST_AUCS and not box.trains:
        box.signature.append(f"and {len(names) - _MOST_AUCS} more")


def _of_cohort(table: pd.DataFrame | None, cohort: str) -> pd.DataFrame:
    return pd.DataFrame() if table is None or table.empty else table[table["cohort"] == cohort]


def _data_row(box: _Box) -> dict[str, object]:
    return {
        "cohort": box.cohort,
        "roles": ", ".join(box.roles),
        "simulated": box.simulated,
        "n": box.n,
        "data": "; ".join(f"{name} {n}" for name, n in box.data),
        "phenotypes": box.labels,
        "phenotypes_from": box.labels_from,
        **{f"n_{name}": box.counts.get(name, np.nan) for name in style.PHENOTYPES},
        "n_training": box.trains,
        "signature": "; ".join(line.replace("\n", ": ") for line in box.signature),
    }


def _role_words(roles: tuple[Role, ...]) -> str:
    if {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION} <= set(roles):
        return "trains and validates the signature"
    return ", ".join(_ROLES[role] for role in _ROLES if role in roles)


def _draw_box(panel: Axes, y: int, box: _Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    trains = box.trains > 0
    defines = Role.PHENOTYPE_REFERENCE in box.roles
    panel.add_patch(
        FancyBboxPatch(
            (0, y - _BOX / 2), _WIDTH, _BOX, boxstyle="round,pad=0,rounding_size=0.06",
            mutation_aspect=1.0, facecolor="#eef4f8" if defines or trains else "white",
            edgecolor=style.INK if defines or trains else style.MUTED, linewidth=0.9 if defines or trains else 0.6,
            gid=f"box:{box.cohort}",
        )
    )  # fmt: skip
    small: dict[str, Any] = {"size": style.SMALL_POINTS, "va": "center", "linespacing": 1.15}
    role = textwrap.fill(_role_words(box.roles), _CHARACTERS["cohort"])
    panel.text(_X["cohort"], y - 0.28, textwrap.shorten(box.cohort, 24, placeholder="…"), weight="bold", va="center")
    panel.text(_X["cohort"], y - 0.08, f"n = {box.n:,}" if box.n else "no patients", **small)
    if box.simulated:
        panel.text(_X["data"] - 2, y - 0.08, "simulated", ha="right", color=style.ALERT, weight="bold", **small)
    panel.text(_X["cohort"], y + 0.2, role, **small)
    panel.text(_X["data"], y, "\n".join(f"{name} {n:,}" for name, n in box.data) or "–", **small)
    _draw_counts(panel, y, box)
    panel.text(_X["signature"], y, "\n".join(box.signature) or "–", **small)


def _draw_counts(panel: Axes, y: int, box: _Box) -> None:
    """Draw hot and cold as a bar of their shares with their numbers."""
    from matplotlib.patches import Rectangle

    x, total = _X["phenotypes"], sum(box.counts.values())
    if not total:
        panel.text(x, y, "–", va="center", size=style.SMALL_POINTS)
        return
    label = textwrap.shorten(box.labels, _CHARACTERS["phenotypes"], placeholder="…")
    panel.text(x, y - 0.26, label, va="center", size=style.SMALL_POINTS)
    start = x
    for name, n in box.counts.items():
        width = 34.0 * n / total
        panel.add_patch(
            Rectangle(
                (start, y - 0.1), width, 0.16, facecolor=style.PHENOTYPE_COLOURS[name], edgecolor="white",
                hatch=style.PHENOTYPE_HATCHES[name], linewidth=0.4, gid=f"share:{name}",
            )
        )  # fmt: skip
        start += width
    words = ", ".join(f"{n:,} {name}" for name, n in box.counts.items())
    words = textwrap.fill(words, _CHARACTERS["phenotypes"])
    panel.text(x, y + 0.24, words, va="center", size=style.SMALL_POINTS)


def _arrows(panel: Axes, boxes: list[_Box]) -> dict[str, float]:
    """Draw the arrows in lanes beside the boxes and return the width of both sides, mm."""
    at = {box.cohort: y for y, box in enumerate(boxes)}
    targets: dict[str, list[int]] = {}
    for y, box in enumerate(boxes):
        if box.labels_from in at:
            targets.setdefault(str(box.labels_from), []).append(y)
    for lane, (source, ys) in enumerate(targets.items()):
        _lane(panel, at[source], ys, edge=0.0, x=-3.0 - _LANE_MM * lane, label="phenotypes" if lane == 0 else "")
    trained = [y for y, box in enumerate(boxes) if box.trains]
    scored = [y for y, box in enumerate(boxes) if box.is_scored and not box.trains]
    if trained and scored:
        _lane(panel, trained[0], scored, edge=_WIDTH, x=_WIDTH + 3.0, label="signature", others=trained[1:])
    left = _GUTTER_MM + _LANE_MM * max(len(targets) - 1, 0) if targets else 1.0
    return {"left": left, "right": _GUTTER_MM if trained and scored else 1.0}


def _lane(
    panel: Axes, source: int, targets: list[int], *, edge: float, x: float, label: str, others: list[int] | None = None
) -> None:
    """Draw a line from the source box along a lane, with an arrow into each target."""
    out = np.sign(x - edge)
    starts = [source, *(others or [])]
    ends = [*starts, *targets]
    line: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "solid_capstyle": "butt", "gid": "lane"}
    panel.plot([x, x], [min(ends), max(ends)], **line)
    for y in starts:
        panel.plot([edge, x], [y, y], **line)
    for y in targets:
        panel.annotate(
            "", (edge, y), (x, y),
            arrowprops={"arrowstyle": "-|>", "linewidth": 0.9, "color": style.INK, "shrinkA": 0, "shrinkB": 0,
                        "mutation_scale": 7},
        ).set_gid("arrow")  # fmt: skip
    if label:
        middle = source + 0.5 * (1 if max(ends) > source else -1)
        panel.text(
            x + 1.8 * out, middle, label, rotation=90, ha="center", va="center", size=style.SMALL_POINTS,
            color=style.MUTED,
        )  # fmt: skip
