"""Every table of the platform: an asset's name is its table's name is its view's name."""

from __future__ import annotations

from tme_platform.lake.schema import Column, TableSchema

PATIENT = Column("patient_id", "string", "The study's pseudonym of the patient.", nullable=False)
FEATURE = Column("feature", "string", "Name of the image feature.", nullable=False)
POPULATION = Column("population", "string", "Name of the cell population (gene set).", nullable=False)
PHENOTYPE = Column(
    "phenotype",
    "string",
    "Immune phenotype: hot (inflamed), cold (desert) or intermediate.",
    isin=("hot", "cold", "intermediate"),
)


def _text(name: str, description: str, *, required: bool = False, isin: tuple[str, ...] | None = None) -> Column:
    return Column(name, "string", description, nullable=not required, isin=isin)


def _number(name: str, description: str, at_least: float | None = None, at_most: float | None = None) -> Column:
    return Column(name, "float64", description, at_least=at_least, at_most=at_most)


def _share(name: str, description: str) -> Column:
    return _number(name, description, 0, 1)


def _count(name: str, description: str) -> Column:
    return Column(name, "Int64", description, at_least=0)


def _flag(name: str, description: str) -> Column:
    return Column(name, "boolean", description)


COHORT_FILES = TableSchema(
    "cohort_files",
    "cohorts",
    "Every file that landed for a cohort, with its size and SHA-256: what all later steps are made from.",
    (
        _text("file", "Path inside the cohort's landing folder.", required=True),
        _count("bytes", "Size in bytes."),
        _text("sha256", "SHA-256 of the content.", required=True),
    ),
    key=("file",),
)

COHORTS = TableSchema(
    "cohorts",
    "cohorts",
    "What each cohort is: title, roles, where its data come from and under which licence.",
    (
        _text("title", "Title.", required=True),
        _text("roles", "What the cohort is for, separated by commas.", required=True),
        _text("source", "Where the data come from.", required=True),
        _text("licence", "Licence of the data.", required=True),
        _text("declaration", "The cohort file as JSON.", required=True),
    ),
    key=("cohort",),
)

PATIENTS = TableSchema(
    "patients",
    "cohorts",
    "One row per patient: the canonical clinical columns, checked; missing is missing.",
    (
        PATIENT,
        _number("age_years", "Age at diagnosis, years.", 0, 120),
        _text("sex", "Sex.", isin=("female", "male")),
        _text("laterality", "Side of the tumour.", isin=("left", "right", "bilateral")),
        _number("os_days", "Overall survival or follow-up, days.", 0),
        Column("os_event", "Int64", "1 died, 0 censored.", at_least=0, at_most=1),
        _text("stage", "Pathological stage, Roman numeral with letter."),
        _text("er", "Oestrogen receptor.", isin=("positive", "negative")),
        _text("pr", "Progesterone receptor.", isin=("positive", "negative")),
        _text("her2", "HER2.", isin=("positive", "negative")),
        _text("pam50", "Published intrinsic subtype.", isin=("LumA", "LumB", "Her2", "Basal", "Normal")),
        _share("purity_absolute", "Tumour purity by ABSOLUTE."),
        _share("purity_lump", "Tumour purity by LUMP."),
        _share("purity_ihc", "Tumour purity by immunohistochemistry."),
        _share("purity_estimate", "Tumour purity by ESTIMATE."),
        _number("cd8_percent", "CD8-positive cells by immunohistochemistry, per cent.", 0, 100),
        _text("immune_phenotype", "Immune phenotype as the cohort's pathologists called it."),
        _number("pd_l1", "PD-L1 score.", 0),
        _text("recist", "Best response by RECIST 1.1.", isin=("CR", "PR", "SD", "PD")),
        _text("site", "Institution, by code."),
        _text("scanner", "MRI scanner, by code."),
    ),
    key=("patient_id",),
)

CLINICAL_OTHER = TableSchema(
    "clinical_other",
    "cohorts",
    "Clinical columns that the cohort file maps to none of ours: kept as they came.",
    (
        PATIENT,
        _text("source_file", "Clinical file the value stood in.", required=True),
        _text("column", "Name of the column there.", required=True),
        _text("value", "The value as text."),
    ),
    key=("patient_id", "source_file", "column", "value"),
)

IMAGING_SERIES = TableSchema(
    "imaging_series",
    "cohorts",
    "One row per outline: patient, series, image, mask, reader and session, with the hash of each file.",
    (
        PATIENT,
        _text("series", "Name of the image series.", required=True),
        _text("reader", "Who outlined the tumour.", required=True),
        Column("session", "Int64", "Reading session, 1 being the first.", nullable=False),
        _text("image", "Image file or folder inside the landing folder.", required=True),
        _text("dicom_series", "Which series of a DICOM folder: its number, or a hash of its UID."),
        _count("phase", "Which phase of a dynamic series, from 0."),
        _count("minus", "Which phase is subtracted."),
        _text("mask", "Mask file inside the landing folder.", required=True),
        Column("mask_label", "Int64", "Label of the tumour in the mask."),
        _text("exclusion_mask", "Mask of what is left out of the ring (vessels, neighbouring tissue)."),
        _text("image_sha256", "SHA-256 of the image.", required=True),
        _text("mask_sha256", "SHA-256 of the mask.", required=True),
        _text("exclusion_sha256", "SHA-256 of the exclusion mask."),
    ),
    key=("patient_id", "series", "reader", "session"),
)

EXPRESSION = TableSchema(
    "expression",
    "cohorts",
    "Gene expression on a log2 scale, one row per gene and sample, sorted by gene.",
    (
        _text("gene", "Gene symbol.", required=True),
        _text("sample_id", "Sample; the patient where a cohort has one sample per patient.", required=True),
        _number("value", "log2 expression; the unit stands in the materialisation's metadata."),
    ),
    key=("gene", "sample_id"),
    unit="sample_id",
)

