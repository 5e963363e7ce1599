"""The sections of the report, in the order of the published study, with their figures, tables and introductions.

The package `figures` draws the figures, and `page` lays out the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from tme_platform.figures import FIGURES


@dataclass(frozen=True)
class ReportTable:
    """A table in the report: its columns, rows and sort order."""

    table: str
    caption: str
    columns: tuple[str, ...]
    query: str = ""
    """pandas query that selects the rows."""
    sort: tuple[str, ...] = ()
    """Columns to sort by; a leading minus sorts in descending order."""
    count_column: str = ""
    """If set, equal rows are merged and this column contains their number."""


@dataclass(frozen=True)
class Section:
    """A section of the report."""

    key: str
    title: str
    lead: str
    """Introduction: the question and the method."""
    figures: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    empty_text: str = ""
    """Text shown if the study has no results for the section."""
    extra_tables: tuple[str, ...] = ()
    """Tables used only for the numbers of the section."""


SECTIONS = (
    Section(
        "cohorts", "Cohorts",
        "The cohorts, their roles and data sources, where phenotypes and signature come from, and the number of "
        "patients remaining at each step.",
        ("study_diagram", "cohort_flow"),
        (
            ReportTable("cohorts", "Cohorts", ("cohort", "title", "roles", "provenance", "source", "licence")),
            ReportTable(
                "endpoints", "Endpoints and subgroups",
                ("cohort", "kind", "endpoint", "title", "n", "n_positive", "definition"),
                "", ("cohort", "-kind", "endpoint"),
            ),
        ),
        "There are no cohorts.",
    ),
    Section(
        "phenotypes", "Immune phenotypes",
        "Cell population scores are scaled within each tumour, or over the cohort (log fractions), and clustered by "
        "k-means. The cluster with the higher mean of the adaptive and activated innate populations is called hot "
        "(immune-inflamed), the other cold.",
        ("cluster_votes", "silhouettes", "cluster_null", "cell_score_heatmap"),
        (
            ReportTable(
                "cluster_evidence", "Number of clusters by index",
                ("cohort", "index_name", "k", "value", "rule"), "chosen", ("cohort", "index_name"),
            ),
            ReportTable(
                "cluster_null", "Clusters compared with one Gaussian cloud of the same covariance",
                ("cohort", "measure", "k", "cluster", "value", "null_mean", "null_low", "null_high", "p", "n", "draws"),
            ),
            ReportTable(
                "phenotype_cautions", "How far the clusters are what the paper calls hot and cold",
                ("cohort", "topic", "value", "limit", "caution"),
            ),
            ReportTable(
                "phenotype_separation", "Share of each population in the squared distance between hot and cold",
                ("cohort", "population", "population_group", "hot", "cold", "difference", "share", "inflamed"),
            ),
            ReportTable(
                "phenotype_stability", "Stability of the phenotypes",
                ("cohort", "kind", "subject", "measure", "value", "ci_low", "ci_high", "log_rank_p_corrected", "n"),
                "", ("cohort", "kind", "subject", "measure"),
            ),
            ReportTable(
                "populations", "Cell populations without a score",
                ("cohort", "population", "n_genes", "n_found", "reason"), "used == False",
            ),
        ),
        "No cohort has cell scores.",
    ),
    Section(
        "specifications", "Hot and cold by other definitions",
        "The same patients labelled by every definition in a list. The study's own definition is set in the study "
        "file and should not be chosen for its AUC. The AUCs are cross-validated on all patients with image features, "
        "and the range over definitions is the result: no single line should be picked.",
        ("phenotype_specifications",),
        (
            ReportTable(
                "phenotype_specifications", "Every definition",
                ("specification", "cohort", "is_main", "k", "n", "hot_share", "silhouette", "leukocyte_fraction_hot",
                 "leukocyte_fraction_cold", "purity_absolute_hot", "purity_absolute_cold", "basal_hot", "basal_cold",
                 "log_rank_p", "hr_hot", "hr_low", "hr_high", "auc", "auc_low", "auc_high", "clinical_auc", "n_images"),
            ),
        ),
        "No definitions were compared.",
    ),
    Section(
        "meaning", "Characteristics of the phenotypes",
        "Hot tumours are compared with cold tumours by population group, MCP-counter, tumour purity, intrinsic subtype "
        "and clinical variables. Numeric variables: Student's t-test or Wilcoxon rank-sum test, depending on "
        "Shapiro-Wilk. Categorical variables: Fisher's exact test. Tests are two-sided, with false discovery rates. "
        "Variables computed from the same RNA as the phenotype (populations, MCP-counter, ESTIMATE) differ in part by "
        "construction.",
        ("phenotype_summary", "population_groups", "mcp_counter", "tumour_purity", "tumour_subtypes",
         "clinical_distribution"),
        (
            ReportTable(
                "phenotype_characteristics", "Clinical variables, purity and subtype by phenotype",
                ("cohort", "variable", "level", "phenotype", "n", "n_missing", "share", "median", "q1", "q3", "test",
                 "p", "fdr"),
                "family in ('clinical', 'purity', 'yardsticks', 'subtype')",
                ("cohort", "family", "variable", "level", "phenotype"),
            ),
            ReportTable(
                "cohort_table_one", "Clinical variables by cohort; tested between cohorts that share no patients",
                ("variable", "level", "cohort", "n", "n_missing", "share", "mean", "sd", "median", "q1", "q3", "test",
                 "p", "fdr", "reason"),
                "n > 0", ("variable", "level", "cohort"),
            ),
            ReportTable(
                "score_agreement", "RNA-based scores compared with another estimate in the same patients",
                ("cohort", "population", "compared_with", "n", "rho", "p", "fdr", "reason"),
            ),
        ),
        "No cohort has phenotypes.",
    ),
    Section(
        "survival", "Survival",
        "For each time-to-event endpoint: Kaplan-Meier curves and log-rank test of hot vs cold, in all patients and in "
        "subgroups; the difference in mean survival up to a limit, which needs no proportional hazards; Cox regression "
        "adjusted for clinical variables with at least ten events per term; univariate Cox regression for each "
        "population; high vs low scores at the optimal cut-off, with the p-value corrected for choosing the cut-off. "
        "Every hazard ratio is also given without the most influential 1 % of the patients. A p-value above 0.05 is no "
        "evidence of a difference: the interval shows which differences remain possible.",
        ("kaplan_meier", "subgroup_survival", "adjusted_survival", "cox_bubbles", "population_kaplan_meier"),
        (
            ReportTable(
                "survival_tests", "Hot vs cold",
                ("cohort", "endpoint", "subgroup", "n", "n_events", "n_left_out", "p", "hr_hot", "hr_low", "hr_high",
                 "hr_without_influential", "proportional_hazards_p", "median_hot_days", "median_cold_days", "caution",
                 "reason"),
            ),
            ReportTable(
                "restricted_mean_survival", "Mean survival up to a limit",
                ("cohort", "endpoint", "phenotype", "tau_days", "n", "n_events", "mean_days", "ci_low", "ci_high", "p",
                 "reason"),
            ),
            ReportTable(
                "multivariable_survival", "Cox regression with clinical variables",
                ("cohort", "endpoint", "term", "n", "n_events", "n_left_out", "events_per_term", "hr", "ci_low",
                 "ci_high", "p", "hr_without_influential", "proportional_hazards_p", "caution", "reason"),
            ),
            ReportTable(
                "population_survival",
                "Univariate Cox regression in all tumours; hazard ratio per standard deviation on the scale given",
                ("cohort", "endpoint", "population", "scale", "n", "n_events", "hr", "ci_low", "ci_high", "p", "fdr",
                 "hr_without_influential", "proportional_hazards_p", "caution", "reason"),
                "patients == 'all'", ("cohort", "endpoint", "fdr"),
            ),
            ReportTable(
                "population_cut_points", "High vs low at the optimal cut-off; threshold on the scale given",
                ("cohort", "endpoint", "population", "scale", "n_low", "n_high", "n_events", "threshold", "hr",
                 "ci_low", "ci_high", "p_naive", "p_corrected", "fdr_corrected", "hr_without_influential", "caution",
                 "reason"),
                "", ("cohort", "endpoint", "p_corrected"),
            ),
        ),
        "No cohort with phenotypes has follow-up.",
    ),
    Section(
        "response", "Response by phenotype and treatment",
        "How often each binary endpoint occurs in hot and cold tumours, overall and by treatment arm: Fisher's exact "
        "test and the odds ratio with its exact interval. Odds ratio per standard deviation of each population. The "
        "interaction with the treatment asks whether a predictor relates to the outcome differently in different arms; "
        "such a test has far less power than one within an arm. A p-value above 0.05 is no evidence of a difference, "
        "which is not evidence that there is none: the interval shows which differences remain possible.",
        ("response_by_phenotype", "population_response"),
        (
            ReportTable(
                "phenotype_response", "Hot vs cold",
                ("cohort", "endpoint", "arm", "n", "n_hot", "positive_hot", "share_hot", "n_cold", "positive_cold",
                 "share_cold", "odds_ratio", "ci_low", "ci_high", "p", "fdr", "reason"),
            ),
            ReportTable(
                "population_response", "Logistic regression in all patients; odds ratio per standard deviation",
                ("cohort", "endpoint", "population", "n", "n_positive", "odds_ratio", "ci_low", "ci_high", "p", "fdr",
                 "auc", "auc_low", "auc_high", "reason"),
                "arm == 'all'", ("cohort", "endpoint", "p"),
            ),
            ReportTable(
                "treatment_interaction", "Interaction with the treatment; populations are per standard deviation",
                ("cohort", "endpoint", "predictor", "arm", "reference_arm", "measure", "n", "n_positive", "ratio",
                 "ci_low", "ci_high", "p", "fdr", "df", "reason"),
                "", ("cohort", "endpoint", "arm", "p"),
            ),
        ),
        "No cohort has a binary endpoint and phenotypes or cell scores.",
    ),
    Section(
        "genes", "Checkpoint genes and pathways",
        "The eight immune checkpoint genes, and gene sets in hot vs cold tumours. Gene sets are tested by permuting "
        "tumours; CAMERA, beside it, compares each set with the other genes and is more conservative. Where the "
        "phenotypes come from the same expression, immune genes differ because of how hot and cold are defined.",
        ("checkpoint_genes", "enrichment_bars", "enrichment_run"),
        (
            ReportTable(
                "phenotype_characteristics", "Checkpoint genes, log2 expression in the unit of the cohort",
                ("cohort", "variable", "phenotype", "n", "mean", "sd", "median", "test", "p", "fdr"),
                "family == 'checkpoint_genes'", ("cohort", "variable", "phenotype"),
            ),
            ReportTable(
                "gene_set_tests", "Gene sets with FDR below 0.05",
                ("cohort", "collection", "method", "term", "higher_in", "statistic", "p", "fdr", "n_genes",
                 "correlation"),
                "fdr < 0.05", ("cohort", "-collection", "-method", "p", "-statistic"),
            ),
        ),
        "No cohort has expression data for both phenotypes.",
        ("gene_comparison",),
    ),
    Section(
        "images", "Images and features",
        "Tumour outlines, the ring that extends 2 mm to either side of the border, and the features of both regions.",
        ("segmentation", "ring_widths", "scanner_effect"),
        (
            ReportTable(
                "image_acquisition", "Image acquisition",
                ("cohort", "series", "manufacturer", "model", "field_strength_t", "repetition_time_ms", "echo_time_ms",
                 "flip_angle_deg", "spacing_x_mm", "slice_thickness_mm"),
                "", ("cohort", "series"), "images",
            ),
            ReportTable(
                "image_regions", "Outlines with warnings",
                ("cohort", "patient_id", "reader", "session", "volume_ml", "touches_border", "warnings"),
                "warnings.fillna('') != ''",
            ),
        ),
        "No cohort has images or image features.",
        ("radiomic_features",),
    ),
    Section(
        "agreement", "Feature agreement",
        "ICC(2,1) of each feature between readers and between sessions, or under perturbation if there is no second "
        "reading. A feature is kept if every kind of ICC exceeds the threshold.",
        ("reader_agreement", "icc_distribution"),
        (),
        "Agreement cannot be assessed: no cohort has outlines.",
        ("agreed_features",),
    ),
    Section(
        "signature", "The signature",
        "A random forest on the image features. Imputation and feature selection are fitted inside each fold. The "
        "section also shows feature importance, label permutations, optimism, and other models in the same folds. The "
        "model shuffled_voxels knows the shape and the intensities of tumour and ring, but not their texture, because "
        "voxels were shuffled: if it does as well as the signature, there is no evidence that texture contributes.",
        ("feature_importance", "univariate_auc", "label_shuffles", "auc_by_site", "auc_by_size",
          "model_history"),
        (
            ReportTable(
                "signature", "Version and settings",
                ("model_version", "feature_set", "n_patients", "n_hot", "n_features", "threshold", "best_params",
                 "apparent_auc", "oof_auc", "oof_auc_low", "oof_auc_high"),
            ),
            ReportTable(
                "signature_rivals", "Comparison with other models in the same folds",
                ("model", "analysis", "metric", "against", "value", "ci_low", "ci_high", "p", "n", "n_positive",
                 "reason"),
            ),
            ReportTable(
                "feature_univariate", "Each feature alone (Wilcoxon), where p < 0.05 before correction",
                ("feature", "n", "median_hot", "median_cold", "auc", "ci_low", "ci_high", "p", "fdr", "kept"),
                "p < 0.05", ("p",),
            ),
            ReportTable(
                "leave_one_site_out", "AUC at each site, trained at the other sites",
                ("site", "n", "n_hot", "auc", "ci_low", "ci_high", "p", "reason"),
            ),
            ReportTable(
                "continuous_signature", "Continuous immune content predicted from the features (out of fold)",
                ("target", "n", "rho", "p", "permutations", "null_sd", "reason"),
            ),
            ReportTable(
                "signature_optimism", "Optimism of the apparent AUC, for a forest without grid search",
                ("metric", "value", "method"),
            ),
            ReportTable(
                "signature_cautions", "Cautions", ("topic", "value", "p", "n", "caution", "reason"),
            ),
            ReportTable(
                "signature_review", "Promotion rule",
                ("model_version", "criterion", "met", "explanation", "decision"),
            ),
        ),
        "No signature was trained.",
        ("label_permutations", "signature_patients"),
    ),
    Section(
        "evaluation", "Evaluation by cohort and role",
        "“paper”: our reading of the published study, apparent on discovery, with a threshold chosen on each cohort. "
        "“honest”: on discovery, held-out patients, compared within their fold and called at the threshold chosen "
        "in its training patients; elsewhere, one threshold locked on discovery. AUCs have intervals on the logit "
        "scale, proportions Wilson's. Calibration, Brier score and net benefit are those of the recalibrated "
        "probability, since the score of a forest with balanced classes is not a probability.",
        ("auc_by_cohort", "roc", "precision_recall", "metric_bars", "metric_bars_paper", "confusion_matrices",
         "auc_by_subgroup", "roc_by_subgroup", "rad_score_by_endpoint", "rad_score_by_group", "calibration",
         "net_benefit", "net_benefit_added"),
        (
            ReportTable(
                "rad_score_groups", "Rad-score by clinical group",
                ("cohort", "variable", "group", "n", "median", "q1", "q3", "test", "p", "fdr", "reason"),
            ),
            ReportTable(
                "rad_score_correlations", "Rad-score and measurements by other methods (Spearman)",
                ("cohort", "side", "variable", "n", "rho", "ci_low", "ci_high", "p", "fdr", "reason"),
            ),
            ReportTable(
                "rad_score_survival", "Survival above and below the median rad-score",
                ("cohort", "endpoint", "cut", "n_high", "n_low", "events_high", "events_low", "p", "hr", "ci_low",
                 "ci_high", "reason"),
            ),
        ),
        "No patient has both a rad-score and an endpoint.",
        ("cohort_metrics",),
    ),
    Section(
        "correlation", "Features and cell populations",
        "Spearman correlation of the twenty top-ranked features of the signature with the cell populations of the same "
        "patients. The features were selected by labels that come from these populations, so the FDR is corrected over "
        "all features, not over the twenty.",
        ("feature_cell_map",),
        (
            ReportTable(
                "feature_cell_correlation", "Pairs with p < 0.05 before correction; the FDR is over all features",
                ("cohort", "feature", "population", "n", "rho", "p", "fdr"), "p < 0.05", ("cohort", "p"),
            ),
        ),
        "There is no signature, or its patients have no cell scores.",
    ),
)  # fmt: skip
"""The sections of the report, in order."""

LEAD_FIGURE = "auc_evidence"
"""The figure of the first screen."""

_OTHER_TABLES = ("patients", "tme_phenotypes", "cell_scores", "rejected_inputs", "cohort_split", "phenotype_model")


def tables_needed() -> list[str]:
    """List every table that the report reads."""
    listed = {
        name for section in SECTIONS for name in (*section.extra_tables, *(shown.table for shown in section.tables))
    }
    drawn = {name for section in SECTIONS for figure in section.figures for name in FIGURES[figure].tables}
    return sorted(listed | drawn | {*_OTHER_TABLES, *FIGURES[LEAD_FIGURE].tables})
