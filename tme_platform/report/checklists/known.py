"""The rules by name: what the platform does in every study, what its tables show, what only the author can say."""

from __future__ import annotations

from tme_platform.report.checklists.rules import (
    NO_SIGNATURE,
    Rule,
    acquisition,
    agreement,
    always,
    apart,
    author,
    centres,
    events_per_feature,
    intervals,
    own_images,
    sample_size,
    second_reader,
    several_cohorts,
    subgroups,
    where_rows,
)

RULES: dict[str, Rule] = {
    "guidelines": always("METRICS, CLEAR, TRIPOD+AI and RQS are filled in here.", "checklists"),
    "code": always("Apache-2.0, this platform.", "made-from"),
    "scripts": always("Every step from file to feature is in the platform; its settings stand below.", "settings"),
    "system": always("`tme score` scores new patients with a stored version.", "made-from"),
    "limitations": always("Worked out from the tables; they stand first.", "limits"),
    "flow": where_rows("patients", "cohorts", "Patients at each step, by cohort.", "No cohort has landed."),
    "eligibility": author("Who is left at each step is shown; who was asked must be told.", "cohorts"),
    "sources": where_rows("cohorts", "cohorts", "Source and licence of each cohort.", "No cohort has landed."),
    "sharing": author("Source and licence of each cohort are stated.", "cohorts"),
    "model_sharing": author(
        "The model is stored in MLflow under its content key; whether it is public must be told.", "made-from"
    ),
    "reference": where_rows(
        "tme_phenotypes",
        "phenotypes",
        "Phenotype by k-means on cell scores; centroids are stored.",
        "There are no phenotypes.",
    ),
    "reference_quality": author(
        "The phenotype is a cluster of cell scores: defined, but whether it is a standard must be argued; the limits "
        "say where it is in doubt.",
        "limits",
    ),
    "pipeline": always(
        "Dagster draws every step from file to figure; the tables with their versions stand below.", "made-from"
    ),
    "participants": where_rows(
        "phenotype_characteristics",
        "meaning",
        "Clinical variables by phenotype, with those missing.",
        "No clinical variable is known.",
        family="clinical",
    ),
    "centres": centres,
    "acquisition": acquisition,
    "outlines": own_images("Outlines with reader and session; tumour and ring by written rules.", "images"),
    "preprocessing": own_images("z-score, resampling to 1 mm, bin width: all in the settings.", "settings"),
    "extractor": own_images("pyradiomics, held to IBSI phantom values.", "images"),
    "parameters": own_images("Every parameter of the extraction is in the settings.", "settings"),
    "feature_count": where_rows(
        "radiomic_features", "images", "Number of features by region and cohort.", "There are no features."
    ),
    "agreement": agreement,
    "readers": second_reader,
    "events_per_feature": events_per_feature,
    "sample_size": sample_size,
    "apart": apart,
    "confounders": where_rows(
        "signature_cautions",
        "signature",
        "Whether labels go with site or scanner is tested where these are known.",
        NO_SIGNATURE,
    ),
    "model": where_rows(
        "signature", "signature", "Random forest in a pipeline; settings, search and version are stored.", NO_SIGNATURE
    ),
    "tuning": where_rows(
        "signature", "signature", "Chosen by cross-validation inside each fold; the choice is stored.", NO_SIGNATURE
    ),
    "missing_data": where_rows(
        "signature", "signature", "Imputed inside each fold; missing values are counted in the tables.", NO_SIGNATURE
    ),
    "imbalance": where_rows(
        "signature",
        "signature",
        "Hot of all is stated everywhere, folds are stratified, classes weighted as the settings say.",
        NO_SIGNATURE,
    ),
    "selection": where_rows(
        "signature",
        "signature",
        "Of correlated features one is kept and the first ones are selected, both inside each fold.",
        NO_SIGNATURE,
    ),
    "importance": where_rows(
        "signature_importance", "signature", "Importance by impurity and by shuffling in held-out folds.", NO_SIGNATURE
    ),
    "discrimination": where_rows(
        "cohort_metrics",
        "evaluation",
        "AUC, accuracy, sensitivity, specificity and predictive values.",
        "Nothing was evaluated.",
        metric="auc",
    ),
    "intervals": intervals,
    "calibration": where_rows(
        "cohort_metrics",
        "evaluation",
        "Slope, intercept, Brier score and curve.",
        "Calibration was not measured.",
        metric="calibration_slope",
    ),
    "cut_off": where_rows(
        "cohort_metrics",
        "evaluation",
        "One threshold locked on discovery, beside the one chosen on each cohort.",
        "There is no threshold.",
        metric="threshold",
    ),
    "risk_groups": where_rows(
        "rad_score_groups",
        "evaluation",
        "The score itself is compared between groups; survival is split at its median.",
        "The score was not compared between groups.",
    ),
    "net_benefit": where_rows("decision_curves", "evaluation", "Decision curves.", "There is no decision curve."),
    "clinical_model": where_rows(
        "signature_rivals",
        "signature",
        "A clinical model in the same folds.",
        "No clinical model could be fitted.",
        model="clinical",
    ),
    "combined_model": where_rows(
        "signature_rivals",
        "signature",
        "Features and clinical variables together, in the same folds.",
        "No combined model could be fitted.",
        model="combined",
    ),
    "simple_model": where_rows(
        "signature_rivals",
        "signature",
        "L1 logistic regression in the same folds.",
        "No simple model was fitted.",
        model="l1_logistic",
    ),
    "differences": where_rows(
        "signature_rivals",
        "signature",
        "Paired DeLong tests against the signature.",
        "Nothing was compared.",
        metric="auc_difference",
    ),
    "resampled": where_rows(
        "signature_optimism",
        "signature",
        "Repeated nested cross-validation, optimism by bootstrap, label permutation.",
        NO_SIGNATURE,
    ),
    "internal": where_rows(
        "cohort_metrics",
        "evaluation",
        "Patients of the same collection whom training never saw.",
        "No validation patients.",
        side="validation",
    ),
    "external": where_rows(
        "cohort_metrics",
        "evaluation",
        "Cohorts of other origin.",
        "No cohort of other origin has features and an endpoint.",
        side="external",
    ),
    "several_cohorts": several_cohorts,
    "subgroups": subgroups,
    "biology": where_rows(
        "feature_cell_correlation",
        "correlation",
        "Features against cell populations, with FDR.",
        "No features with cell scores.",
    ),
    "survival": where_rows("survival_tests", "survival", "Overall survival by phenotype.", "No follow-up."),
    "updating": where_rows(
        "signature_review", "signature", "Versions are promoted or refused by a written rule.", NO_SIGNATURE
    ),
    "specification": where_rows(
        "signature", "made-from", "Stored whole in MLflow under its content key.", NO_SIGNATURE
    ),
}
"""Name -> rule; the YAML files call them by name."""