REJECTED_INPUTS = TableSchema(
    "rejected_inputs",
    "catalog",
    "What was left out or set missing because of bad input: where it stands, which rule, and what to do.",
    (
        _text("patient_id", "The patient, where the rule is about one."),
        _text("file", "File inside the landing folder."),
        _text("rule", "Name of the rule.", required=True),
        _text("action", "What was done with it.", required=True),
        _text("message", "What is wrong and what to do.", required=True),
        _text("step", "Table whose making found it.", required=True),
    ),
    key=("step", "file", "patient_id", "rule", "message"),
    unit="message",
)

POPULATIONS = TableSchema(
    "populations",
    "expression",
    "The cell populations scored in a cohort: group, genes of the set, genes found, and why a set was refused.",
    (
        POPULATION,
        _text(
            "population_group",
            "Group of the population.",
            isin=("adaptive", "innate_activated", "innate_inactivated", "non_immune"),
        ),
        _text("method", "How the population is scored.", required=True),
        _count("n_genes", "Genes in the set."),
        _count("n_found", "Genes of the set that were measured."),
        _share("share", "Share of the set's genes that were measured."),
        _text("missing", "Genes of the set that were not measured, separated by commas."),
        Column("used", "boolean", "Whether the population is scored.", nullable=False),
        _text("reason", "Why it is not used."),
    ),
    key=("population",),
)

CELL_SCORES = TableSchema(
    "cell_scores",
    "expression",
    "One row per patient, one column per cell population: raw ssGSEA scores, or the finished scores a cohort brought.",
    (PATIENT,),
    key=("patient_id",),
    wide="Score of the cell population, on the method's own scale.",
)

CELL_SCORE_RANGES = TableSchema(
    "cell_score_ranges",
    "expression",
    "The range that normalises a cohort's ssGSEA scores: its own, or frozen from the cohort it takes labels from.",
    (
        _number("low", "Smallest raw score of the range."),
        _number("high", "Largest raw score of the range."),
        _text("range_cohort", "Cohort whose scores span the range.", required=True),
    ),
    key=("range_cohort",),
)

MCP_COUNTER_SCORES = TableSchema(
    "mcp_counter_scores",
    "expression",
    "MCP-counter: mean log2 expression of each population's markers. It reads the same RNA as the cell scores.",
    (PATIENT,),
    key=("patient_id",),
    wide="MCP-counter score of the population, log2.",
)

ESTIMATE_SCORES = TableSchema(
    "estimate_scores",
    "expression",
    "ESTIMATE: stromal and immune content from RNA, and the tumour purity derived from them.",
    (
        PATIENT,
        _number("stromal_score", "Stromal ssGSEA score."),
        _number("immune_score", "Immune ssGSEA score."),
        _number("estimate_score", "Sum of the two."),
        _number("tumour_purity", "cos(0.6049872018 + 0.0001467884 * estimate_score); see `caveat`."),
        _text("caveat", "What the purity is valid for.", required=True),
    ),
    key=("patient_id",),
)

INTRINSIC_SUBTYPES = TableSchema(
    "intrinsic_subtypes",
    "expression",
    "Intrinsic subtype by the nearest PAM50 centroid, beside the published call where there is one.",
    (
        PATIENT,
        _text("subtype", "Nearest centroid.", isin=("LumA", "LumB", "Her2", "Basal", "Normal")),
        *(
            _number(name, f"Spearman correlation with the {name} centroid.", -1, 1)
            for name in ("Basal", "Her2", "LumA", "LumB", "Normal")
        ),
        _share("gene_share", "Share of the 50 genes that were measured."),
        _text("published", "Published call (`pam50` of the clinical table)."),
    ),
    key=("patient_id",),
)

SCORE_AGREEMENT = TableSchema(
    "score_agreement",
    "expression",
    "Spearman correlation of the scores from RNA with another estimate of the same populations in the same patients.",
    (
        POPULATION,
        _text("compared_with", "The other estimate's population, or those that are summed.", required=True),
        _text("compared_cohort", "Cohort that holds the other estimate.", required=True),
        _count("n", "Patients who have both."),
        _number("rho", "Spearman's rho.", -1, 1),
        _share("p", "Its p-value."),
        _share("fdr", "Benjamini-Hochberg over the pairs."),
        _text("reason", "Why there is no correlation."),
    ),
    key=("population", "compared_with"),
)

CLUSTER_EVIDENCE = TableSchema(
    "cluster_evidence",
    "phenotypes",
    "How many clusters the data support: each index at each number of clusters, and what it would choose.",
    (
        _text("index_name", "Index.", required=True),
        Column("k", "Int64", "Number of clusters.", nullable=False),
        _number("value", "Value of the index."),
        _number("critical_value", "What the value is held against, where the index has such a thing."),
        _text("rule", "How the index chooses."),
        Column("chosen", "boolean", "Whether the index chooses this number.", nullable=False),
        _text("reason", "Why there is no value."),
    ),
    key=("index_name", "k"),
    unit="index_name",
)

PHENOTYPE_MODEL = TableSchema(
    "phenotype_model",
    "phenotypes",
    "The fitted phenotypes: each cluster's centroid on the scaled scores, so that a new cohort needs no refit.",
    (
        _text("cluster", "Cluster, A being the most inflamed.", required=True),
        PHENOTYPE,
        POPULATION,
        _flag("is_immune", "Whether the population takes part in ordering the clusters (adaptive, activated innate)."),
        _number("centroid", "Mean scaled score of the population in the cluster."),
        _count("n_samples", "Tumours the model was fitted on."),
        _count("k", "Number of clusters."),
        Column("seed", "Int64", "Seed of the k-means starts."),
    ),
    key=("cluster", "population"),
    unit="cluster",
)

