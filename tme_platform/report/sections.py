"""What each part of the report shows, in the order of the published study: figures, tables, and the sentence above.

How a figure looks is `figures`' affair, how a page looks `page`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tme_platform.figures import FIGURES


@dataclass(frozen=True)
class Shown:
    """A table as the report shows it: which columns, which rows, in which order."""

    table: str
    caption: str
    columns: tuple[str, ...]
    where: str = ""
    """A pandas query that the rows must satisfy."""
    sort: tuple[str, ...] = ()
    """Columns; a minus before the name puts the largest first."""
    counted: str = ""
    """Rows that are equal in the columns stand once, with how many there are under this name."""


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    key: str
    title: str
    lead: str
    """What is asked here and how it is answered."""
    figures: tuple[str, ...] = ()
    tables: tuple[Shown, ...] = ()
    empty: str = ""
    """What is said where the study has nothing of this kind."""
    needs: tuple[str, ...] = field(default=())
    """Tables that its numbers are taken from, beyond those of its figures and tables."""


SECTIONS = (
    Section(
        "cohorts", "Cohorts",
        "Who takes part, what for, where the data come from, and how many patients are left at each step.",
        ("cohort_flow",),
        (Shown("cohorts", "The cohorts", ("cohort", "title", "roles", "provenance", "source", "licence")),),
        "No cohort has landed.",
    ),
    Section(
        "phenotypes", "Immune phenotypes",
        "Scores of the cell populations are scaled within each tumour and clustered by k-means. The cluster with the "
        "higher mean of the adaptive and activated innate populations is called hot (immune-inflamed), the other cold.",
        ("cluster_votes", "cluster_null", "cell_score_heatmap"),
        (
            Shown(
                "cluster_evidence", "Number of clusters by index",
                ("cohort", "index_name", "k", "value", "rule"), "chosen", ("cohort", "index_name"),
            ),
            Shown(
                "cluster_null", "Clusters compared with one Gaussian cloud of the same covariance",
                ("cohort", "measure", "k", "cluster", "value", "null_mean", "null_low", "null_high", "p", "n", "draws"),
            ),
            Shown(
                "phenotype_stability", "How firm the phenotypes are",
                ("cohort", "kind", "subject", "measure", "value", "ci_low", "ci_high", "n"),
                "", ("cohort", "kind", "subject", "measure"),
            ),
            Shown(
                "populations", "Cell populations that are not scored",
                ("cohort", "population", "n_genes", "n_found", "reason"), "used == False",
            ),
        ),
        "No cohort has cell scores.",
    ),
    Section(
        "meaning", "What the phenotypes mean",
        "Hot against cold: groups of populations, MCP-counter, tumour purity, intrinsic subtype and clinical "
        "variables. Shapiro-Wilk first, then Student or Wilcoxon, Fisher for categories; two-sided, with the false "
        "discovery rate. Whatever is read from the same RNA as the phenotype (populations, MCP-counter, "
        "ESTIMATE) differs in part by "
        "construction.",
        ("population_groups", "mcp_counter", "tumour_purity", "tumour_subtypes", "clinical_distribution"),
        (
            Shown(
                "phenotype_characteristics", "Clinical variables, purity and subtype by phenotype",
                ("cohort", "variable", "level", "phenotype", "n", "n_missing", "share", "median", "q1", "q3", "test",
                 "p", "fdr"),
                "family in ('clinical', 'purity', 'subtype')", ("cohort", "family", "variable", "level", "phenotype"),
            ),
            Shown(
                "score_agreement", "Scores from RNA beside another estimate in the same patients",
                ("cohort", "population", "compared_with", "n", "rho", "p", "fdr", "reason"),
            ),
        ),
        "No cohort has phenotypes.",
    ),
    Section(
        "survival", "Overall survival",
        "Kaplan-Meier curves and log-rank test of hot against cold; univariate Cox regression on each population; high "
        "against low at the best cut, with the p-value corrected for having chosen the cut.",
        ("kaplan_meier", "cox_bubbles"),
        (
            Shown(
                "survival_tests", "Hot against cold",
                ("cohort", "n", "n_events", "n_left_out", "p", "hr_hot", "hr_low", "hr_high", "proportional_hazards_p",
                 "median_hot_days", "median_cold_days", "reason"),
            ),
            Shown(
                "population_survival",
                "Univariate Cox regression, all tumours; hazard ratio per standard deviation of the score",
                ("cohort", "population", "n", "n_events", "hr", "ci_low", "ci_high", "p", "fdr",
                 "proportional_hazards_p", "reason"),
                "patients == 'all'", ("cohort", "fdr"),
            ),
            Shown(
                "population_cut_points", "High against low at the best cut; threshold on the scale of the score",
                ("cohort", "population", "n_low", "n_high", "n_events", "threshold", "hr", "ci_low", "ci_high",
                 "p_naive", "p_corrected", "fdr_corrected", "reason"),
                "", ("cohort", "p_corrected"),
            ),
        ),
        "No cohort with phenotypes has follow-up.",
    ),
    Section(
        "genes", "Checkpoint genes and pathways",
        "The eight immune checkpoint genes, and gene set enrichment of hot against cold tumours.",
        ("checkpoint_genes", "enrichment_bars", "enrichment_run"),
        (
            Shown(
                "phenotype_characteristics", "Checkpoint genes, log2 expression in the cohort's unit",
                ("cohort", "variable", "phenotype", "n", "mean", "sd", "median", "test", "p", "fdr"),
                "family == 'checkpoint_genes'", ("cohort", "variable", "phenotype"),
            ),
            Shown(
                "pathway_enrichment", "Gene sets with FDR below 0.05",
                ("cohort", "collection", "term", "nes", "p", "fdr", "n_genes"), "fdr < 0.05",
                ("cohort", "-collection", "-nes"),
            ),
        ),
        "No cohort has expression of both phenotypes.",
        ("gene_comparison",),
    ),
    Section(
        "images", "Images and features",
        "Outlines, the ring of 2 mm on either side of the border, and the features of both regions.",
        ("segmentation", "ring_widths", "scanner_effect"),
        (
            Shown(
                "image_acquisition", "How images were acquired",
                ("cohort", "series", "manufacturer", "model", "field_strength_t", "repetition_time_ms", "echo_time_ms",
                 "flip_angle_deg", "spacing_x_mm", "slice_thickness_mm"),
                "", ("cohort", "series"), "images",
            ),
            Shown(
                "image_regions", "Outlines with a warning",
                ("cohort", "patient_id", "reader", "session", "volume_ml", "touches_border", "warnings"),
                "warnings.fillna('') != ''",
            ),
        ),
        "No cohort has images or image features.",
        ("radiomic_features",),
    ),
    Section(
        "agreement", "Agreement",
        "ICC(2,1) of each feature between readers and between sessions, or under perturbation where nobody read twice; "
        "a feature is kept where every kind exceeds the threshold.",
        ("reader_agreement", "icc_distribution"),
        (),
        "Agreement cannot be judged: no cohort has outlines.",
        ("agreed_features",),
    ),
    Section(
        "signature", "The signature",
        "A random forest on the image features, in a pipeline that learns imputation and selection inside each fold; "
        "what it relies on, how far chance and optimism go, and what simpler models reach in the same folds.",
        ("feature_importance", "label_shuffles", "auc_by_size", "model_history"),
        (
            Shown(
                "signature", "Version and settings",
                ("model_version", "feature_set", "n_patients", "n_hot", "n_features", "threshold", "best_params",
                 "apparent_auc", "oof_auc", "oof_auc_low", "oof_auc_high"),
            ),
            Shown(
                "signature_rivals", "Beside other models, in the same folds",
                ("model", "analysis", "metric", "value", "ci_low", "ci_high", "p", "n", "n_positive", "reason"),
            ),
            Shown(
                "signature_optimism", "Optimism of the apparent AUC, of a forest without the search for settings",
                ("metric", "value", "method"),
            ),
            Shown(
                "signature_cautions", "What a reviewer asks first", ("topic", "value", "p", "n", "caution", "reason"),
            ),
            Shown(
                "signature_review", "The rule for promotion",
                ("model_version", "criterion", "met", "explanation", "decision"),
            ),
        ),
        "No signature could be trained.",
        ("label_permutations", "signature_patients"),
    ),
    Section(
        "evaluation", "Evaluation by cohort and role",
        "“paper”: as the published study reports it, apparent on discovery and with a threshold chosen on each cohort. "
        "“honest”: out of fold on discovery, and one threshold locked there. AUC with DeLong's interval, the other "
        "metrics with a bootstrap interval. The ROC curve of discovery pools all out-of-fold scores, the AUC in the "
        "table is the mean within held-out folds, the rule for promotion takes that of each patient's mean score; "
        "they differ a little.",
        ("roc", "metric_bars", "calibration", "net_benefit", "rad_score_by_group"),
        (
            Shown(
                "rad_score_groups", "The rad-score by clinical group",
                ("cohort", "variable", "group", "n", "median", "q1", "q3", "test", "p", "fdr", "reason"),
            ),
            Shown(
                "rad_score_survival", "Survival above and below the median rad-score",
                ("cohort", "cut", "n_high", "n_low", "events_high", "events_low", "p", "hr", "ci_low", "ci_high",
                 "reason"),
            ),
        ),
        "There is no patient with both a rad-score and an endpoint.",
        ("cohort_metrics",),
    ),
    Section(
        "correlation", "Features and cell populations",
        "Spearman's correlation of the signature's twenty first features with the cell populations of the same "
        "patients.",
        ("feature_cell_map",),
        (
            Shown(
                "feature_cell_correlation", "Pairs with p < 0.05 before correction for their number",
                ("cohort", "feature", "population", "n", "rho", "p", "fdr"), "p < 0.05", ("cohort", "p"),
            ),
        ),
        "No signature, or no cell scores of its patients.",
    ),
)  # fmt: skip
"""The parts of the report, in order."""

OTHER_TABLES = ("patients", "tme_phenotypes", "cell_scores", "rejected_inputs", "cohort_split", "phenotype_model")


def tables_needed() -> list[str]:
    """Every table that the report reads."""
    named = {name for section in SECTIONS for name in (*section.needs, *(shown.table for shown in section.tables))}
    drawn = {name for section in SECTIONS for figure in section.figures for name in FIGURES[figure].tables}
    return sorted(named | drawn | set(OTHER_TABLES))
