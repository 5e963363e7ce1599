"""Tables of immune phenotypes: number of clusters, model, labels and characteristics."""

from __future__ import annotations

from tme_platform.tables.columns import PATIENT, PHENOTYPE, POPULATION, count, flag, number, share, text
from tme_platform.tables.expression import POPULATION_GROUPS
from tme_platform.tables.schema import COHORT, Column, Stage, TableSchema

CLUSTER_EVIDENCE = TableSchema(
    "cluster_evidence",
    Stage.PHENOTYPES,
    "Evidence for the number of clusters: each index at each number of clusters, and its choice.",
    (
        text("index_name", "Index.", required=True),
        Column("k", "Int64", "Number of clusters.", nullable=False),
        number("value", "Value of the index."),
        number("critical_value", "Critical value of the index, if it has one."),
        text("rule", "Rule by which the index chooses."),
        Column("chosen", "boolean", "Whether the index chooses this number of clusters.", nullable=False),
        text("reason", "Reason for a missing value."),
    ),
    key=("index_name", "k"),
    unit="index_name",
)

CLUSTER_SILHOUETTES = TableSchema(
    "cluster_silhouettes",
    Stage.PHENOTYPES,
    "Silhouette width of each tumour in each of the small partitions that the number of clusters was chosen from.",
    (
        PATIENT,
        Column("k", "Int64", "Number of clusters.", nullable=False, at_least=2),
        Column("cluster", "Int64", "Cluster, from 1, the largest first.", nullable=False, at_least=1),
        number("width", "Silhouette width; negative if another cluster is nearer.", -1, 1),
    ),
    key=("patient_id", "k"),
)

PHENOTYPE_MODEL = TableSchema(
    "phenotype_model",
    Stage.PHENOTYPES,
    "The fitted phenotypes: centroid of each cluster on the scaled scores, to assign new cohorts without refitting.",
    (
        text("cluster", "Cluster; A is the most inflamed.", required=True),
        PHENOTYPE,
        POPULATION,
        flag(
            "is_immune",
            "Whether the population is used to order the clusters (adaptive and activated innate ones are).",
        ),
        number("centroid", "Mean scaled score of the population in the cluster."),
        text(
            "scaling",
            "within_sample: each tumour across its populations; over_cohort: each population over the fitted cohort.",
            required=True,
            isin=("within_sample", "over_cohort"),
        ),
        number("reference_mean", "Mean score of the population over the fitted cohort; missing for within_sample."),
        number("reference_sd", "Its standard deviation.", 0),
        count("n_samples", "Tumours that the model was fitted on."),
        count("k", "Number of clusters."),
        Column("seed", "Int64", "Seed of the k-means starts."),
    ),
    key=("cluster", "population"),
    unit="cluster",
)

TME_PHENOTYPES = TableSchema(
    "tme_phenotypes",
    Stage.PHENOTYPES,
    "The immune phenotype of each tumour.",
    (
        PATIENT,
        text("cluster", "Cluster; A is the most inflamed.", required=True),
        PHENOTYPE,
        text(
            "scaling",
            "Scaling of scores: within_sample (each tumour across its populations) or over_cohort (each population).",
            required=True,
            isin=("within_sample", "over_cohort"),
        ),
        number("distance", "Distance to the assigned centroid on the scaled scores.", 0),
        number("margin", "Additional distance to the next centroid.", 0),
        number(
            "immune_mean",
            "Mean of the adaptive and activated innate populations; of standardised scores if scaled over the cohort.",
        ),
        text("model_cohort", "Cohort whose model assigned the label.", required=True),
        text(
            "method",
            "fit: the cohort's own model; patient: the patient's label in that cohort; model: assigned by its model.",
            required=True,
        ),
    ),
    key=("patient_id",),
)