TME_PHENOTYPES = TableSchema(
    "tme_phenotypes",
    "phenotypes",
    "The immune phenotype of each tumour.",
    (
        PATIENT,
        _text("cluster", "Cluster, A being the most inflamed.", required=True),
        PHENOTYPE,
        _number("distance", "Distance to the own centroid on the scaled scores.", 0),
        _number("margin", "How much farther the next centroid is.", 0),
        _number(
            "immune_mean", "Mean score of the adaptive and the activated innate populations, in the unit of the scores."
        ),
        _text("model_cohort", "Cohort whose model gave the label.", required=True),
        _text(
            "method",
            "fit: the cohort's own model; patient: the same patient there; model: assigned by it.",
            required=True,
        ),
    ),
    key=("patient_id",),
)

PHENOTYPE_STABILITY = TableSchema(
    "phenotype_stability",
    "phenotypes",
    "How firm the phenotypes are: under resampling, with another number of clusters, with another gene-set collection.",
    (
        _text("kind", "bootstrap, clusters or gene_sets.", required=True),
        _text("subject", "The cluster, the number of clusters, or the collection.", required=True),
        _text("measure", "jaccard, ari, hot_share, hot_kept, log_rank_p, ...", required=True),
        _number("value", "Its value."),
        _number("ci_low", "Lower limit of the 95 % interval over the draws."),
        _number("ci_high", "Upper limit of the 95 % interval over the draws."),
        _count("n", "Tumours."),
    ),
    key=("kind", "subject", "measure"),
    unit="subject",
)

PHENOTYPE_CHARACTERISTICS = TableSchema(
    "phenotype_characteristics",
    "phenotypes",
    "What the phenotypes mean: populations, purity, subtypes, checkpoint genes, clinical variables; hot against cold.",
    (
        _text("family", "What kind of variable; the false discovery rate is over its variables.", required=True),
        _text("variable", "Name of the variable.", required=True),
        _text("kind", "numeric or categorical.", required=True),
        _text("phenotype", "Phenotype the row describes."),
        _text("level", "Category, where the variable is counted."),
        _count("n", "Patients (of that category)."),
        _count("n_missing", "Patients of the phenotype without a value."),
        _share("share", "Share of the phenotype's patients in the category."),
        _number("mean", "Mean."),
        _number("sd", "Standard deviation.", 0),
        _number("median", "Median."),
        _number("q1", "First quartile."),
        _number("q3", "Third quartile."),
        _text("test", "Shapiro-Wilk first, then Student or Wilcoxon; Fisher for categories."),
        _number("statistic", "Statistic of the test."),
        _share("p", "Its p-value, two-sided."),
        _share("fdr", "Benjamini-Hochberg over the family."),
        _text("reason", "Why this test, or why none."),
    ),
    key=("family", "variable", "phenotype", "level"),
    unit="variable",
)

GENE_COMPARISON = TableSchema(
    "gene_comparison",
    "phenotypes",
    "Every gene, hot against cold tumours (Wilcoxon).",
    (
        _text("gene", "Gene symbol.", required=True),
        _count("n_hot", "Hot tumours."),
        _count("n_cold", "Cold tumours."),
        _number("mean_hot", "Mean log2 expression in hot tumours."),
        _number("mean_cold", "Mean log2 expression in cold tumours."),
        _number("mean_difference", "Hot minus cold, log2."),
        _number("signal_to_noise", "Difference over the sum of the standard deviations, as GSEA ranks genes."),
        _share("p", "Wilcoxon p-value, two-sided."),
        _share("fdr", "Benjamini-Hochberg over the genes."),
        _text("reason", "Why there is no p-value."),
    ),
    key=("gene",),
)

PATHWAY_ENRICHMENT = TableSchema(
    "pathway_enrichment",
    "phenotypes",
    "GSEA of hot against cold tumours over hallmarks and GO biological processes.",
    (
        _text("collection", "Gene-set collection.", required=True),
        _text("term", "Gene set.", required=True),
        _number("es", "Enrichment score; positive where the set is up in hot tumours."),
        _number("nes", "Normalised enrichment score."),
        _share("p", "p-value, not below 1e-6."),
        _share("fdr", "Benjamini-Hochberg over the collection."),
        _count("n_genes", "Genes of the set in the ranking."),
        _text("genes", "These genes, separated by commas, the highest in hot tumours first."),
        _text("leading_edge", "Genes up to the peak, separated by commas."),
    ),
    key=("collection", "term"),
    unit="term",
)

SURVIVAL_CURVES = TableSchema(
    "survival_curves",
    "survival",
    "Kaplan-Meier curves by phenotype.",
    (
        _text("phenotype", "Phenotype, or `all`.", required=True),
        Column("time_days", "float64", "Time, days.", nullable=False, at_least=0),
        _count("at_risk", "Patients at risk just before this time."),
        _count("events", "Deaths at this time."),
        _count("censored", "Censored at this time."),
        _share("survival", "Kaplan-Meier estimate."),
        _share("ci_low", "Lower limit of its 95 % confidence interval."),
        _share("ci_high", "Upper limit of its 95 % confidence interval."),
    ),
    key=("phenotype", "time_days"),
    unit="phenotype",
)

