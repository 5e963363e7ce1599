"""Immune phenotypes: number of clusters, model, labels, and what they mean."""

from __future__ import annotations

from tme_platform.tables.columns import PATIENT, PHENOTYPE, POPULATION, count, flag, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

CLUSTER_EVIDENCE = TableSchema(
    "cluster_evidence",
    Stage.PHENOTYPES,
    "How many clusters the data support: each index at each number of clusters, and what it would choose.",
    (
        text("index_name", "Index.", required=True),
        Column("k", "Int64", "Number of clusters.", nullable=False),
        number("value", "Value of the index."),
        number("critical_value", "What the value is held against, where the index has such a thing."),
        text("rule", "How the index chooses."),
        Column("chosen", "boolean", "Whether the index chooses this number.", nullable=False),
        text("reason", "Why there is no value."),
    ),
    key=("index_name", "k"),
    unit="index_name",
)

PHENOTYPE_MODEL = TableSchema(
    "phenotype_model",
    Stage.PHENOTYPES,
    "The fitted phenotypes: each cluster's centroid on the scaled scores, so that a new cohort needs no refit.",
    (
        text("cluster", "Cluster, A being the most inflamed.", required=True),
        PHENOTYPE,
        POPULATION,
        flag("is_immune", "Whether the population takes part in ordering the clusters (adaptive, activated innate)."),
        number("centroid", "Mean scaled score of the population in the cluster."),
        count("n_samples", "Tumours the model was fitted on."),
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
        text("cluster", "Cluster, A being the most inflamed.", required=True),
        PHENOTYPE,
        number("distance", "Distance to the own centroid on the scaled scores.", 0),
        number("margin", "How much farther the next centroid is.", 0),
        number(
            "immune_mean", "Mean score of the adaptive and the activated innate populations, in the unit of the scores."
        ),
        text("model_cohort", "Cohort whose model gave the label.", required=True),
        text(
            "method",
            "fit: the cohort's own model; patient: the same patient there; model: assigned by it.",
            required=True,
        ),
    ),
    key=("patient_id",),
)

PHENOTYPE_STABILITY = TableSchema(
    "phenotype_stability",
    Stage.PHENOTYPES,
    "How firm the phenotypes are: under resampling, with another number of clusters, with another gene-set collection.",
    (
        text("kind", "bootstrap, clusters or gene_sets.", required=True),
        text("subject", "The cluster, the number of clusters, or the collection.", required=True),
        text("measure", "jaccard, ari, hot_share, hot_kept, log_rank_p, ...", required=True),
        number("value", "Its value."),
        number("ci_low", "Lower limit of the 95 % interval over the draws."),
        number("ci_high", "Upper limit of the 95 % interval over the draws."),
        count("n", "Tumours."),
    ),
    key=("kind", "subject", "measure"),
    unit="subject",
)

PHENOTYPE_CHARACTERISTICS = TableSchema(
    "phenotype_characteristics",
    Stage.PHENOTYPES,
    "What the phenotypes mean: populations, purity, subtypes, checkpoint genes, clinical variables; hot against cold.",
    (
        text("family", "What kind of variable; the false discovery rate is over its variables.", required=True),
        text("variable", "Name of the variable.", required=True),
        text("kind", "numeric or categorical.", required=True),
        text("phenotype", "Phenotype the row describes."),
        text("level", "Category, where the variable is counted."),
        count("n", "Patients (of that category)."),
        count("n_missing", "Patients of the phenotype without a value."),
        share("share", "Share of the phenotype's patients in the category."),
        number("mean", "Mean."),
        number("sd", "Standard deviation.", 0),
        number("median", "Median."),
        number("q1", "First quartile."),
        number("q3", "Third quartile."),
        text("test", "Shapiro-Wilk first, then Student or Wilcoxon; Fisher for categories."),
        number("statistic", "Statistic of the test."),
        share("p", "Its p-value, two-sided."),
        share("fdr", "Benjamini-Hochberg over the family."),
        text("reason", "Why this test, or why none."),
    ),
    key=("family", "variable", "phenotype", "level"),
    unit="variable",
)

GENE_COMPARISON = TableSchema(
    "gene_comparison",
    Stage.PHENOTYPES,
    "Every gene, hot against cold tumours (Wilcoxon).",
    (
        text("gene", "Gene symbol.", required=True),
        count("n_hot", "Hot tumours."),
        count("n_cold", "Cold tumours."),
        number("mean_hot", "Mean log2 expression in hot tumours."),
        number("mean_cold", "Mean log2 expression in cold tumours."),
        number("mean_difference", "Hot minus cold, log2."),
        number("signal_to_noise", "Difference over the sum of the standard deviations, as GSEA ranks genes."),
        share("p", "Wilcoxon p-value, two-sided."),
        share("fdr", "Benjamini-Hochberg over the genes."),
        text("reason", "Why there is no p-value."),
    ),
    key=("gene",),
)

PATHWAY_ENRICHMENT = TableSchema(
    "pathway_enrichment",
    Stage.PHENOTYPES,
    "GSEA of hot against cold tumours over hallmarks and GO biological processes.",
    (
        text("collection", "Gene-set collection.", required=True),
        text("term", "Gene set.", required=True),
        number("es", "Enrichment score; positive where the set is up in hot tumours."),
        number("nes", "Normalised enrichment score."),
        share("p", "p-value, not below 1e-6."),
        share("fdr", "Benjamini-Hochberg over the collection."),
        count("n_genes", "Genes of the set in the ranking."),
        text("genes", "These genes, separated by commas, the highest in hot tumours first."),
        text("leading_edge", "Genes up to the peak, separated by commas."),
    ),
    key=("collection", "term"),
    unit="term",
)
