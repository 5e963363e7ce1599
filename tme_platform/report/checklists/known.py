"""Rules by name: what the platform always does, what the tables show, and what only the author can decide."""

from __future__ import annotations

from tme_platform.report.checklists.rules import (
    NO_SIGNATURE,
    Rule,
    acquisition,
    agreement,
    always_met,
    author_decides,
    centres,
    disjoint_split,
    events_per_feature,
    features_extracted_here,
    intervals,
    sample_size,
    second_reader,
    several_cohorts,
    subgroups,
    where_rows,
)

RULES: dict[str, Rule] = {
    "guidelines": always_met("This report includes METRICS, CLEAR, TRIPOD+AI and RQS.", "checklists"),
    "code": always_met("This platform, under the Apache 2.0 licence.", "provenance"),
    "scripts": always_met(
        "The platform performs every step from file to feature; the settings are listed.", "settings"
    ),
    "system": always_met("`tme score` scores new patients with a registered version.", "provenance"),
    "limitations": always_met("Beside each finding, and all of them in a section; derived from the tables.", "limits"),
    "flow": where_rows("patients", "cohorts", "Patients remaining at each step, by cohort.", "There are no cohorts."),
    "eligibility": author_decides(
        "The patients remaining at each step are shown; the eligibility criteria are for the author to state.",
        "cohorts",
    ),
    "sources": where_rows("cohorts", "cohorts", "Source and licence of each cohort.", "There are no cohorts."),
    "sharing": author_decides("The source and licence of each cohort are stated.", "cohorts"),
    "model_sharing": author_decides(
        "The model is stored in MLflow under its content key; the author must state whether it is public.", "provenance"
    ),
    "reference": where_rows(
        "tme_phenotypes",
        "phenotypes",
        "Phenotypes from k-means clustering of cell scores; centroids are stored.",
        "There are no phenotypes.",
    ),
    "reference_quality": author_decides(
        "The phenotype is a cluster of cell scores. It is defined; the author must justify it as a reference standard. "
        "The limitations state where it is in doubt.",
        "limits",
    ),
    "pipeline": always_met(
        "Dagster shows every step from file to figure; the tables and their versions are listed.", "provenance"
    ),
    "participants": where_rows(
        "phenotype_characteristics",
        "meaning",
        "Clinical variables by phenotype, with numbers of missing values.",
        "There are no clinical variables.",
        family="clinical",
    ),
    "centres": centres,
    "acquisition": acquisition,
    "outlines": features_extracted_here(
        "Outlines with reader and session; tumour and ring regions from documented rules.", "images"
    ),
    "preprocessing": features_extracted_here(
        "z-score (over body or image), resampling to 1 mm and bin width are in the settings.", "settings"
    ),
    "extractor": features_extracted_here("pyradiomics, tested against IBSI phantom values.", "images"),
    "parameters": features_extracted_here("All extraction parameters are in the settings.", "settings"),
    "feature_count": where_rows(
        "radiomic_features", "images", "Number of features by region and cohort.", "There are no features."
    ),
    "agreement": agreement,
    "readers": second_reader,
    "events_per_feature": events_per_feature,
    "sample_size": sample_size,
    "disjoint_split": disjoint_split,
    "confounders": where_rows(
        "signature_cautions",
        "signature",
        "Association of labels with site and scanner is tested where these are known.",
        NO_SIGNATURE,
    ),
    "model": where_rows(
        "signature", "signature", "Random forest pipeline; settings, grid search and version are stored.", NO_SIGNATURE
    ),
    "tuning": where_rows(
        "signature",
        "signature",
        "Hyperparameters are chosen by cross-validation inside each fold and stored.",
        NO_SIGNATURE,
    ),
    "missing_data": where_rows(
        "signature", "signature", "Missing values are imputed inside each fold and counted in the tables.", NO_SIGNATURE
    ),
    "imbalance": where_rows(
        "signature",
        "signature",
        "The number of hot patients is always reported; folds are stratified; class weights are in the settings.",
        NO_SIGNATURE,
    ),
    "selection": where_rows(
        "signature",
        "signature",
        "One feature of each correlated group is kept, then the top features are selected, both inside each fold.",
        NO_SIGNATURE,
    ),
    "importance": where_rows(
        "signature_importance",
        "signature",
        "Impurity importance, and permutation importance in held-out folds.",
        NO_SIGNATURE,
    ),
    "discrimination": where_rows(
        "cohort_metrics",
        "evaluation",
        "AUC, accuracy, sensitivity, specificity and predictive values.",
        "No metrics were computed.",
        metric="auc",
    ),
    "intervals": intervals,
    "calibration": where_rows(
        "cohort_metrics",
        "evaluation",
        "Calibration slope, intercept, Brier score and calibration curve.",
        "Calibration was not measured.",
        metric="calibration_slope",
    ),
    "cut_off": where_rows(
        "cohort_metrics",
        "evaluation",
        "A threshold fixed on discovery, and one chosen on each cohort for comparison.",
        "There is no threshold.",
        metric="threshold",
    ),
    "risk_groups": where_rows(
        "rad_score_groups",
        "evaluation",
        "The rad-score is compared between groups; survival is compared above and below its median.",
        "The rad-score was not compared between groups.",
    ),
    "net_benefit": where_rows("decision_curves", "evaluation", "Decision curves.", "There are no decision curves."),
    "clinical_model": where_rows(
        "signature_rivals",
        "signature",
        "A clinical model in the same folds.",
        "No clinical model was fitted.",
        model="clinical",
    ),
    "combined_model": where_rows(
        "signature_rivals",
        "signature",
        "A model of features and clinical variables in the same folds.",
        "No combined model was fitted.",
        model="combined",
    ),
    "simple_model": where_rows(
        "signature_rivals",
        "signature",
        "Ridge (L2-penalised) logistic regression in the same folds.",
        "No simple model was fitted.",
        model="ridge",
    ),
    "differences": where_rows(
        "signature_rivals",
        "signature",
        "Paired DeLong tests of other models against the signature, and of the combined against the clinical model.",
        "No models were compared.",
        metric="auc_difference",
    ),
    "resampled": where_rows(
        "signature_optimism",
        "signature",
        "Repeated nested cross-validation, bootstrap optimism and label permutation.",
        NO_SIGNATURE,
    ),
    "internal": where_rows(
        "cohort_metrics",
        "evaluation",
        "Patients from the same collection who were not used for training.",
        "There are no validation patients.",
        side="validation",
    ),
    "external": where_rows(
        "cohort_metrics",
        "evaluation",
        "Cohorts from other sources.",
        "No cohort from another source has features and an endpoint.",
        side="external",
    ),
    "several_cohorts": several_cohorts,
    "subgroups": subgroups,
    "biology": where_rows(
        "feature_cell_correlation",
        "correlation",
        "Correlation of features with cell populations, with FDR.",
        "There are no features with cell scores.",
    ),
    "survival": where_rows("survival_tests", "survival", "Survival by phenotype.", "There is no follow-up."),
    "updating": where_rows(
        "signature_review", "signature", "A documented rule promotes or refuses each version.", NO_SIGNATURE
    ),
    "specification": where_rows(
        "signature", "provenance", "The complete model is stored in MLflow under its content key.", NO_SIGNATURE
    ),
}
"""Name -> rule. The YAML files refer to rules by name."""