SURVIVAL_TESTS = TableSchema(
    "survival_tests",
    "survival",
    "Overall survival of hot against cold tumours: log-rank test and medians.",
    (
        _text("comparison", "What is compared.", required=True),
        _count("n", "Patients with survival."),
        _count("n_events", "Deaths among them."),
        _count("n_left_out", "Patients without usable survival."),
        _number("statistic", "Log-rank chi-square."),
        _share("p", "Its p-value."),
        _number("hr_hot", "Hazard ratio of hot against cold (Cox).", 0),
        _number("hr_low", "Lower limit of its 95 % confidence interval.", 0),
        _number("hr_high", "Upper limit of its 95 % confidence interval.", 0),
        _share(
            "proportional_hazards_p", "p of the test for proportional hazards (small: the ratio changes with time)."
        ),
        *(
            _number(f"median_{phenotype}_{part}", f"{text} of {phenotype} tumours, days; missing where not reached.", 0)
            for phenotype in ("hot", "cold")
            for part, text in (
                ("days", "Median survival"),
                ("low_days", "Lower 95 % limit of the median survival"),
                ("high_days", "Upper 95 % limit of the median survival"),
            )
        ),
        _text("reason", "Why there is no test."),
    ),
    key=("comparison",),
)

POPULATION_SURVIVAL = TableSchema(
    "population_survival",
    "survival",
    "Univariate Cox regression of overall survival on each population, in all, hot and cold tumours.",
    (
        _text("patients", "all, hot or cold.", required=True),
        POPULATION,
        _count("n", "Patients."),
        _count("n_events", "Deaths."),
        _number("hr", "Hazard ratio per standard deviation of the score.", 0),
        _number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        _number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        _share("p", "Wald p-value."),
        _share("fdr", "Benjamini-Hochberg over the populations."),
        _share("proportional_hazards_p", "p of the test for proportional hazards."),
        _text("reason", "Why there is no estimate."),
    ),
    key=("patients", "population"),
    unit="population",
)

POPULATION_CUT_POINTS = TableSchema(
    "population_cut_points",
    "survival",
    "High against low of each population at its Youden cut: naive log-rank p, and p corrected for the choice.",
    (
        POPULATION,
        _count("n", "Patients."),
        _count("n_events", "Deaths."),
        _number("threshold", "Cut; high is above it."),
        _count("n_low", "Patients below."),
        _count("n_high", "Patients above."),
        _number("hr", "Hazard ratio of high against low.", 0),
        _number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        _number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        _share("p_naive", "Log-rank p as if the cut had been given."),
        _share("p_corrected", "p of maximally selected rank statistics (Lausen and Schumacher 1992)."),
        _share("fdr_corrected", "Benjamini-Hochberg of the corrected p."),
        _text("reason", "Why there is no split."),
    ),
    key=("population",),
)

OUTLINE = (
    PATIENT,
    _text("series", "Name of the image series.", required=True),
    _text("reader", "Who outlined the tumour.", required=True),
    Column("session", "Int64", "Reading session, 1 being the first.", nullable=False),
)
OUTLINE_KEY = ("patient_id", "series", "reader", "session")

IMAGE_REGIONS = TableSchema(
    "image_regions",
    "imaging",
    "One row per outline: size and shape of tumour and ring, what was left out, and what to look at twice.",
    (
        *OUTLINE,
        _text("row_key", "Hash of the files and settings the row was made from.", required=True),
        _flag("touches_border", "Whether the outline touches the edge of the image."),
        _text("geometry_note", "How image and mask were brought onto one grid."),
        _text("warnings", "What a person should look at."),
    ),
    key=OUTLINE_KEY,
    wide="Measure of the region; the unit is the name's last part.",
)

IMAGE_ACQUISITION = TableSchema(
    "image_acquisition",
    "imaging",
    "How each image series was acquired: the tags that matter for a signature, and no others.",
    (
        PATIENT,
        _text("series", "Name of the image series.", required=True),
        _text("image", "Image file or folder inside the landing folder.", required=True),
        _text("dicom_series", "Which series of a DICOM folder; empty where there is no choice.", required=True),
        _text("image_sha256", "SHA-256 of the image.", required=True),
        _text("manufacturer", "Manufacturer of the scanner (DICOM only, as are the following)."),
        _text("model", "Its model."),
        _number("field_strength_t", "Field strength, tesla.", 0),
        _number("repetition_time_ms", "Repetition time, ms.", 0),
        _number("echo_time_ms", "Echo time, ms.", 0),
        _number("flip_angle_deg", "Flip angle, degrees."),
        _number("spacing_x_mm", "Pixel spacing along a row, mm.", 0),
        _number("spacing_y_mm", "Pixel spacing along a column, mm.", 0),
        _number("slice_thickness_mm", "Slice thickness, mm (of a file: the spacing of its slices).", 0),
    ),
    key=("patient_id", "series", "image", "dicom_series"),
)

READER_OVERLAP = TableSchema(
    "reader_overlap",
    "imaging",
    "How far every two outlines of a lesion agree, of other readers or other sessions.",
    (
        PATIENT,
        _text("series", "Name of the image series.", required=True),
        _text("reader_a", "Reader of the first outline.", required=True),
        Column("session_a", "Int64", "Session of the first outline.", nullable=False),
        _text("reader_b", "Reader of the second outline.", required=True),
        Column("session_b", "Int64", "Session of the second outline.", nullable=False),
        _share("dice", "Twice the common volume over the sum of both."),
        _number("hausdorff_mm", "Largest distance from either surface to the other, mm.", 0),
        _number("hausdorff_95_mm", "95th percentile of these distances, mm.", 0),
        _number("volume_ratio", "Volume of the second over the first.", 0),
        _text("row_key", "Hash of the lesion's files.", required=True),
    ),
    key=("patient_id", "series", "reader_a", "session_a", "reader_b", "session_b"),
)