PHENOTYPE_SEPARATION = TableSchema(
    "phenotype_separation",
    Stage.PHENOTYPES,
    "Which populations separate hot from cold: their shares of the squared distance between the centroids.",
    (
        POPULATION,
        text("population_group", "Group of the population.", isin=POPULATION_GROUPS),
        number("hot", "Mean scaled score in hot tumours."),
        number("cold", "Mean scaled score in cold tumours."),
        number("difference", "Hot minus cold."),
        share("share", "Share of the squared distance."),
        flag("inflamed", "Whether the population is adaptive or activated innate and higher in hot tumours."),
    ),
    key=("population",),
)

PHENOTYPE_CAUTIONS = TableSchema(
    "phenotype_cautions",
    Stage.PHENOTYPES,
    "Why the clusters may not be what the published study calls hot and cold; each topic with its limit.",
    (
        text(
            "topic",
            "number_of_clusters, silhouette, one_cloud, inflamed_share, tied_ranks, raw_fractions, "
            "relative_expression, model_expression, or a family of yardsticks with the expected direction.",
            required=True,
        ),
        number("value", "What was measured (for yardsticks: how many do not contradict the label)."),
        number("limit", "What it is compared with (for yardsticks: how many there are)."),
        text("caution", "A clause, if there is a reason for caution."),
    ),
    key=("topic",),
)

SPECIFICATION_LABELS = TableSchema(
    "specification_labels",
    Stage.PHENOTYPES,
    "Hot and cold by every definition of the specification curve, for the patients that the study's labels come from.",
    (
        text("specification", "The definition: what is clustered, scaling and number of clusters.", required=True),
        COHORT,
        PATIENT,
        PHENOTYPE,
        text("source", "What is clustered.", required=True),
        count("k", "Number of clusters."),
        number("silhouette", "Mean silhouette width of the partition.", -1, 1),
        flag("is_main", "Whether the definition gives the study's own labels."),
    ),
    key=("specification", "patient_id"),
    per_cohort=False,
)

PHENOTYPE_STABILITY = TableSchema(
    "phenotype_stability",
    Stage.PHENOTYPES,
    "Stability of the phenotypes under resampling, other numbers of clusters and other gene-set collections.",
    (
        text("kind", "bootstrap, clusters or gene_sets.", required=True),
        text("subject", "The cluster, the number of clusters, or the collection.", required=True),
        text("measure", "jaccard, ari, hot_share, hot_kept, log_rank_p, ...", required=True),
        number("value", "Its value."),
        number("ci_low", "Lower limit of the 95 % interval over the draws."),
        number("ci_high", "Upper limit of the 95 % interval over the draws."),
        share(
            "log_rank_p_corrected",
            "Of a log-rank p: corrected for taking the smallest p of its kind (permutations, Westfall and Young 1993).",
        ),
        count("n", "Tumours."),
    ),
    key=("kind", "subject", "measure"),
    unit="subject",
)

CLUSTER_NULL = TableSchema(
    "cluster_null",
    Stage.PHENOTYPES,
    "Evidence for separate clusters compared with what k-means finds in one Gaussian cloud of the same covariance.",
    (
        text("measure", "Measure of clustering.", required=True, isin=("silhouette", "gap", "jaccard")),
        Column("k", "Int64", "Number of clusters.", nullable=False),
        text("cluster", "Cluster of a Jaccard index; 'all' for a measure of the whole partition.", required=True),
        number("value", "Mean silhouette, gap statistic, or mean bootstrap Jaccard index of the cohort."),
        number("null_mean", "Its mean over the simulated clouds."),
        number("null_low", "Its 2.5 percentile over the simulated clouds."),
        number("null_high", "Its 97.5 percentile over the simulated clouds."),
        share("p", "(1 + clouds with at least the cohort's value) / (clouds + 1)."),
        count("n", "Tumours."),
        count("draws", "Simulated clouds."),
    ),
    key=("measure", "k", "cluster"),
    unit="measure",
)

