"""What stands on each figure: how many marks, in which order and colours, with which numbers."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.text import Text

from tme_platform.evaluation import reliability_curve
from tme_platform.figures import draw, style
from tme_platform.figures.enrichment_run import running_sum
from tme_platform.figures.segmentation import segmentation
from tme_platform_tests.support.sample_tables import COHORT, GENES, HOT, POPULATIONS, N, slice_table

HOT_COLOUR, COLD_COLOUR = (to_rgba(style.PHENOTYPE_COLOURS[name]) for name in ("hot", "cold"))


def words(made):
    found = [text.get_text() for text in made.figure.findobj(Text) if text.get_visible()]
    return " ".join(found).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")


def with_gid(made, start):
    return made.figure.findobj(lambda artist: str(artist.get_gid() or "").startswith(start))


def test_cohort_flow_counts_patients_and_rejections(sample):
    made = draw("cohort_flow", sample)
    assert made.data.set_index("stage")["n"].to_dict() == {
        "patients": 40, "cell scores": 40, "phenotype": 40, "image features": 20, "signature": 20, "rad-score": 40,
    }  # fmt: skip
    assert len(with_gid(made, "box:")) == 6
    assert "3 rows rejected" in words(made)
    assert "12 hot 28 cold" in words(made)


def test_cluster_votes(sample):
    made = draw("cluster_votes", sample)
    assert made.data["votes"].tolist() == [3, 1, 0]
    bars = made.figure.axes[1].patches
    assert [bar.get_height() for bar in bars] == [3, 1, 0]
    assert bars[0].get_facecolor() == HOT_COLOUR != bars[1].get_facecolor()
    assert "4 of 5 indices choose a k" in words(made)
    assert "No choice: index4" in words(made)


def test_heatmap_is_ordered_by_cluster_then_immune_mean(sample):
    made = draw("cell_score_heatmap", sample)
    tumours = made.data.drop_duplicates("patient_id")
    assert tumours["cluster"].tolist() == ["A"] * HOT + ["B"] * (N - HOT)
    immune = sample["tme_phenotypes"].set_index("patient_id")["immune_mean"][tumours["patient_id"]]
    assert immune.iloc[:HOT].is_monotonic_decreasing
    assert immune.iloc[HOT:].is_monotonic_decreasing
    assert made.data["population"].drop_duplicates().tolist() == list(POPULATIONS)
    by_tumour = made.data.groupby("patient_id")["scaled_score"]
    np.testing.assert_allclose(by_tumour.std(), 1)
    assert "PAM50 Basal (n = 8)" in words(made)


@pytest.mark.parametrize(
    ("name", "variables", "fdr"),
    [
        ("population_groups", list(style.GROUP_LABELS), "< 0.001"),
        ("mcp_counter", ["T cells", "B lineage"], "< 0.001"),
        ("tumour_purity", ["purity_estimate", "purity_absolute", "purity_lump"], "< 0.001"),
        ("checkpoint_genes", list(GENES), "< 0.001"),
    ],
)
def test_boxes_by_phenotype(sample, name, variables, fdr):
    made = draw(name, sample)
    assert made.data["variable"].drop_duplicates().tolist() == variables
    hot, cold = with_gid(made, "box:hot"), with_gid(made, "box:cold")
    assert len(hot) == len(cold) == len(variables)
    assert {box.get_facecolor() for box in hot} == {HOT_COLOUR}
    assert {(box.get_facecolor(), box.get_hatch()) for box in cold} == {(COLD_COLOUR, style.PHENOTYPE_HATCHES["cold"])}
    assert fdr in words(made)
    assert "12 | 28" in words(made)
    row = made.data[made.data["group"] == "hot"].iloc[0]
    assert row["ci_low"] < row["mean"] < row["ci_high"]


def test_unmeasured_variables_are_named(sample):
    assert "Not measured in this cohort: SIGLEC9, PDCD1LG2, HAVCR2" in words(draw("checkpoint_genes", sample))
    assert "Not available in this cohort: IHC" in words(draw("tumour_purity", sample))


def test_a_single_patient_is_a_point_and_noted(sample):
    labels = sample["tme_phenotypes"].iloc[HOT - 1 :]
    made = draw("mcp_counter", {**sample, "tme_phenotypes": labels})
    assert "T cells: a single hot patient" in words(made)
    assert not with_gid(made, "box:hot")
    assert np.isnan(made.data.loc[made.data["group"] == "hot", "ci_low"]).all()
    curves = sample["survival_curves"]
    lone = curves[(curves["phenotype"] == "cold") | (curves["at_risk"] == 1)]
    assert "Only 1 patient is hot: no curve" in words(draw("kaplan_meier", {**sample, "survival_curves": lone}))


def test_mcp_counter_without_shared_genes(sample):
    made = draw("mcp_counter", sample, without_shared=True)
    assert made.data["variable"].unique().tolist() == ["T cells (without shared genes)"]
    assert "markers in no gene set" in words(made)


def test_subtypes_have_shares_with_wilson_intervals(sample):
    made = draw("tumour_subtypes", sample)
    row = made.data.query("subtype == 'LumA' and group == 'hot'").iloc[0]
    assert (row["count"], row["n"]) == (8, 12)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.3906, 0.8619), abs=1e-4)
    assert made.data.groupby("group")["share"].sum().tolist() == pytest.approx([1, 1])
    uncalled = {**sample, "patients": sample["patients"].assign(pam50=None)}
    assert "nearest PAM50 centroid" in words(draw("tumour_subtypes", uncalled))


def test_clinical_distribution(sample):
    made = draw("clinical_distribution", sample)
    shares = made.data[made.data["variable"] == "her2"]
    assert shares["share"].tolist() == pytest.approx([9 / 12, 20 / 28, 3 / 12, 8 / 28])
    assert "HER2 FDR = 0.03" in words(made).replace("   ", " ")
    assert "age, years" in words(made)


def test_kaplan_meier_has_curves_bands_and_numbers_at_risk(sample):
    made = draw("kaplan_meier", sample)
    hot, cold = with_gid(made, "curve:hot")[0], with_gid(made, "curve:cold")[0]
    assert to_rgba(hot.get_color()) == HOT_COLOUR
    assert (hot.get_linestyle(), cold.get_linestyle()) == ("-", "--")
    assert hot.get_drawstyle() == "steps-post"
    said = words(made)
    assert "hot (n = 12, 6 deaths)" in said
    assert "Log-rank p = 0.03; hazard ratio, hot versus cold: 0.60 (0.40–0.90)" in said
    table = made.figure.axes[1]
    ticks = [tick for tick in made.figure.axes[0].get_xticks() if 0 <= tick <= 18 * 110 / 365.25]
    counts = [int(text.get_text()) for text in table.texts]
    expected = [max(n - int(np.ceil(tick * 365.25 / 110)), 0) for n in (12, 28) for tick in ticks]
    assert counts == expected


def test_kaplan_meier_ends_where_ten_are_at_risk_and_gives_means_if_hazards_are_not_proportional(sample):
    made = draw("kaplan_meier", sample)
    assert made.data["at_risk"].min() == 10
    assert len(with_gid(made, "curve:hot")[0].get_xdata()) == 3, "12, 11 and 10 of 12 hot patients at risk"
    said = words(made)
    assert "Curves end where fewer than 10 patients are at risk" in said
    assert "up to 4.0 years, hot minus cold, days: 100 (-150 to 350; p = 0.43)" in said
    proportional = sample["survival_tests"].assign(proportional_hazards_p=0.2)
    assert "up to" not in words(draw("kaplan_meier", {**sample, "survival_tests": proportional}))
    few = sample["survival_curves"].query("at_risk < 10")
    assert "no phenotype has 10 patients" in words(draw("kaplan_meier", {**sample, "survival_curves": few}))


def test_subgroups_are_drawn_with_their_numbers_and_not_in_the_curves(sample):
    made = draw("subgroup_survival", sample)
    assert made.data["subgroup"].tolist() == ["all", "er_positive", "er_negative"]
    assert len(with_gid(made, "forest")[0].get_offsets()) == 3
    assert "ER-positive (n = 30, 14 deaths) 0.70 (0.40–1.20)" in words(made)
    assert "not corrected for their number" in words(made)
    reversed_rows = {**sample, "survival_tests": sample["survival_tests"].iloc[::-1]}
    assert "hot versus cold: 0.60" in words(draw("kaplan_meier", reversed_rows))


def test_adjusted_survival_names_terms_and_what_is_not_in_the_model(sample):
    made = draw("adjusted_survival", sample)
    said = words(made)
    assert "hot against cold 0.70 (0.40–1.20)" in said
    assert "n = 38, 20 deaths, 2 left out for a missing covariate" in said
    assert "PAM50: not in the model: 3.3 events per term" in said
    none = sample["multivariable_survival"].assign(hr=np.nan, reason="not estimable: 4 events")
    assert "not estimable: 4 events" in words(draw("adjusted_survival", {**sample, "multivariable_survival": none}))


def test_population_curves_are_ordered_by_corrected_p_and_say_where_the_cut_comes_from(sample):
    made = draw("population_kaplan_meier", sample)
    titles = [panel.get_title("left").replace("\u00a0", " ") for panel in made.figure.axes if panel.axison]
    assert titles[0] == "B cells\ncorrected p = 0.02"
    assert titles[-1] == "Fibroblasts", "without p, last"
    assert len(titles) == len(POPULATIONS)
    assert made.data["at_risk"].min() == 10
    assert "Cut chosen on these patients" in words(made)
    assert len(with_gid(made, "curve:high")) == len(POPULATIONS)


def test_cox_bubbles_size_colour_and_rim(sample):
    made = draw("cox_bubbles", sample)
    bubbles = with_gid(made, "bubbles:all")[0]
    significant = made.data[made.data["patients"] == "all"]["fdr"].to_numpy() < 0.05
    assert significant.sum() == 2
    np.testing.assert_array_equal(np.array(bubbles.get_linewidths()) > 1, significant)
    order = np.argsort(made.data[made.data["patients"] == "all"]["fdr"].to_numpy())
    assert (np.diff(bubbles.get_sizes()[order]) < 0).all()
    assert len(with_gid(made, "forest")[0].get_offsets()) == len(POPULATIONS)
    for text in ("all n = 40 20 deaths", "hot n = 12 6 deaths", "95 % CI"):
        assert text in words(made)


def test_enrichment_bars_show_top_sets_and_immune_processes(sample):
    made = draw("enrichment_bars", sample)
    top, named = (made.data[made.data["panel"] == panel] for panel in made.data["panel"].unique())
    assert top["statistic"].is_monotonic_decreasing
    assert named["term"].tolist() == ["GOBP_T_CELL_ACTIVATION", "GOBP_B_CELL_ACTIVATION"]
    first, second = made.figure.axes
    assert [bar.get_width() for bar in first.patches] == [2.1, 0.4, -1.6]
    assert [bar.get_facecolor() for bar in first.patches] == [HOT_COLOUR, to_rgba("white"), COLD_COLOUR]
    assert len(second.patches) == 2
    for text in ("Interferon gamma response (100)", "12 hot and 28 cold tumours", "p = 0.02, FDR = 0.20"):
        assert text in words(made)


def test_enrichment_bars_mark_what_camera_supports(sample):
    made = draw("enrichment_bars", sample)
    assert [float(mark.get_ydata()[0]) for mark in with_gid(made, "camera")] == [0.0]
    assert made.data.loc[made.data["camera_fdr"] < 0.05, "term"].tolist() == ["HALLMARK_INTERFERON_GAMMA_RESPONSE"]


def test_running_sum_equals_gsea():
    rank, member = np.array([3.0, 2.0, 1.0, -1.0]), np.array([True, False, True, False])
    np.testing.assert_allclose(running_sum(rank, member), [0.75, 0.25, 0.5, 0.0], atol=1e-15)


def test_enrichment_run_marks_the_set_and_states_its_result(sample):
    made = draw("enrichment_run", sample, term="HALLMARK_INTERFERON_GAMMA_RESPONSE")
    assert len(with_gid(made, "genes")[0].get_segments()) == 3
    assert "12 hot and 28 cold tumours" in words(made)
    assert "3 genes, NES 2.10, p < 0.001" in words(made), "by permuting tumours"
    alone = {name: frame for name, frame in sample.items() if name != "gene_set_tests"}
    assert "NES 2.10, " not in words(draw("enrichment_run", alone, term="HALLMARK_INTERFERON_GAMMA_RESPONSE"))
    assert draw("enrichment_run", sample, term="HALLMARK_ABSENT").is_empty
    older = sample["pathway_enrichment"].drop(columns="genes")
    assert draw("enrichment_run", {**sample, "pathway_enrichment": older}).is_empty, "a table of an earlier version"


def test_enrichment_run_shows_the_top_set_of_each_direction(sample):
    made = draw("enrichment_run", sample)
    assert made.data["term"].unique().tolist() == ["HALLMARK_INTERFERON_GAMMA_RESPONSE", "HALLMARK_MYOGENESIS"]
    peaks = made.data.groupby("term", sort=False)["running_sum"].agg(lambda sums: sums.loc[sums.abs().idxmax()])
    assert (peaks > 0).tolist() == [True, False]
    assert [line.get_color() for line in with_gid(made, "running")] == [
        style.PHENOTYPE_COLOURS["hot"],
        style.PHENOTYPE_COLOURS["cold"],
    ]


def test_segmentation_contours_scale_bar_and_area():
    y, x = np.mgrid[:50, :80]
    tumour = (abs(y - 25) < 10) & (abs(x - 40) < 15)
    ring = (abs(y - 25) < 12) & (abs(x - 40) < 17) & ~tumour
    made = segmentation(slice_table(y * 1.0, tumour, ring, (2.0, 1.0)))
    assert [len(with_gid(made, f"contour:{name}")) for name in ("tumour", "ring")] == [2, 2]
    points = made.data[made.data["region"] == "tumour"]
    assert (points["x_mm"].min(), points["x_mm"].max()) == (26, 55)
    assert (points["y_mm"].min(), points["y_mm"].max()) == (32, 70)
    assert f"tumour ({tumour.sum() * 2 / 100:.1f} cm²)" in words(made)
    bar = with_gid(made, "scale_bar")[0].get_xdata()
    assert f"{bar[1] - bar[0]:.0f} mm" in words(made)
    assert "n = 1: the tumour of median volume (3.2 ml) among 40 patients" in words(made)
    assert made.figure.axes[0].images[0].get_array().max() == 49
    uneven = slice_table(y * 1.0, tumour, ring)
    uneven.loc[3, "intensities"] = "1 2 3"
    with pytest.raises(ValueError, match="differ in length"):
        segmentation(uneven)
    assert segmentation(slice_table(y, tumour & False, ring)).is_empty


def test_icc_panels_count_what_is_above_the_threshold(sample):
    made = draw("icc_distribution", sample)
    assert [axes.get_title(loc="left").split("\n")[0] for axes in made.figure.axes] == [
        "between readers",
        "between sessions",
    ]
    assert "median 0.65; 18 of 50 above 0.75" in words(made)
    assert "18 of 50 features exceed" in words(made)


def test_ring_width_change_is_zero_at_the_study_width(sample):
    made = draw("ring_widths", sample)
    assert (made.data.loc[made.data["width_mm"] == 2, "change"] == 0).all()
    assert made.data["feature_class"].unique().tolist() == ["firstorder", "glcm"]
    two = sample["ring_width"].assign(patients=2)
    assert "too few for a rank correlation" in words(draw("ring_widths", {"ring_width": two}))


def test_scanner_effect_has_both_stages_on_the_same_axes(sample):
    made = draw("scanner_effect", sample)
    before, after = made.figure.axes[:2]
    assert before.get_xlim() == after.get_xlim()
    assert before.get_ylim() == after.get_ylim()
    assert [len(with_gid(made, f"{stage}:scanner 0")[0].get_xdata()) for stage in ("before", "after")] == [20, 20]
    assert "scanner 1 (n = 20)" in words(made)
    assert "not harmonised" not in words(made)
    scores = sample["rad_scores"].copy()
    scores.loc[:2, "caution"] = "not harmonised: fewer than 8 training patients"
    assert "Not shown: 3 of 40 patients" in words(draw("scanner_effect", sample | {"rad_scores": scores}))


def test_reader_agreement_separates_readers_from_sessions(sample):
    made = draw("reader_agreement", sample)
    assert made.data.groupby(["measure", "kind"]).size().unique().tolist() == [10]
    dice = made.data[made.data["measure"] == "dice"].groupby("kind")["mean"].first()
    assert dice["between sessions"] > dice["between readers"]
    assert len(with_gid(made, "dice:between readers")[0].get_ydata()) == 10


def test_feature_importance_is_by_rank_and_warns_of_chance(sample):
    made = draw("feature_importance", sample, first=3)
    assert made.data["rank"].tolist() == [1, 2, 3]
    assert [bar.get_width() for bar in made.figure.axes[0].patches] == [0.4, 0.3, 0.2]
    assert "The interval reaches 0.5 or below" in words(made)


def test_roc_states_auc_interval_and_n(sample):
    made = draw("roc", sample)
    (curve,) = with_gid(made, "roc:")  # of all patients only
    points = sample["roc_curves"].query("subgroup == 'all'").sort_values("point")
    np.testing.assert_allclose(curve.get_xdata(), 1 - points["specificity"])
    np.testing.assert_allclose(curve.get_ydata(), points["sensitivity"])
    assert "AUC 0.85 (0.75–0.95), n = 40 (12 positive)" in words(made)


def test_roc_puts_discovery_first(sample):
    own = sample["roc_curves"]
    parts = [own.assign(cohort="a", side="external"), own, own.assign(side="discovery")]
    made = draw("roc", {"roc_curves": pd.concat(parts)})
    assert [line.get_gid() for line in with_gid(made, "roc:")] == [
        f"roc:{COHORT}:discovery:hot",
        f"roc:{COHORT}:validation:hot",
        "roc:a:external:hot",
    ]


def test_metric_bars_show_one_analysis(sample):
    metrics = sample["cohort_metrics"]
    apart = metrics.assign(value=metrics["value"].where(metrics["analysis"] == "honest", 0.9))
    honest, paper = (draw(name, {"cohort_metrics": apart}) for name in ("metric_bars", "metric_bars_paper"))
    assert [bar.get_height() for bar in honest.figure.axes[0].patches] == [0.8] * 6
    assert [bar.get_height() for bar in paper.figure.axes[0].patches] == [0.9] * 6
    assert "one locked threshold elsewhere" in words(honest)
    assert "our reading of the published analysis" in words(paper)
    assert honest.data["metric"].tolist() == ["auc", "accuracy", "sensitivity", "specificity", "ppv", "npv"]


def test_calibration_has_intervals_slope_and_histogram(sample):
    made = draw("calibration", sample)
    assert len(made.data) == len(reliability_curve([0, 1] * 20, np.linspace(0, 1, 40)))
    points = [line for line in made.figure.axes[0].lines if line.get_marker() == "o"]
    assert {line.get_linestyle() for line in points} == {"None"}  # groups of a few patients are no curve
    assert "slope 0.80 (0.70–0.90)" in words(made)
    assert sum(bar.get_height() for bar in made.figure.axes[2].patches) == N


def test_net_benefit_includes_treating_everybody_and_nobody(sample):
    made = draw("net_benefit", sample)
    (curve,) = with_gid(made, "net_benefit")
    np.testing.assert_allclose(curve.get_ydata(), sample["decision_curves"]["net_benefit"])
    assert "n = 40, 12 positive" in words(made)
    assert "pointwise 95 % CI" in words(made)


def test_rad_score_by_group_colours_phenotypes_and_names_the_single_patient(sample):
    made = draw("rad_score_by_group", sample)
    assert with_gid(made, "box:hot")[0].get_facecolor() == HOT_COLOUR
    first = [label.get_text().split("\n")[0] for label in made.figure.axes[0].get_xticklabels()]
    assert first == ["hot", "cold"]
    assert "HER2 positive: a single patient" in words(made)


def test_feature_cell_map_stars_and_order(sample):
    made = draw("feature_cell_map", sample)
    stars = with_gid(made, "significant")[0].get_xdata()
    assert len(stars) == len(POPULATIONS)
    labels = [label.get_text() for label in made.figure.axes[0].get_yticklabels()]
    assert [POPULATIONS[name] for name in labels] == sorted(POPULATIONS.values(), key=list(style.GROUP_LABELS).index)
    assert "n = 40 patients" in words(made)


def test_learning_curve_names_its_lines_and_shows_the_null(sample):
    made = draw("auc_by_size", sample)
    assert "Mean of 25 draws, and of 5 with shuffled labels" in words(made)
    assert made.data["null_auc"].tolist() == [0.5, 0.51, 0.49]
    assert "16 (5 hot)" in words(made)
    assert "not a confidence interval" in words(made)
    assert "no curve" in words(draw("auc_by_size", {"learning_curve": sample["learning_curve"].iloc[:1]}))


def test_label_shuffles_p_counts_the_true_labels(sample):
    made = draw("label_shuffles", sample)
    assert "p = 0.02 (standard error 0.019; smallest possible value 0.02)" in words(made)
    assert "true labels: 0.75" in words(made)


def test_label_shuffles_shows_both_ways_of_shuffling(sample):
    made = draw("label_shuffles", sample)
    assert len(made.figure.axes) == 2
    assert "Shuffled among all patients: n = 50, 95 % of them within 0.41–0.59" in words(made)
    assert "Shuffled within site: n = 50, 95 % of them within 0.51–0.69" in words(made)


def test_model_history_marks_the_champion(sample):
    said = words(draw("model_history", sample))
    for text in ("v1", "2026-03-01", "40 (12 hot)", "champion"):
        assert text in said
    table_only = sample["signature"].drop(columns=["trained", "alias"]).iloc[:1]
    assert "There is only one version" in words(draw("model_history", {"signature": table_only}))


def test_cluster_null_marks_what_is_above_the_interval(sample):
    made = draw("cluster_null", sample)
    assert made.data["measure"].tolist() == ["silhouette", "gap", "jaccard", "jaccard"]
    colours = [[to_rgba(c) for c in marks.get_facecolor()] for marks in with_gid(made, "observed:")]
    assert colours == [[HOT_COLOUR], [to_rgba(style.INK)], [to_rgba(style.INK)] * 2]
    assert "1 of 4 values are above the interval" in words(made)
    table = sample["cluster_null"]
    assert "no evidence of separate clusters" in words(draw("cluster_null", {"cluster_null": table[1:]}))


def test_specifications_are_ordered_by_auc_and_the_main_one_is_bold(sample):
    made = draw("phenotype_specifications", sample)
    assert made.data["auc"].isna().tolist() == [True, False, False]
    assert made.data["auc"].dropna().is_monotonic_increasing
    labels = made.figure.axes[0].get_yticklabels()
    assert [label.get_fontweight() for label in labels] == ["normal", "normal", "bold"]
    assert labels[-1].get_text().replace("\n", " ") == "tme24, within the tumour, k = 2"
    assert len(with_gid(made, "leukocyte_fraction_cold")[0].get_offsets()) == 3
    assert "not selected by their AUC" in words(made)
    assert "n = 40 tumours; 30 with image features" in words(made)


def test_specifications_without_images_have_no_panel_for_the_auc(sample):
    table = sample["phenotype_specifications"].assign(auc=None, clinical_auc=None, purity_absolute_hot=None)
    made = draw("phenotype_specifications", {"phenotype_specifications": table})
    titles = [panel.get_xlabel() for panel in made.figure.axes]
    assert titles == ["hot\nshare", "leukocyte\nfraction", "Basal\nshare", "hazard ratio\nof hot (log)"]
    made.figure.canvas.draw()
    boxes = [panel.xaxis.label.get_window_extent() for panel in made.figure.axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_the_labels_of_all_seven_panels_do_not_touch(sample):
    made = draw("phenotype_specifications", sample)
    made.figure.canvas.draw()
    boxes = [panel.xaxis.label.get_window_extent() for panel in made.figure.axes]
    assert len(boxes) == 7
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