TUMOUR_SLICE = TableSchema(
    "tumour_slice",
    "imaging",
    "One slice of the cohort's images with tumour and ring, line by line, to be looked at: of all patients' first "
    "outlines that of median volume, where the tumour is largest. It names no patient.",
    (
        Column("line", "Int64", "Line of the picture, from the top, from 0.", nullable=False, at_least=0),
        _text("intensities", "The line's voxels in the image's unit, five digits, separated by spaces.", required=True),
        _text("tumour", "1 where a voxel of the line lies in the tumour, else 0.", required=True),
        _text("ring", "1 where a voxel of the line lies in the ring, else 0.", required=True),
        _number("row_mm", "Distance between lines, mm.", 0),
        _number("column_mm", "Distance between voxels of a line, mm.", 0),
        _count("slice", "Number of the slice in the image, from 0."),
        _text("top", "Side of the patient at the upper edge.", isin=("R", "A", "S")),
        _text("left", "Side of the patient at the left edge.", isin=("R", "A", "S")),
        _number("volume_ml", "Volume of the outline, ml.", 0),
        _count("outlines", "Outlines among which it is that of median volume."),
        _text("row_key", "Hash of the files and settings it was made from.", required=True),
    ),
    key=("line",),
)

RADIOMIC_FEATURES = TableSchema(
    "radiomic_features",
    "radiomics",
    "One row per outline, one column per feature of the tumour and of the ring round its border.",
    (
        *OUTLINE,
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

PERTURBED_FEATURES = TableSchema(
    "perturbed_features",
    "radiomics",
    "Features of outlines and images that were changed a little, standing in for second readings where there are none.",
    (
        *OUTLINE,
        _text("perturbation", "What was changed; the part before the underscore is its kind.", required=True),
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=(*OUTLINE_KEY, "perturbation"),
    wide="Value of the feature.",
)

RING_WIDTH_FEATURES = TableSchema(
    "ring_width_features",
    "radiomics",
    "The ring's features at several widths, of some outlines: what ring_width is made from.",
    (
        *OUTLINE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        _text("feature_set", "Which software and settings the features come from, but for the width.", required=True),
        _text("row_key", "Hash of files, settings and versions the row was made from.", required=True),
    ),
    key=(*OUTLINE_KEY, "width_mm"),
    wide="Value of the feature.",
)

RING_WIDTH = TableSchema(
    "ring_width",
    "radiomics",
    "How the ring's features move with its width: at each width against the study's own ring.",
    (
        FEATURE,
        Column("width_mm", "float64", "Width of the ring on either side of the border, mm.", nullable=False),
        _number("median", "Median of the feature over patients."),
        _number("median_change", "Median relative change against the study's own ring."),
        _number("rank_correlation", "Spearman's correlation, over patients, with the study's own ring.", -1, 1),
        _count("patients", "Patients."),
    ),
    key=("feature", "width_mm"),
)

FEATURE_AGREEMENT = TableSchema(
    "feature_agreement",
    "radiomics",
    "Agreement of each feature between readers and sessions, or under perturbation where no second reading exists.",
    (
        FEATURE,
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _text("kind", "reader, session, or perturbation:contour, :position, :noise.", required=True),
        _count("subjects", "Patients (between sessions: patients by reader) read more than once."),
        _count("raters", "Readings of each."),
        _number("icc", "Intraclass correlation ICC(2,1).", at_most=1),
        _number("ci_low", "Lower limit of its 95 % confidence interval.", at_most=1),
        _number("ci_high", "Upper limit of its 95 % confidence interval.", at_most=1),
        _flag("kept", "Whether the feature exceeds the threshold for every kind."),
        _text("reason", "Why it fell."),
    ),
    key=("feature", "kind"),
)

AGREED_FEATURES = TableSchema(
    "agreed_features",
    "radiomics",
    "The features that the signature may use, by feature set, and why each of the others may not.",
    (
        _text("feature_set", "Which software and settings the features come from.", required=True),
        FEATURE,
        Column("kept", "boolean", "Whether the signature may use it.", nullable=False),
        _text("evidence", "What its agreement was judged by.", required=True),
        _text("reason", "Why it fell."),
    ),
    key=("feature_set", "feature"),
    per_cohort=False,
    unit="feature",
)

HARMONISATION = TableSchema(
    "harmonisation",
    "radiomics",
    "What ComBat learned on the training side: location and scale of each scanner (or site), by feature.",
    (
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _text("batch", "Scanner or site.", required=True),
        FEATURE,
        _number("shift", "Posterior location of the batch, in pooled standard deviations."),
        _number("scale", "Posterior scale of the batch, as a ratio of standard deviations.", 0),
        _number("mean", "Grand mean of the feature on the training side."),
        _number("sd", "Pooled standard deviation of the feature on the training side.", 0),
    ),
    key=("feature_set", "batch", "feature"),
    per_cohort=False,
    unit="feature",
)

HARMONISED_FEATURES = TableSchema(
    "harmonised_features",
    "radiomics",
    "The features with scanner effects taken out, where the study asks for it: what the signature then reads.",
    (
        *OUTLINE,
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _text("row_key", "Key of the row in radiomic_features.", required=True),
        _text("batch", "Scanner or site of the patient."),
        Column("harmonised", "boolean", "Whether the row was changed.", nullable=False),
        _text("note", "Why the row was left as it is."),
    ),
    key=OUTLINE_KEY,
    wide="Value of the feature.",
)

HARMONISATION_EFFECT = TableSchema(
    "harmonisation_effect",
    "radiomics",
    "Patients on the first two principal components of their features, before and after harmonisation.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        _text("stage", "before or after.", required=True, isin=("before", "after")),
        _text("batch", "Scanner or site of the patient.", required=True),
        _text("side", "discovery or validation, where the cohort is split."),
        _number("pc1", "Score on the first component of the table before."),
        _number("pc2", "Score on the second component of the table before."),
    ),
    key=("cohort", "patient_id", "stage"),
    per_cohort=False,
    unit="patient_id",
)

COHORT_SPLIT = TableSchema(
    "cohort_split",
    "signature",
    "Which patients of a cohort train the signature and which validate it; once assigned, a patient never moves.",
    (
        PATIENT,
        _text("side", "discovery or validation.", required=True, isin=("discovery", "validation")),
        _text("stratum", "Stratum of the patient when it was assigned."),
    ),
    key=("patient_id",),
)

SIGNATURE_PATIENTS = TableSchema(
    "signature_patients",
    "signature",
    "The discovery table: everybody with features and a phenotype, on which side of the signature, with the features.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        _text("side", "discovery or validation.", required=True, isin=("discovery", "validation")),
        PHENOTYPE,
        _text("feature_set", "Which software and settings the features come from.", required=True),
    ),
    key=("cohort", "patient_id"),
    per_cohort=False,
    wide="Value of the feature.",
    unit="patient_id",
)

SIGNATURE = TableSchema(
    "signature",
    "signature",
    "The trained signature: its MLflow run and version, what it was trained on, and its threshold.",
    (
        _text(
            "content_key", "Hash of training data, settings and versions; equal keys are equal models.", required=True
        ),
        _text("model_name", "Name in the model registry.", required=True),
        _text("model_version", "Version in the model registry.", required=True),
        _text("mlflow_run_id", "MLflow run.", required=True),
        _text("feature_set", "Which software and settings the features come from.", required=True),
        _count("n_patients", "Patients it was trained on."),
        _count("n_hot", "Hot tumours among them."),
        _count("n_features", "Features offered to it."),
        _number("threshold", "Locked threshold: Youden point of the out-of-fold scores of discovery."),
        _text("best_params", "Settings of the forest that cross-validation chose, as JSON."),
        _share("apparent_auc", "AUC on its own training patients (the paper's way): too good by construction."),
        _share("oof_auc", "Out-of-fold AUC by repeated nested cross-validation (the honest way)."),
        _share("oof_auc_low", "Lower limit of its DeLong 95 % confidence interval."),
        _share("oof_auc_high", "Upper limit of its DeLong 95 % confidence interval."),
        _number("oof_auc_se", "Its standard error.", 0),
    ),
    key=("content_key",),
    per_cohort=False,
)

SIGNATURE_IMPORTANCE = TableSchema(
    "signature_importance",
    "signature",
    "How much each feature counts in the signature.",
    (
        FEATURE,
        Column("rank", "Int64", "Rank by impurity importance, 1 the first.", at_least=1),
        _number("importance", "Mean decrease in impurity."),
        _number("permutation_importance", "Mean loss of AUC when the feature is shuffled in held-out folds."),
        Column("top20", "boolean", "Whether it is among the twenty first.", nullable=False),
    ),
    key=("feature",),
    per_cohort=False,
)

OUT_OF_FOLD_SCORES = TableSchema(
    "out_of_fold_scores",
    "signature",
    "Rad-scores of the discovery patients by models that never saw them.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        PATIENT,
        PHENOTYPE,
        _share("rad_score", "Mean out-of-fold probability of a hot tumour."),
    ),
    key=("cohort", "patient_id"),
    per_cohort=False,
    unit="patient_id",
)