PHENOTYPE_CHARACTERISTICS = TableSchema(
    "phenotype_characteristics",
    Stage.PHENOTYPES,
    "Hot compared with cold tumours: populations, purity, subtypes, checkpoint genes and clinical variables.",
    (
        text("family", "Family of variables, over which the false discovery rate is controlled.", required=True),
        text("variable", "Name of the variable.", required=True),
        text("kind", "numeric or categorical.", required=True),
        text("phenotype", "Phenotype the row describes."),
        text("level", "Category of a categorical variable."),
        count("n", "Patients (of that category)."),
        count("n_missing", "Patients of the phenotype without a value."),
        share("share", "Share of the phenotype's patients in the category."),
        number("mean", "Mean."),
        number("sd", "Standard deviation.", 0),
        number("median", "Median."),
        number("q1", "First quartile."),
        number("q3", "Third quartile."),
        text("test", "Student or Wilcoxon test, chosen by the Shapiro-Wilk test; Fisher's test for categories."),
        number("statistic", "Statistic of the test."),
        share("p", "Its p-value, two-sided."),
        share("fdr", "p-value corrected over the family (Benjamini-Hochberg)."),
        text("reason", "Reason for this test, or for a missing one."),
    ),
    key=("family", "variable", "phenotype", "level"),
    unit="variable",
)

GENE_COMPARISON = TableSchema(
    "gene_comparison",
    Stage.PHENOTYPES,
    "Expression of every gene in hot compared with cold tumours (Wilcoxon test).",
    (
        text("gene", "Gene symbol.", required=True),
        count("n_hot", "Hot tumours."),
        count("n_cold", "Cold tumours."),
        number("mean_hot", "Mean log2 expression in hot tumours."),
        number("mean_cold", "Mean log2 expression in cold tumours."),
        number("mean_difference", "Hot minus cold, log2."),
        number("signal_to_noise", "Difference over the sum of the standard deviations."),
        share("p", "Wilcoxon p-value, two-sided."),
        share("fdr", "p-value corrected over the genes (Benjamini-Hochberg)."),
        text("reason", "Reason for a missing p-value."),
    ),
    key=("gene",),
)

GENE_SET_TESTS = TableSchema(
    "gene_set_tests",
    Stage.PHENOTYPES,
    "Gene sets in hot compared with cold tumours, by two tests that account for the correlation between genes.",
    (
        text("collection", "Gene-set collection.", required=True),
        text("term", "Gene set.", required=True),
        text(
            "method",
            "sample_permutation: labels of the tumours permuted; camera: sets compared with the other genes, their "
            "variance inflated by the correlation (as limma), which is more conservative.",
            required=True,
            isin=("sample_permutation", "camera"),
        ),
        text("higher_in", "Phenotype in which the set is higher, relative to all genes.", isin=("hot", "cold")),
        number("statistic", "Restandardised mean t of the genes, or CAMERA's t; positive if higher in hot tumours."),
        share("p", "p-value, two-sided; by permutation not below 1 / (permutations + 1)."),
        share("fdr", "p-value corrected over the collection and method (Benjamini-Hochberg)."),
        count("n_genes", "Tested genes of the set."),
        number("correlation", "Estimated mean correlation of its genes within the phenotypes.", -1, 1),
        count("n_hot", "Hot tumours."),
        count("n_cold", "Cold tumours."),
    ),
    key=("collection", "term", "method"),
    unit="term",
)

PATHWAY_ENRICHMENT = TableSchema(
    "pathway_enrichment",
    Stage.PHENOTYPES,
    "GSEA of genes ranked from hot to cold (gseapy prerank): the paper's way; permutes genes; its p-values are far too "
    "small. Use gene_set_tests.",
    (
        text("collection", "Gene-set collection.", required=True),
        text("term", "Gene set.", required=True),
        number("es", "Enrichment score; positive if the set is higher in hot tumours."),
        number("nes", "Normalised enrichment score."),
        share("p", "p-value by permuting genes, not below 1e-6; far too small, because genes are correlated."),
        share("fdr", "This p-value corrected over the collection (Benjamini-Hochberg); too small as well."),
        count("n_genes", "Genes of the set in the ranking."),
        text("genes", "These genes, separated by commas, starting with the highest in hot tumours."),
        text("leading_edge", "Leading-edge genes, separated by commas."),
    ),
    key=("collection", "term"),
    unit="term",
)
