import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from tme_platform.figures import Drawn, draw
from tme_platform_tests.support.sample_tables import declaration

RNA = {"expression": {"file": "rna.tsv", "unit": "tpm"}}
COHORTS = {
    "reference": (("phenotype_reference",), RNA),
    "mri": (("signature_discovery", "signature_validation"), {"split": {}}),
    "cd8": (("immune_phenotype",), {}),
    "second": (("immunotherapy",), {"provenance": "simulated"}),
}


def patients(cohort: str, n: int, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"cohort": cohort, "patient_id": [f"{cohort}{at}" for at in range(n)], **columns})


def labels(cohort: str, n: int, method: str, source: str) -> pd.DataFrame:
    return patients(cohort, n, phenotype=np.where(np.arange(n) < 4, "hot", "cold"), method=method, model_cohort=source)


@pytest.fixture(scope="module")
def study() -> dict[str, pd.DataFrame]:
    """A reference, a collection that takes its labels by patient, and two external cohorts of which one is scored."""
    declared = [
        {"cohort": name, "declaration": declaration(*roles, **parts), "provenance": parts.get("provenance", "real")}
        for name, (roles, parts) in COHORTS.items()
    ]
    sides = ["discovery"] * 8 + ["validation"] * 2
    auc = {"metric": "auc", "analysis": "honest", "model": "signature", "subgroup": "all", "value": 0.7}
    auc |= {"ci_low": 0.6, "ci_high": 0.8, "n": 2}
    metrics = [
        auc | {"cohort": "mri", "side": "validation", "endpoint": "hot"},
        auc | {"cohort": "mri", "side": "discovery", "endpoint": "hot", "value": 0.99},
        auc | {"cohort": "mri", "side": "validation", "endpoint": "hot", "analysis": "paper", "value": 0.98},
        *(auc | {"cohort": "cd8", "side": "external", "endpoint": name} for name in ("pcr", "zz", "inflamed")),
    ]
    return {
        "cohorts": pd.DataFrame(declared),
        "patients": pd.concat([patients("reference", 20), patients("mri", 10), patients("cd8", 6)]),
        "cell_scores": patients("reference", 20),
        "tme_phenotypes": pd.concat(
            [labels("reference", 20, "fit", "reference"), labels("mri", 10, "patient", "reference")]
        ),
        "radiomic_features": pd.concat([patients("mri", 10), patients("cd8", 6)]),
        "signature_patients": patients("mri", 10, side=sides),
        "rad_scores": pd.concat([patients("mri", 10, side=sides), patients("cd8", 6, side="external")]),
        "signature": pd.DataFrame({"oof_auc": [0.5, 0.66], "oof_auc_low": [0.4, 0.53], "oof_auc_high": [0.6, 0.8]}),
        "cohort_metrics": pd.DataFrame(metrics),
    }  # fmt: skip


def marks(made: Drawn, start: str) -> list[object]:
    return made.figure.findobj(lambda artist: str(artist.get_gid() or "").startswith(start))


def test_boxes_state_what_the_tables_hold(study: dict[str, pd.DataFrame]) -> None:
    made = draw("study_diagram", study)
    rows = made.data.set_index("cohort")
    assert rows.index.tolist() == ["reference", "mri", "cd8", "second"]
    assert rows["n"].tolist() == [20, 10, 6, 0]
    assert rows.loc["reference", ["data", "n_hot", "n_cold"]].tolist() == ["RNA 20; clinical 20", 4, 16]
    assert rows.loc["mri", "data"] == "clinical 10; MRI features 10"
    assert rows["phenotypes_from"].dropna().to_dict() == {"mri": "reference"}
    assert rows["n_training"].tolist() == [0, 8, 0, 0]
    assert rows["simulated"].tolist() == [False, False, False, True]
    assert made.simulated


def test_aucs_are_those_of_patients_that_were_not_trained_on(study: dict[str, pd.DataFrame]) -> None:
    said = draw("study_diagram", study).data.set_index("cohort")["signature"]
    assert said["mri"] == ("training, out of fold: n = 8: 0.66 (0.53–0.80); validation: n = 2: 0.70 (0.60–0.80)")
    assert said["cd8"].count("0.70 (0.60–0.80)") == 2
    assert said["cd8"].endswith("and 1 more")
    assert said["second"] == ""


def test_arrows_lead_to_the_cohorts_that_take_labels_and_scores(study: dict[str, pd.DataFrame]) -> None:
    made = draw("study_diagram", study)
    ends = {arrow.xy for arrow in marks(made, "arrow")}
    mri, cd8 = 1, 2
    assert ends == {(0.0, mri), (158.0, cd8)}
    without = {**study, "rad_scores": study["rad_scores"].query("cohort == 'mri'")}
    assert {arrow.xy for arrow in marks(draw("study_diagram", without), "arrow")} == {(0.0, mri)}


@pytest.mark.parametrize("n", [2, 9])
def test_no_text_overlaps_another(study: dict[str, pd.DataFrame], n: int) -> None:
    names = [f"a_collection_with_a_name_{at}" for at in range(n)]
    many = {
        name: pd.concat([frame.query("cohort == 'mri'").assign(cohort=cohort) for cohort in names])
        if "cohort" in frame else frame
        for name, frame in study.items()
    }  # fmt: skip
    many["tme_phenotypes"] = many["tme_phenotypes"].assign(
        phenotype=["hot", "cold", "intermediate", "cold", "hot"] * 2 * n
    )
    more = many["cohort_metrics"].query("analysis == 'honest' and side == 'validation'")
    many["cohort_metrics"] = pd.concat([many["cohort_metrics"], more.assign(endpoint="pcr")])
    made = draw("study_diagram", many)
    drawn = FigureCanvasAgg(made.figure)
    drawn.draw()
    assert made.figure.get_figwidth() * 25.4 <= 180
    boxes = [
        text.get_window_extent(drawn.get_renderer())
        for text in made.figure.axes[0].findobj(Text) if text.get_visible() and text.get_text().strip()
    ]  # fmt: skip
    clashes = [
        (first, second) for at, first in enumerate(boxes) for second in boxes[at + 1 :]
        if min(first.x1, second.x1) - max(first.x0, second.x0) > 1
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 1
    ]  # fmt: skip
    assert not clashes
    outlines = [patch.get_window_extent() for patch in marks(made, "box:")]
    assert len(outlines) == n
    inside = [
        box for box in boxes if any(edge.x0 < box.x0 < edge.x1 and edge.y0 < box.y0 < edge.y1 for edge in outlines)
    ]
    assert all(any(box.y1 < edge.y1 and box.y0 > edge.y0 and box.x1 < edge.x1 for edge in outlines) for box in inside)