RAD_SCORES = TableSchema(
    "rad_scores",
    "signature",
    "The rad-score of every patient with features of the signature's set.",
    (
        PATIENT,
        Column("rad_score", "float64", "Probability of a hot tumour by the signature.", at_least=0, at_most=1),
        _text("predicted", "Phenotype at the locked threshold.", isin=("hot", "cold")),
        _text(
            "side",
            "discovery (seen in training), validation, or external.",
            isin=("discovery", "validation", "external"),
        ),
        _text("content_key", "The model that scored.", required=True),
    ),
    key=("patient_id",),
)

COHORT_METRICS = TableSchema(
    "cohort_metrics",
    "evaluation",
    "How well the signature holds, by cohort and endpoint; each number with its n and confidence interval.",
    (
        _text("side", "discovery, validation or external.", required=True),
        _text("model", "What predicts: the signature, or what it is held against.", required=True),
        _text("subgroup", "In which patients.", required=True),
        _text("endpoint", "What is predicted.", required=True),
        _text("analysis", "paper: as the published study reports it; honest: what can be believed.", required=True),
        _text("metric", "Name of the metric.", required=True),
        _number("value", "Its value."),
        _number("ci_low", "Lower limit of its 95 % confidence interval."),
        _number("ci_high", "Upper limit of its 95 % confidence interval."),
        _share("p", "p-value, where the metric has one (AUC against 0.5)."),
        _count("n", "Patients."),
        _count("n_positive", "Patients with the endpoint."),
        _text("method", "How value and interval were computed."),
        _text("reason", "Why there is no value."),
    ),
    key=("side", "model", "subgroup", "endpoint", "analysis", "metric"),
    unit="metric",
)

FEATURE_CELL_CORRELATION = TableSchema(
    "feature_cell_correlation",
    "evaluation",
    "Spearman correlation of the signature's twenty first features with the cell populations.",
    (
        Column("cohort", "string", "Name of the cohort: its landing folder.", nullable=False),
        FEATURE,
        POPULATION,
        _count("n", "Patients."),
        _number("rho", "Spearman's rho.", -1, 1),
        _share("p", "Its p-value."),
        _share("fdr", "Benjamini-Hochberg over all pairs of the cohort."),
    ),
    key=("cohort", "feature", "population"),
    per_cohort=False,
    unit="feature",
)

SIGNATURE_RIVALS = TableSchema(
    "signature_rivals",
    "signature",
    "The signature beside what else could tell hot from cold: other learners, the volume alone, clinical variables.",
    (
        _text("model", "What predicts.", required=True),
        _text("analysis", "paper: apparent; honest: out of fold, in the signature's own folds.", required=True),
        _text("metric", "auc, or auc_difference: the rival's minus the signature's.", required=True),
        _number("value", "Its value."),
        _number("ci_low", "Lower limit of its 95 % confidence interval."),
        _number("ci_high", "Upper limit of its 95 % confidence interval."),
        _share("p", "p-value: an AUC against 0.5, a difference against 0."),
        _count("n", "Patients."),
        _count("n_positive", "Hot tumours among them."),
        _text("method", "How value and interval were computed."),
        _text("reason", "Why there is no value."),
    ),
    key=("model", "analysis", "metric"),
    per_cohort=False,
)

LABEL_PERMUTATIONS = TableSchema(
    "label_permutations",
    "signature",
    "Cross-validated AUC with the true labels and with shuffled ones: how well labels that mean nothing do.",
    (
        Column("shuffle", "Int64", "0 the true labels, from 1 the shuffled ones.", nullable=False, at_least=0),
        _share("auc", "AUC of one round of cross-validation by the shortened procedure, in which few trees are grown."),
    ),
    key=("shuffle",),
    per_cohort=False,
)

LEARNING_CURVE = TableSchema(
    "learning_curve",
    "signature",
    "Cross-validated AUC in random parts of discovery, from small to whole: would more patients help?",
    (
        Column("n", "Int64", "Patients drawn.", nullable=False, at_least=0),
        _count("n_hot", "Hot tumours among them."),
        _count("n_training", "Patients that a model was trained on."),
        _share("auc", "Mean AUC over the draws, by the shortened procedure."),
        _number("auc_sd", "Standard deviation over the draws.", 0),
        _share("auc_low", "2.5th percentile of the draws: a spread, not a confidence interval."),
        _share("auc_high", "97.5th percentile of the draws."),
        _count("draws", "Random draws."),
    ),
    key=("n",),
    per_cohort=False,
)

SIGNATURE_OPTIMISM = TableSchema(
    "signature_optimism",
    "signature",
    "How much of the apparent AUC is optimism, by bootstrap.",
    (
        _text("metric", "apparent, optimism, optimism_corrected, left_out, 632plus.", required=True),
        _number("value", "Its value."),
        _text("method", "How it was computed, and what to bear in mind."),
    ),
    key=("metric",),
    per_cohort=False,
)

SIGNATURE_CAUTIONS = TableSchema(
    "signature_cautions",
    "signature",
    "What a reviewer would ask first: patients per feature, expected shrinkage, labels that go with site or scanner.",
    (
        _text(
            "topic", "events_per_feature, expected_shrinkage, patients_needed, or label_by_<variable>.", required=True
        ),
        _number("value", "The figure: events per feature, shrinkage, patients, Cramer's V."),
        _share("p", "p-value, where the figure has one."),
        _count("n", "Patients it is taken from."),
        _text("caution", "A sentence where there is something to be cautious about."),
        _text("reason", "Why there is no value."),
    ),
    key=("topic",),
    per_cohort=False,
)

SIGNATURE_REVIEW = TableSchema(
    "signature_review",
    "signature",
    "The newest version held against the rule by which a version becomes the champion, criterion by criterion.",
    (
        _text("model_version", "Version in the model registry.", required=True),
        _text("criterion", "auc_not_worse, calibration_slope, calibration_in_the_large, check_<name>.", required=True),
        Column("met", "boolean", "Whether it is met.", nullable=False),
        _number("value", "What was found."),
        _number("low", "Lower bound that it must keep."),
        _number("high", "Upper bound that it must keep."),
        _text("explanation", "What was found, in words.", required=True),
        _text("champion_before", "Version that was champion before, if any."),
        _text("decision", "promoted, refused, or is the champion.", required=True),
    ),
    key=("model_version", "criterion"),
    per_cohort=False,
    unit="criterion",
)

SIDE_ENDPOINT = (
    _text("side", "discovery (out-of-fold scores), validation or external.", required=True),
    _text("endpoint", "What is predicted.", required=True),
)

ROC_CURVES = TableSchema(
    "roc_curves",
    "evaluation",
    "Every operating point of the rad-score, by cohort and endpoint; for discovery, of its out-of-fold scores.",
    (
        *SIDE_ENDPOINT,
        Column("point", "Int64", "Number of the point, from calling everybody positive to nobody.", nullable=False),
        _number("threshold", "A patient is called positive from here on; missing at both ends of the curve."),
        _share("sensitivity", "Share of the positives called positive."),
        _share("specificity", "Share of the negatives called negative."),
        _share("auc", "Area under the curve."),
        _share("auc_low", "Lower limit of its 95 % confidence interval."),
        _share("auc_high", "Upper limit of its 95 % confidence interval."),
        _count("n", "Patients."),
        _count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "point"),
    unit="endpoint",
)

RELIABILITY_CURVES = TableSchema(
    "reliability_curves",
    "evaluation",
    "Promised against observed: the rad-score in groups of about equal size, and how many were positive.",
    (
        *SIDE_ENDPOINT,
        Column("group", "Int64", "Group of patients, from low to high scores.", nullable=False),
        _count("n", "Patients."),
        _count("n_positive", "Positives among them."),
        _share("predicted", "Mean rad-score."),
        _share("observed", "Share of positives."),
        _share("ci_low", "Lower limit of its 95 % confidence interval (Wilson)."),
        _share("ci_high", "Upper limit of its 95 % confidence interval."),
    ),
    key=("side", "endpoint", "group"),
    unit="endpoint",
)

DECISION_CURVES = TableSchema(
    "decision_curves",
    "evaluation",
    "Net benefit of acting on the rad-score, on nobody, on everybody, by the probability at which one would act.",
    (
        *SIDE_ENDPOINT,
        Column("threshold", "float64", "Probability at which one would act.", nullable=False, at_least=0, at_most=1),
        _number("net_benefit", "Net benefit of the rad-score; the unit is one true positive per patient."),
        _number("treat_all", "Net benefit of acting on everybody."),
        _number("treat_none", "Net benefit of acting on nobody: 0."),
        _count("n", "Patients."),
        _count("n_positive", "Positives among them."),
    ),
    key=("side", "endpoint", "threshold"),
    unit="endpoint",
)

RAD_SCORE_GROUPS = TableSchema(
    "rad_score_groups",
    "evaluation",
    "The rad-score by clinical group: stage, subtype, receptors, phenotype, response; with the test between them.",
    (
        _text("variable", "Clinical variable.", required=True),
        _text("group", "Its value.", required=True),
        _count("n", "Patients."),
        _share("mean", "Mean rad-score."),
        _number("sd", "Standard deviation.", 0),
        _share("median", "Median."),
        _share("q1", "First quartile."),
        _share("q3", "Third quartile."),
        _text("test", "Student, Wilcoxon or Kruskal-Wallis, chosen by Shapiro-Wilk."),
        _number("statistic", "Its statistic."),
        _share("p", "Its p-value."),
        _share("fdr", "Benjamini-Hochberg over the variables."),
        _text("reason", "Why there is no test."),
    ),
    key=("variable", "group"),
)

RAD_SCORE_SURVIVAL = TableSchema(
    "rad_score_survival",
    "evaluation",
    "Survival of patients above the cohort's median rad-score against the others.",
    (
        Column("cut", "float64", "The median rad-score of the patients with follow-up.", nullable=False),
        _count("n_high", "Patients above it."),
        _count("n_low", "Patients at or below it."),
        _count("events_high", "Deaths above it."),
        _count("events_low", "Deaths at or below it."),
        _number("statistic", "Log-rank statistic."),
        _share("p", "Its p-value."),
        _number("hr", "Hazard ratio, high against low.", 0),
        _number("ci_low", "Lower limit of its 95 % confidence interval.", 0),
        _number("ci_high", "Upper limit of its 95 % confidence interval.", 0),
        _text("reason", "Why there is no value."),
    ),
    key=("cut",),
)

STUDY_REPORT = TableSchema(
    "study_report",
    "catalog",
    "Every number that the study report states, with n and interval, and the published study's value where it has one.",
    (
        _text(
            "number", "Name of the number: section, cohort, side, endpoint, analysis, subject, measure.", required=True
        ),
        _text("section", "Section of the report.", required=True),
        _text("measure", "What is measured.", required=True),
        _text("cohort", "Cohort; missing where the number is of several."),
        _text("subject", "What it is measured of, within the cohort."),
        _text("side", "discovery, validation or external."),
        _text("endpoint", "What is predicted."),
        _text("analysis", "paper: as the published study reports it; honest: what can be believed."),
        _number("value", "Its value."),
        _number("ci_low", "Lower limit of its 95 % confidence interval."),
        _number("ci_high", "Upper limit of its 95 % confidence interval."),
        _share("p", "p-value, where it has one."),
        _count("n", "Patients."),
        _count("n_positive", "Events, or patients with the endpoint."),
        _text("method", "How value and interval were computed."),
        _text("source_table", "Table it is taken from.", required=True),
        _text("reason", "Why there is no value."),
        _number("published", "Value in Han et al. 2024."),
        _number("published_low", "Lower limit of its 95 % confidence interval there."),
        _number("published_high", "Upper limit of its 95 % confidence interval there."),
    ),
    key=("number",),
    per_cohort=False,
)

TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        COHORT_FILES,
        COHORTS,
        PATIENTS,
        CLINICAL_OTHER,
        IMAGING_SERIES,
        EXPRESSION,
        REJECTED_INPUTS,
        POPULATIONS,
        CELL_SCORES,
        CELL_SCORE_RANGES,
        MCP_COUNTER_SCORES,
        ESTIMATE_SCORES,
        INTRINSIC_SUBTYPES,
        SCORE_AGREEMENT,
        CLUSTER_EVIDENCE,
        PHENOTYPE_MODEL,
        TME_PHENOTYPES,
        PHENOTYPE_STABILITY,
        PHENOTYPE_CHARACTERISTICS,
        GENE_COMPARISON,
        PATHWAY_ENRICHMENT,
        SURVIVAL_CURVES,
        SURVIVAL_TESTS,
        POPULATION_SURVIVAL,
        POPULATION_CUT_POINTS,
        IMAGE_REGIONS,
        IMAGE_ACQUISITION,
        READER_OVERLAP,
        TUMOUR_SLICE,
        RADIOMIC_FEATURES,
        PERTURBED_FEATURES,
        RING_WIDTH_FEATURES,
        RING_WIDTH,
        FEATURE_AGREEMENT,
        AGREED_FEATURES,
        HARMONISATION,
        HARMONISED_FEATURES,
        HARMONISATION_EFFECT,
        COHORT_SPLIT,
        SIGNATURE_PATIENTS,
        SIGNATURE,
        SIGNATURE_IMPORTANCE,
        OUT_OF_FOLD_SCORES,
        RAD_SCORES,
        SIGNATURE_RIVALS,
        LABEL_PERMUTATIONS,
        LEARNING_CURVE,
        SIGNATURE_OPTIMISM,
        SIGNATURE_CAUTIONS,
        SIGNATURE_REVIEW,
        COHORT_METRICS,
        ROC_CURVES,
        RELIABILITY_CURVES,
        DECISION_CURVES,
        RAD_SCORE_GROUPS,
        RAD_SCORE_SURVIVAL,
        FEATURE_CELL_CORRELATION,
        STUDY_REPORT,
    )
}
